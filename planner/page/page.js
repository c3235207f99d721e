(() => {
  "use strict";
  const root = document.documentElement;
  const by = (id) => document.getElementById(id);
  const sealed = by("page-data").textContent,
    pageData = JSON.parse(sealed);
  const { minerals, members, countries, years } = pageData;
  const CAPS = Array.from({ length: 17 }, (_, i) => (100 - 5 * i) / 100);
  const { flow: NOTHING, share: LITTLE } = pageData.tolerances; // tonnes; a share too small to mention
  const ROUNDING = 1e-9; // smaller figures of a proof count as 0
  const REST = 600; // milliseconds without a move before more caps are planned
  const SINGLE = "single countries",
    PLANNING = "Planning \u2026",
    UNMOVED = "With nothing moved";

  // ---- words -----------------------------------------------------------------------------------

  function numbers(digits) {
    const of = new Intl.NumberFormat("en", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    return { format: (value) => of.format(value).replace(/^-(?=[0.]*$)/, "") }; // no -0.0
  }
  const [whole, one, two] = [0, 1, 2].map(numbers);
  const share = (value) =>
    `${(value && Math.abs(value) < 0.0995 ? one : whole).format(100 * value)}\u00a0%`;
  const fine = (value) => `${one.format(100 * value)}\u00a0%`;
  const inPoints = (value) =>
    `${whole.format(100 * value)} percentage point${value === 0.01 ? "" : "s"}`;
  const moreOrLess = (part) => `${fine(Math.abs(part))} ${part < 0 ? "less" : "more"}`;
  const tiny = (value) => (value < ROUNDING ? "0" : value.toExponential(1));

  function money(value) {
    const [size, word] = [
      [1e12, "tn"],
      [1e9, "bn"],
      [1e6, "m"],
      [1, ""],
    ].find(([least]) => Math.abs(value) >= 0.9995 * least) || [1, ""];
    const count = value / size;
    const shown = Math.abs(count) < 10 && word ? two : count && Math.abs(count) < 100 ? one : whole;
    return `${pageData.currency}\u00a0${shown.format(count)}${word && `\u00a0${word}`}`;
  }

  const list = (parts) =>
    parts.length < 2
      ? parts.join("")
      : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;
  const fewOf = (parts) =>
    list(
      parts.length > pageData.named + 1 // a single further one is named, too
        ? [...parts.slice(0, pageData.named), `${parts.length - pageData.named} more`]
        : parts,
    );
  const inner = (text) => text.charAt(0).toLowerCase() + text.slice(1);

  /** Fill a template of planner/page/__init__.py. */
  const sentence = (name, words = {}) =>
    pageData.sentences[name].replace(/\{(\w+)\}/g, (_, key) => (key in words ? words[key] : ""));

  function element(name, text, attributes = {}) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  const fill = (parent, ...children) => parent.replaceChildren(...children);

  function table(target, headers, rows) {
    const head = element("tr"),
      body = element("tbody"),
      top = element("thead");
    headers.forEach((header, i) =>
      head.append(element("th", header, { scope: "col", ...(i && { class: "n" }) })),
    );
    for (const [name, ...cells] of rows) {
      const row = element("tr");
      row.append(element("th", name, { scope: "row" }));
      for (const cell of cells) {
        row.append(cell instanceof Node ? cell : element("td", cell, { class: "n" }));
      }
      body.append(row);
    }
    top.append(head);
    fill(target, top, body);
  }

  // A cell with a darker background for a larger shortage; it also shows the number.
  function heat(value, text, title) {
    const cell = element("td", value < LITTLE ? "\u00b7" : text, title ? { title } : {});
    const part = Math.round(Math.min(1, value * 1.6) * 70);
    if (value >= LITTLE) {
      cell.style.background = `color-mix(in srgb, var(--flag) ${part + 8}%, var(--ground))`;
    }
    return cell;
  }

  // ---- moved sliders -----------------------------------------------------------------------------

  const unmoved = () => ({
    demand: [1],
    budget: [1],
    cap: minerals.map(() => null),
    security: minerals.map(() => null),
    tariff: countries.map(() => null),
    lost: countries.map(() => null),
  });
  let settings = unmoved();
  const has = (slider) => pageData.layers.some((layer) => layer.slider === slider);
  const oneCap = (of) => (of.cap.every((value) => value === of.cap[0]) ? of.cap[0] : undefined);
  const areAlike = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function asked(of) {
    const words = [],
      cap = oneCap(of),
      all = pageData.path && " for every mineral and year";
    if (typeof cap === "number") words.push(`a cap of ${share(cap)} on ${SINGLE}${all}`);
    if (cap === undefined) {
      words.push(
        ...of.cap.flatMap((value, i) =>
          value === null ? [] : [`a cap of ${share(value)} on ${SINGLE} for ${minerals[i]}`],
        ),
      );
    }
    of.lost.forEach((is, i) => {
      if (is !== null) words.push(`nothing from ${countries[i]}`);
    });
    if (of.demand[0] !== 1) words.push(`demand at ${share(of.demand[0])}`);
    of.tariff.forEach((value, i) => {
      if (value !== null) words.push(`tariffs on ${countries[i]} ${inPoints(value)} higher`);
    });
    if (of.security[0] !== null) {
      words.push(`a target of at most ${share(of.security[0])} missing if a country is lost`);
    }
    if (of.budget[0] === 0) words.push("no budget for new plants");
    else if (of.budget[0] !== 1) words.push(`a budget of ${share(of.budget[0])} of the workbook's`);
    return list(words);
  }

  function moved(of) {
    const cells = pageData.cells,
      found = [],
      cap = oneCap(of);
    const add = (what, where) => found.push(where ? `${what}: ${where}` : what);
    if (typeof cap === "number") {
      add(`Cap on ${SINGLE} ${share(cap)}`, [...new Set(cells.cap)].join("; "));
    } else {
      of.cap.forEach((value, i) => {
        if (value !== null) add(`Cap of ${minerals[i]} ${share(value)}`, cells.cap[i]);
      });
    }
    of.lost.forEach((is, i) => {
      if (is !== null) add(`Capacities of ${countries[i]} 0`, cells.lost[i]);
    });
    if (of.demand[0] !== 1) add(`Demand x ${two.format(of.demand[0])}`, cells.demand[0]);
    of.tariff.forEach((value, i) => {
      if (value !== null) add(`Tariffs on ${countries[i]} + ${inPoints(value)}`, cells.tariff[i]);
    });
    if (of.security[0] !== null) {
      add(`Max short ${share(of.security[0])}`, cells.security[0]);
    }
    if (of.budget[0] !== 1) add(`Budget x ${two.format(of.budget[0])}`, cells.budget[0]);
    return found.length ? found : ["Nothing: all values are the workbook's."];
  }

  // ---- figures of a plan -------------------------------------------------------------------------

  const [M, J, C, T] = [minerals, members, countries, years].map((of) => of.length);
  const cell = (m, j, t) => (m * J + j) * T + t;
  const range = (count) => Array.from({ length: count }, (_, i) => i);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  let demand = null,
    plan = null,
    now = null;

  /** Return the figures of each mineral and member, compared with the plan with nothing moved. */
  function figuresOf(of) {
    const need = (m, j, t) => demand[cell(m, j, t)] * of.settings.demand[0];
    const over = (array, m, j) => sum(range(T).map((t) => array[cell(m, j, t)]));
    const all = (array, m) => sum(range(J).map((j) => over(array, m, j)));
    const needed = (m, j) => sum(range(T).map((t) => need(m, j, t)));
    const base = plan || of;
    const unit = (m, j, t) => {
      // cost of a tonne in the plan: the member's, or else all members'
      const at = cell(m, j, t);
      if (base.bought[at] > NOTHING) return base.paid[at] / base.bought[at];
      const bought = sum(range(J).map((i) => base.bought[cell(m, i, t)]));
      const paid = sum(range(J).map((i) => base.paid[cell(m, i, t)]));
      return bought > NOTHING ? paid / bought : of.paid[at] / of.bought[at];
    };
    const part = (short, wanted) => (wanted > 0 ? short / wanted : 0);
    const ofMembers = range(J).map((j) => {
      let paid = 0,
        same = 0;
      range(M).forEach((m) =>
        range(T).forEach((t) => {
          const at = cell(m, j, t);
          if (of.bought[at] <= NOTHING) return;
          paid += of.paid[at];
          same += of.bought[at] * unit(m, j, t);
        }),
      );
      return { paid, same };
    });
    const [paidInAll, sameInAll] = ["paid", "same"].map((name) =>
      sum(ofMembers.map((member) => member[name])),
    );
    return {
      extra: sameInAll > 0 ? paidInAll / sameInAll - 1 : null,
      minerals: range(M).map((m) => {
        const bought = all(of.bought, m),
          was = all(base.bought, m);
        const same = was > NOTHING ? (bought * all(base.paid, m)) / was : 0;
        const wanted = sum(range(J).map((j) => needed(m, j)));
        return {
          isNeeded: wanted > 0,
          isNamed: bought >= pageData.namedFrom * was,
          short: part(all(of.short, m), wanted),
          extra: same > 0 ? all(of.paid, m) / same - 1 : null,
          largest: largest(of, m, need),
        };
      }),
      members: ofMembers.map(({ paid, same }, j) => ({
        paid,
        extra: same > 0 ? paid / same - 1 : null,
        short: range(M).map((m) => part(over(of.short, m, j), needed(m, j))),
      })),
    };
  }

  /** Return the largest share of a mineral that a country sells in any year, plants included. */
  function largest(of, m, need) {
    let best = null;
    range(T).forEach((t) => {
      const wanted = sum(range(J).map((j) => need(m, j, t))) + of.plantDemand[m * T + t];
      const bought =
        sum(range(J).map((j) => of.bought[cell(m, j, t)])) + of.usedByPlants[m * T + t];
      const whole = pageData.basis === "purchases" ? bought : wanted;
      range(C).forEach((c) => {
        const sold = of.sold[(m * C + c) * T + t];
        if (sold <= NOTHING || pageData.codes[c] === "ROW" || !(whole > 0)) return;
        const value = sold / whole;
        if (!best || value > best.share + 1e-9) {
          best = { share: value, country: countries[c], year: years[t] };
        }
      });
    });
    return best;
  }

  // ---- the answer --------------------------------------------------------------------------------

  /** Return the shortage of each mineral, the hardest hit first; "" if there is none. */
  const missing = (of) =>
    fewOf(
      range(M)
        .filter((m) => of[m].short >= LITTLE)
        .sort((a, b) => of[b].short - of[a].short)
        .map((m) => `${minerals[m]} ${share(of[m].short)}`),
    );

  const missingWords = (of, compared = "") =>
    missing(of)
      ? sentence("missing", { minerals: missing(of), compared })
      : sentence("nothing", { compared });

  function findings(of, before) {
    const found = [];
    const parts = [
      ["purchases", "for purchases"],
      ["rest", "for plants, ore, stocks and penalties"],
    ]
      .map(([key, words]) => [now.costs[key] - plan.costs[key], words])
      .filter(([amount]) => Math.abs(amount) > 5e-5 * Math.abs(plan.objective))
      .sort(([a], [b]) => Math.abs(b) - Math.abs(a));
    const amounts = parts.map(
      ([amount, words]) => `${money(Math.abs(amount))} ${amount > 0 ? "more" : "less"} ${words}`,
    );
    found.push(
      amounts.length
        ? `Compared with the plan, the coalition pays ${list(amounts)}.`
        : "The coalition pays as much as in the plan.",
    );
    const short = range(M)
      .filter((m) => of.minerals[m].short > before.minerals[m].short + LITTLE)
      .sort((a, b) => of.minerals[b].short - of.minerals[a].short);
    found.push(
      short.length
        ? `More is missing than in the plan: ${list(
            short
              .slice(0, 4)
              .map(
                (m) =>
                  `${minerals[m]} ${fine(of.minerals[m].short)} of demand (plan ` +
                  `${fine(before.minerals[m].short)})`,
              ),
          )}${short.length > 4 ? `, and ${short.length - 4} more minerals` : ""}.`
        : "No more is missing than in the plan.",
    );
    const hit = range(J)
      .flatMap((j) =>
        range(M).map((m) => ({
          j,
          m,
          part: of.members[j].short[m],
          was: before.members[j].short[m],
        })),
      )
      .filter(({ part, was }) => part > was + LITTLE)
      .sort((a, b) => b.part - a.part);
    const even = J > 1 && hit.length && range(J).map((j) => of.members[j].short[hit[0].m]);
    if (even && Math.max(...even) - Math.min(...even) < 0.01) {
      found.push(
        `Every member is missing about ${share(hit[0].part)} of its ${minerals[hit[0].m]}: ` +
          "shortage is spread in proportion to need.",
      );
    } else if (hit.length) {
      const named = hit.filter(({ j }, i) => hit.findIndex((other) => other.j === j) === i);
      found.push(
        `Hardest hit: ${list(named.slice(0, 4).map(({ j, m, part }) => `${members[j]} is missing ${share(part)} of its ${minerals[m]}`))}${
          named.length > 4
            ? `; ${named.length - 4} more members are missing more than in the plan`
            : ""
        }.`,
      );
    }
    const dear = range(M)
      .filter((m) => of.minerals[m].isNamed && Math.abs(of.minerals[m].extra || 0) >= LITTLE)
      .sort((a, b) => of.minerals[b].extra - of.minerals[a].extra)
      .slice(0, 3);
    if (dear.length) {
      const costs = list(
        dear.map(
          (m) =>
            `${moreOrLess(of.minerals[m].extra)} for ${minerals[m]}${
              of.minerals[m].short >= LITTLE
                ? ` (${share(of.minerals[m].short)} of it is missing)`
                : ""
            }`,
        ),
      );
      found.push(sentence("same tonnes", { more: `${costs} than in the plan` }));
    }
    if (now.losses.tested) found.push(survival(now));
    return found;
  }

  /** Return whether the plan passes the tests of Security, and which minerals and years they cover. */
  function survival({ losses: { tested, missed, worst }, settings: { security } }) {
    const { lost, covers, untested } = pageData.tests,
      [asked] = security;
    const part = asked === null ? "what Security allows" : fine(asked);
    const kept = sentence("without", { lost, bound: "at most", part, minerals: covers });
    const not =
      worst &&
      `The target is missed in ${whole.format(missed)} of ${whole.format(tested)} ` +
        `tested losses. ${sentence("worst loss", {
          ...worst,
          short: fine(worst.short),
          most: fine(worst.most),
        })}`;
    return [missed ? not : kept, untested].filter(Boolean).join(" ");
  }

  function show() {
    const words = asked(now.settings),
      of = figuresOf(now),
      before = figuresOf(plan);
    by("asked").textContent = words ? `With ${words}` : "";
    by("as-planned").hidden = words !== "";
    by("moved-answer").hidden = by("frontier-text").hidden = words === "";
    fill(by("findings"), ...(words ? findings(of, before) : []).map((text) => element("li", text)));
    cards(of, before);
    by("tariffs").textContent = tariffs();
    const lack = (value) => (value < LITTLE ? "none" : share(value));
    const against = (value, was) =>
      Math.abs(value - was) < LITTLE
        ? lack(value)
        : lack(value) === lack(was)
          ? `${fine(value)} (plan ${fine(was)})`
          : `${lack(value)} (plan ${lack(was)})`;
    const biggest = (top) => (top ? `${share(top.share)} ${top.country}, ${top.year}` : "none");
    const dearer = (extra) =>
      extra === null ? "nothing bought" : Math.abs(extra) < 5e-5 ? "the same" : moreOrLess(extra);
    const plants = (m) => sum(range(T).map((t) => now.usedByPlants[m * T + t])) > NOTHING;
    table(
      by("minerals"),
      [
        "Mineral",
        "Missing, share of demand",
        "Cost of the same tonnes",
        `Largest share of ${pageData.basis}`,
        UNMOVED,
      ],
      range(M).map((m) => [
        minerals[m],
        against(of.minerals[m].short, before.minerals[m].short),
        of.minerals[m].extra === null && plants(m)
          ? "bought by plants"
          : dearer(of.minerals[m].extra),
        biggest(of.minerals[m].largest),
        biggest(before.minerals[m].largest),
      ]),
    );
    if (pageData.stages) stages();
    const hardest = (short) => range(M).reduce((m, i) => (short[i] > short[m] ? i : m), 0);
    const lacking = (short) =>
      M && short[hardest(short)] >= LITTLE
        ? `${minerals[hardest(short)]} ${share(short[hardest(short)])}`
        : "nothing";
    table(
      by("members"),
      ["Member", "Pays for purchases", UNMOVED, "Cost of the same tonnes", "Largest shortage"],
      range(J).map((j) => [
        members[j],
        money(of.members[j].paid),
        money(before.members[j].paid),
        dearer(of.members[j].extra),
        lacking(of.members[j].short),
      ]),
    );
    table(
      by("short"),
      ["Member", ...minerals],
      range(J).map((j) => [
        members[j],
        ...range(M).map((m) =>
          heat(
            of.members[j].short[m],
            share(of.members[j].short[m]),
            `in the plan ${share(before.members[j].short[m])}`,
          ),
        ),
      ]),
    );
    by("command").textContent = now.command;
    fill(by("moved"), ...moved(now.settings).map((text) => element("li", text)));
    verdict();
    frontier();
  }

  /** Show the demand that is still met for each mineral if a country stops, counted in two ways. */
  function stages() {
    const least = ([part, c]) =>
      c === null ? share(part) : `${share(part)} without ${countries[c]}`;
    const rows = range(M)
      .filter((m) => now.stops[m])
      .map((m) => [
        minerals[m],
        ...["last", "through"].flatMap((stage) =>
          [now, plan].map((of) => least(of.stops[m][stage])),
        ),
      ]);
    table(
      by("stops"),
      ["Mineral", "At the last stage", UNMOVED, "Through all stages", UNMOVED],
      rows,
    );
  }

  function cards(of, before) {
    const shortOf = (figures) => {
      const short = figures.minerals.filter((mineral) => mineral.short >= LITTLE).length;
      return `${short} of ${figures.minerals.filter(({ isNeeded }) => isNeeded).length}`;
    };
    const top = (figures) =>
      figures.minerals.reduce(
        (best, { largest: found }, m) =>
          found && (!best || found.share > best.share) ? { ...found, mineral: minerals[m] } : best,
        null,
      );
    const first = top(of),
      was = top(before);
    const cost = Math.abs(of.extra || 0) < 5e-5 ? "the same" : moreOrLess(of.extra);
    by("brief").hidden = false;
    const lacks = inner(missingWords(of.minerals));
    by("brief-cost").textContent = `${
      cost === "the same"
        ? "The same tonnes cost the same as in the plan"
        : `The same tonnes cost ${cost} than in the plan`
    }; ${lacks}`;
    const shown = [
      ["Cost of the same tonnes, compared with the plan", cost, lacks],
      [
        "Paid for purchases",
        money(sum(now.paid)),
        `not discounted; plan ${money(sum(plan.paid))}; ${lacks}`,
      ],
      [
        "Minerals that are short",
        shortOf(of),
        `plan ${shortOf(before)}; in the plan ${inner(missingWords(before.minerals))}`,
      ],
      [
        "Largest share of one country",
        first ? share(first.share) : "none",
        first
          ? `${first.country}, ${first.mineral}, ${first.year}; plan ${share(was ? was.share : 0)}`
          : "",
      ],
    ];
    fill(
      by("cards"),
      ...shown.map(([name, value, remark]) => {
        const card = element("div", undefined, { class: "headline" });
        card.append(
          element("dt", name),
          element("dd", value, { class: "value" }),
          element("dd", remark, { class: "remark" }),
        );
        return card;
      }),
    );
  }

  /** Return how much of the cost of purchases is tariffs and levies, which members receive. */
  function tariffs() {
    const both = (cost) => `${money(cost(now))} (plan ${money(cost(plan))})`;
    const [first, ...more] = ["tariffs", "levies"].filter((name) => now[name] > 0);
    if (!first) return "";
    const kinds = [first, ...more.map((name) => `${both((of) => of[name])} ${name}`)].join(" and ");
    return sentence("tariffs", {
      amount: both((of) => of[first]),
      kinds,
      cost: "the cost of purchases",
      net: both((of) => sum(of.paid) - of.tariffs - of.levies),
    });
  }

  /** Show how sure an answer is: in full, and in the line that stays visible on a small screen. */
  function judge(kind, text, short) {
    for (const [id, words] of [
      ["verdict", text],
      ["brief-verdict", short],
    ]) {
      if (by(id).textContent !== words) by(id).textContent = words; // screen readers read each change
    }
    by("verdict").className = `verdict ${kind}`;
    by("brief").className = kind;
    by("answer").classList.toggle("waiting", kind === "waiting");
  }

  function verdict() {
    const { proof, milliseconds } = now;
    if (!areAlike(now.settings, settings)) {
      judge("waiting", PLANNING, PLANNING);
      return;
    }
    const agrees =
      Math.abs(plan.objective - pageData.objective) <= 1e-6 * Math.abs(pageData.objective);
    if (proof.passed && agrees) {
      judge("", "\u2713 Proved: no plan with these settings costs less", "\u2713 Proved");
    } else {
      judge("bad", "! Not proven: do not rely on these numbers", "! Not proven");
    }
    by("proof").textContent =
      `Proof of this answer: largest violation ${tiny(proof.violation)} of ` +
      `the largest need, dual infeasibility ${tiny(proof.dual)}, gap ${tiny(proof.gap)}; planned in ${whole.format(milliseconds)} ms` +
      `${agrees ? "" : "; with nothing moved, the cost differs from that of planner solve"}.`;
  }

  // ---- the frontier ------------------------------------------------------------------------------

  let points = new Map(),
    frontierOf = "";
  const others = (of) => JSON.stringify({ ...of, cap: null });

  function frontier() {
    if (frontierOf !== others(now.settings)) {
      points = new Map();
      frontierOf = others(now.settings);
    }
    file(now);
    draw();
  }

  /** Keep an answer as the point of its cap; null if it is not proven. */
  function file(of) {
    const cap = oneCap(of.settings);
    if (typeof cap !== "number" || frontierOf !== others(of.settings)) return;
    points.set(
      cap,
      of.proof.passed ? { short: figuresOf(of).minerals.map(({ short }) => short) } : null,
    );
  }

  function draw() {
    const cap = oneCap(now.settings);
    const known = [...points.entries()].filter(([, of]) => of).sort(([a], [b]) => b - a);
    const lead = by("frontier-text"),
      steps = CAPS.filter((value) => points.get(value));
    drawLine(known, cap);
    const loose = points.get(CAPS[0]);
    const firsts = loose
      ? range(M).map((m) => ({
          m,
          at: steps.find((value) => points.get(value).short[m] > loose.short[m] + LITTLE),
        }))
      : [];
    const order = firsts.filter(({ at }) => at !== undefined).sort((a, b) => b.at - a.at);
    const ready = CAPS.every((value) => points.has(value));
    const giving = order.filter(({ at }) => at === order[0].at);
    const later = order
      .slice(giving.length, giving.length + 3)
      .map(({ m, at }) => `${minerals[m]} (${share(at)})`);
    lead.textContent = !ready
      ? "Planning one cap after another \u2026"
      : steps.length < CAPS.length
        ? "Not every cap has a proven plan, so it is not known which mineral runs short first."
        : order.length
          ? `${list(giving.map(({ m }) => minerals[m]))} ${giving.length > 1 ? "run" : "runs"} short ` +
            `first: at a cap of ${share(order[0].at)}, more is missing than without a cap.` +
            `${later.length ? ` The next are ${list(later)}.` : ""}`
          : `Down to a cap of ${share(CAPS[CAPS.length - 1])}, no more is missing than without a cap.`;
    const tight = steps[steps.length - 1];
    if (ready && tight !== undefined) {
      const short = points.get(tight).short.map((part) => ({ short: part }));
      lead.textContent += ` ${missingWords(short, ` at a cap of ${share(tight)}`)}.`;
    }
    const rank = (m) => {
      const at = order.findIndex((of) => of.m === m);
      return at < 0 ? M : at;
    };
    table(
      by("short-by-cap"),
      ["Mineral", ...CAPS.map((value) => whole.format(100 * value))],
      range(M)
        .sort((a, b) => rank(a) - rank(b) || a - b)
        .map((m) => [
          minerals[m],
          ...CAPS.map((value) => {
            const at = points.get(value),
              short = at?.short[m];
            const made = at
              ? heat(short, (short < 0.0995 ? one : whole).format(100 * short))
              : element("td", "");
            if (value === cap) made.classList.add("here");
            return made;
          }),
        ]),
    );
  }

  function drawLine(known, cap) {
    const svg = by("frontier"),
      width = svg.clientWidth || 600,
      height = 220;
    const [left, right, top, bottom] = [92, 12, 14, 24];
    const most = (short) => Math.max(0, ...short);
    const here = most(figuresOf(now).minerals.map(({ short }) => short));
    const high = Math.max(...known.map(([, of]) => most(of.short)), here);
    by("missing-by-cap").hidden = high < LITTLE;
    const x = (value) => left + ((1 - value) / 0.8) * (width - left - right);
    const y = (part) => height - bottom - (part / (high || 1)) * (height - top - bottom);
    const shape = (name, attributes, text) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      if (text !== undefined) made.textContent = text;
      return made;
    };
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const ticks = [0, high / 2, high];
    const drawn = [
      ...ticks.map((v) =>
        shape("line", { x1: left, x2: width - right, y1: y(v), y2: y(v), class: "axis" }),
      ),
      ...ticks.map((v) =>
        shape("text", { x: left - 8, y: y(v) + 4, "text-anchor": "end" }, share(v)),
      ),
      ...[1, 0.8, 0.6, 0.4, 0.2].map((v) =>
        shape(
          "text",
          { x: x(v), y: height - bottom + 18, "text-anchor": v === 0.2 ? "end" : "middle" },
          share(v),
        ),
      ),
      shape("polyline", {
        class: "line",
        points: known.map(([v, of]) => `${x(v)},${y(most(of.short))}`).join(" "),
      }),
      ...known.map(([v, of]) =>
        shape("circle", { class: "dot", r: 3, cx: x(v), cy: y(most(of.short)) }),
      ),
    ];
    if (typeof cap === "number") {
      drawn.push(
        shape("circle", { class: "now", r: 6, cx: x(cap), cy: y(here), "stroke-width": 2 }),
      );
    }
    fill(svg, ...drawn);
    const last = known[known.length - 1];
    const lacks = (short) => missing(short.map((part) => ({ short: part }))) || "nothing";
    svg.setAttribute(
      "aria-label",
      `What is missing, by cap on ${SINGLE}: ${
        known
          .filter(([v]) => CAPS.includes(v))
          .map(([v, of]) => `${share(v)}, missing ${lacks(of.short)}`)
          .join("; ") || (last ? "" : "none yet")
      }`,
    );
  }

  // ---- the solver --------------------------------------------------------------------------------

  // One request at a time: the newest move first, then the caps of the frontier.
  let worker = null,
    busy = false,
    wanted = null,
    rest = 0;

  const bytes = async (id) => await decoded(by(id).textContent);
  function decoded(text) {
    const raw = atob(text),
      made = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) made[i] = raw.charCodeAt(i);
    return made;
  }

  function ask(data, then) {
    busy = true;
    worker.onmessage = ({ data: answer }) => {
      busy = false;
      if (answer.error) {
        trouble(answer.error);
        return;
      }
      then(answer);
      next();
    };
    worker.postMessage(data);
  }

  function trouble(why) {
    judge("bad", `! This page could not plan: ${why}`, "! Could not plan");
  }

  function next() {
    if (busy || !plan) return;
    if (wanted) {
      const of = wanted;
      wanted = null;
      ask({ settings: of }, (answer) => {
        now = answer;
        root.dataset.answered = String(Number(root.dataset.answered || 0) + 1);
        root.dataset.milliseconds = answer.milliseconds.toFixed(1);
        show();
      });
      return;
    }
    const cap = CAPS.find((value) => !points.has(value));
    if (cap === undefined || performance.now() < rest) {
      root.dataset.idle = cap === undefined ? "yes" : "no";
      return;
    }
    ask({ settings: { ...now.settings, cap: minerals.map(() => cap) } }, (answer) => {
      file(answer);
      draw();
    });
  }

  function move() {
    wanted = structuredClone(settings);
    rest = performance.now() + REST;
    root.dataset.idle = "no";
    if (now) verdict();
    controls();
    next();
    setTimeout(next, REST + 20);
  }

  async function begin() {
    const code = new TextDecoder().decode(await bytes("worker"));
    worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    worker.onerror = (error) => trouble(error.message || "it allows no worker");
    const [program, wasm] = [await bytes("program"), await bytes("wasm")];
    ask({ pageData: sealed, program, wasm, seal: SEAL }, (answer) => {
      demand = answer.demand;
      ask({ settings: unmoved() }, (first) => {
        // even if a slider was moved during loading
        plan = now = first;
        countriesByWeight();
        controls();
        root.dataset.answered = "1";
        root.dataset.first = performance.now().toFixed(0);
        show();
      });
    });
  }

  // ---- controls ----------------------------------------------------------------------------------

  /** List countries, sorted by their largest share of a mineral in the plan. */
  function countriesByWeight() {
    const weight = range(C).map((c) =>
      Math.max(
        ...range(M).map((m) => {
          const bought =
            sum(range(J).flatMap((j) => range(T).map((t) => plan.bought[cell(m, j, t)]))) +
            sum(range(T).map((t) => plan.usedByPlants[m * T + t]));
          const sold = sum(range(T).map((t) => plan.sold[(m * C + c) * T + t]));
          return bought > NOTHING ? sold / bought : 0;
        }),
      ),
    );
    const order = range(C).sort((a, b) => weight[b] - weight[a]);
    const option = (c) => element("option", countries[c], { value: c });
    by("lost").append(...order.filter((c) => pageData.codes[c] !== "ROW").map(option));
    by("tariff-on").append(...order.map(option));
  }

  const standing = { cap: null, demand: 1, budget: 1, tariff: null, security: null };

  function controls() {
    const cap = oneCap(settings),
      on = Number(by("tariff-on").value || 0);
    const values = {
      cap,
      demand: settings.demand[0],
      budget: settings.budget[0],
      tariff: settings.tariff[on],
      security: settings.security[0],
    };
    for (const [name, value] of Object.entries(values)) {
      const is = value === standing[name];
      const text = is
        ? "as in the workbook"
        : value === undefined
          ? "by mineral"
          : name === "tariff"
            ? inPoints(value)
            : share(value);
      by(`${name}-text`).textContent =
        name === "demand" || name === "budget"
          ? is
            ? "as in the workbook"
            : value
              ? `${share(value)} of it`
              : "none"
          : text;
      const slider = by(name);
      if (typeof value === "number") slider.value = value;
      else if (is) slider.value = slider.defaultValue;
      slider.setAttribute(
        "aria-valuetext",
        by(`${name}-text`).textContent +
          (is && name === "cap" && pageData.path ? `, where it goes ${pageData.path}` : ""),
      );
      document.querySelector(`[data-undo="${name}"]`).hidden = is;
    }
    settings.cap.forEach((value, m) => {
      const slider = by(`cap-${m}`);
      slider.value = value === null ? slider.defaultValue : value;
      by(`cap-${m}-text`).textContent = value === null ? "as in the workbook" : share(value);
      slider.setAttribute("aria-valuetext", by(`cap-${m}-text`).textContent);
    });
    by("lost").value =
      settings.lost.findIndex((is) => is !== null) < 0
        ? ""
        : String(settings.lost.findIndex((is) => is !== null));
    by("reset").disabled = areAlike(settings, unmoved());
  }

  function listen() {
    minerals.forEach((name, m) => {
      const row = element("div", undefined, { class: "mineral" });
      const slider = element("input", undefined, {
        id: `cap-${m}`,
        type: "range",
        min: 0.2,
        max: 1,
        step: 0.01,
        value: pageData.caps[m],
        "aria-describedby": "cap-path",
      });
      row.append(
        element("label", name, { for: `cap-${m}` }),
        element("output", "", { id: `cap-${m}-text`, for: `cap-${m}` }),
        slider,
      );
      by("cap-each").append(row);
      slider.addEventListener("input", () => {
        settings.cap[m] = Number(slider.value);
        move();
      });
    });
    by("stages").hidden = !pageData.stages;
    by("stages-lead").textContent = sentence("stages", { year: years[T - 1] });
    by("caps").hidden = M < 2;
    by("cap").defaultValue = Math.min(...pageData.caps);
    by("cap-path").hidden = !pageData.path;
    by("cap-path").textContent =
      `In the workbook the cap goes ${pageData.path}; ` +
      "the slider sets one cap for every mineral and year.";
    by("demand").defaultValue = by("budget").defaultValue = "1";
    by("tariff").defaultValue = "0";
    by("security").defaultValue = pageData.security;
    by("security-tests").textContent = pageData.tests.covers
      ? `Tests the loss of ${pageData.tests.lost}, for ${pageData.tests.covers}. ${pageData.tests.untested}`
      : "";
    for (const control of document.querySelectorAll("[data-slider]")) {
      control.hidden = !has(control.dataset.slider);
    }
    const set = {
      cap: (value) => {
        settings.cap = minerals.map(() => value);
      },
      demand: (value) => {
        settings.demand = [value];
      },
      budget: (value) => {
        settings.budget = [value];
      },
      security: (value) => {
        settings.security = minerals.map(() => value);
      },
      tariff: (value) => {
        settings.tariff[Number(by("tariff-on").value)] = value || null;
      },
    };
    for (const [name, change] of Object.entries(set)) {
      by(name).addEventListener("input", () => {
        change(Number(by(name).value));
        move();
      });
      document.querySelector(`[data-undo="${name}"]`).addEventListener("click", () => {
        change(standing[name]);
        move();
        by(name).focus();
      });
    }
    by("lost").addEventListener("change", () => {
      const at = by("lost").value;
      settings.lost = countries.map((_, c) => (at !== "" && Number(at) === c ? 1 : null));
      move();
    });
    by("tariff-on").addEventListener("change", controls);
    by("reset").addEventListener("click", () => {
      settings = unmoved();
      move();
    });
    by("sliders").addEventListener("submit", (event) => event.preventDefault());
    by("copy").addEventListener("click", () => {
      const range_ = document.createRange();
      range_.selectNodeContents(by("command"));
      getSelection().removeAllRanges();
      getSelection().addRange(range_);
      by("copy").textContent = document.execCommand("copy") ? "Copied" : "Selected";
    });
    window.addEventListener("resize", () => {
      if (plan) draw();
    });
  }

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  function theme() {
    root.dataset.theme = chosen || (dark.matches ? "dark" : "light");
    by("theme").setAttribute("aria-pressed", String(root.dataset.theme === "dark"));
  }
  by("theme").addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    theme();
  });
  dark.addEventListener("change", theme);

  theme();
  listen();
  begin().catch((error) => trouble(error.message));
})();

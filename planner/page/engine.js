// The plan's own program, solved in the browser: sliders set, solved by HiGHS, proved, read.
//
// The formulation is not in this file. The program comes as arrays, and each slider as a list of the
// numbers that it changes (models/plan/sliders.py); the proof is the one of
// models/solve/__init__.py. `planner page` writes this file into the page, and Node runs it in
// the tests.
"use strict";

const ARRAYS = ["cost", "lower", "upper", "row_lower", "row_upper", "values"];

const OPTIONS = {
  output_flag: false,
  random_seed: 0,
  solver: "simplex",
  presolve: "off",
  simplex_strategy: 0,
  primal_feasibility_tolerance: 1e-9,
  dual_feasibility_tolerance: 1e-9,
  small_matrix_value: 1e-12,
  large_matrix_value: 1e19,
};
const OTHERWISE = {
  // options of the second solve, if the first gives no proof
  ...OPTIONS,
  presolve: "on",
  simplex_strategy: 4,
  primal_feasibility_tolerance: 1e-7,
};
// Kinds of columns (planner/page/__init__.py).
const [OTHER, FLOW, SHORT, TIER, TO_PLANTS, TRANSFERRED, STOCK, ORE, PLANT_DEMAND] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];
const SEARCH = {
  // for whole projects; then the builds are fixed, and the rest is solved again
  solver: "choose",
  presolve: "on",
  mip_rel_gap: 0,
  mip_abs_gap: 0,
  mip_feasibility_tolerance: 1e-9,
};
const BY_MINERAL = ["cap", "security"]; // sliders with a value for each mineral
const MOST_KEPT = 80; // bases of settings solved here, in addition to those in the page

const MOST_STEP = 2; // distance of a lost country; a cap moved from 0 to 100 % is 1

// ---- data in the page --------------------------------------------------------------------------

const TYPES = {
  f8: Float64Array,
  i4: Int32Array,
  i2: Int16Array,
  u2: Uint16Array,
  i1: Int8Array,
  u1: Uint8Array,
};

/** Return the program: its description, and its arrays as views of the bytes.
 *
 * Description and bytes must match the seal (planner/page/__init__.py): with a changed array, the
 * page would correctly prove the plan of another case.
 */
function unpack(text, bytes, seal) {
  const words = new TextEncoder().encode(text),
    every = new Uint8Array(words.length + bytes.byteLength);
  every.set(words);
  every.set(new Uint8Array(bytes), words.length);
  if (sha256(every) !== seal) throw new Error("its numbers were changed after it was made");
  const data = JSON.parse(text),
    arrays = {};
  for (const [name, [type, offset, length]] of Object.entries(data.arrays)) {
    arrays[name] = new TYPES[type](bytes, offset, length);
  }
  const program = { ...data, arrays, base: {} };
  for (const name of ARRAYS) program.base[name] = arrays[name];
  program.layers = data.layers.map((of, i) => {
    const layer = { ...of };
    for (const name of ["at", "part", "const", "slope", "const_d", "slope_d", "least"]) {
      layer[name] = arrays[`layer${i}_${name}`];
    }
    return layer;
  });
  program.scale = {};
  for (const name of ["column", "row", "price", "dual"]) {
    program.scale[name] = Float64Array.from(arrays[`scale_${name}`], (power) => 2 ** power);
  }
  program.columns = program.base.cost.length;
  program.rows = program.base.row_lower.length;
  return program;
}

/** Return the SHA-256 of bytes (FIPS 180-4): a page opened over http has no crypto.subtle. */
function sha256(bytes) {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const bits = (root) => ((root % 1) * 2 ** 32) | 0,
    turned = (w, by) => (w >>> by) | (w << (32 - by));
  const K = Int32Array.from(primes, (p) => bits(Math.cbrt(p))),
    w = new Int32Array(64);
  const hash = primes.slice(0, 8).map((p) => bits(Math.sqrt(p))),
    size = bytes.length;
  const words = new Int32Array((((size + 8) >> 6) + 1) * 16);
  for (let i = 0; i < size; i++) words[i >> 2] |= bytes[i] << (24 - 8 * (i & 3));
  words[size >> 2] |= 0x80 << (24 - 8 * (size & 3));
  words[words.length - 2] = Math.floor(size / 2 ** 29);
  words[words.length - 1] = size << 3;
  for (let at = 0; at < words.length; at += 16) {
    let a = hash[0],
      b = hash[1],
      c = hash[2],
      d = hash[3];
    let e = hash[4],
      f = hash[5],
      g = hash[6],
      h = hash[7];
    for (let i = 0; i < 64; i++) {
      if (i < 16) w[i] = words[at + i];
      else {
        const near = w[i - 2],
          far = w[i - 15];
        w[i] =
          w[i - 16] +
          w[i - 7] +
          (turned(near, 17) ^ turned(near, 19) ^ (near >>> 10)) +
          (turned(far, 7) ^ turned(far, 18) ^ (far >>> 3));
      }
      const one =
        h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i];
      const two = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => {
      hash[i] = (hash[i] + value) | 0;
    });
  }
  return hash.map((value) => (value >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Return the bases in the page; each is stored as its difference from the previous one. */
function storedBases(program) {
  const width = program.columns + program.rows,
    all = program.arrays.bases;
  let before = new Uint8Array(width);
  return program.bases.map((settings, i) => {
    before = before.map((status, j) => status ^ all[i * width + j]);
    return { settings, statuses: before };
  });
}

// ---- sliders -----------------------------------------------------------------------------------

/** Return the program's arrays with sliders set; null means that a slider is not moved. */
function setTo(program, settings) {
  const made = {};
  for (const name of ARRAYS) made[name] = program.base[name].slice();
  const demand = settings.demand ? settings.demand[0] : 1;
  for (const of of program.layers) {
    const values = settings[of.slider];
    if (!values || values.every((value) => value === null)) continue;
    const array = made[of.array];
    for (let i = 0; i < of.at.length; i++) {
      const value = values[of.part ? of.part[i] : 0];
      if (value === null) continue;
      if (of.scales) {
        array[of.at[i]] += of.slope[i] * (value - 1);
      } else {
        array[of.at[i]] = of.const[i] + (of.slope ? of.slope[i] * value : 0);
        if (demand !== 1 && of.slope_d) {
          array[of.at[i]] +=
            (demand - 1) * ((of.const_d ? of.const_d[i] : 0) + of.slope_d[i] * value);
        }
        if (of.least) array[of.at[i]] = Math.max(array[of.at[i]], of.least[i]);
      }
    }
  }
  return made;
}

/** Return the distance of two settings: about how much a solver has to change. */
function distance(settings, other) {
  let found = 0;
  for (const name of Object.keys(settings)) {
    const mine = settings[name],
      theirs = other[name] || [];
    let sum = 0;
    mine.forEach((value, i) => {
      const that = theirs[i] === undefined ? null : theirs[i];
      if (value === that) return;
      const step = value === null || that === null ? 0.3 : Math.min(1, Math.abs(value - that));
      sum += name === "lost" ? MOST_STEP : step;
    });
    found += BY_MINERAL.includes(name) ? sum / mine.length : sum;
  }
  return found;
}

// ---- the proof ---------------------------------------------------------------------------------

/** Return A x, and the sum of each row's absolute terms. */
function activity(program, values, x) {
  const { starts, columns } = program.arrays;
  const found = new Float64Array(program.rows),
    terms = new Float64Array(program.rows);
  for (let i = 0; i < program.rows; i++) {
    for (let k = starts[i]; k < starts[i + 1]; k++) {
      const term = values[k] * x[columns[k]];
      found[i] += term;
      terms[i] += Math.abs(term);
    }
  }
  return { found, terms };
}

/** Return reduced costs, and the sum of the absolute terms of each. */
function priced(program, arrays, duals) {
  const { starts, columns } = program.arrays,
    { cost, values } = arrays;
  const reduced = cost.slice(),
    prices = cost.map(Math.abs);
  for (let i = 0; i < program.rows; i++) {
    if (duals[i] === 0) continue;
    for (let k = starts[i]; k < starts[i + 1]; k++) {
      const price = values[k] * duals[i];
      reduced[columns[k]] -= price;
      prices[columns[k]] += Math.abs(price);
    }
  }
  return { reduced, prices };
}

/** Return by how much a limit is broken, relative to its measure. */
function broken(value, low, high, isTonnes, measure) {
  const by = Math.max(low - value, value - high);
  if (!(by > 0)) return by > 0 || by <= 0 ? 0 : Infinity; // NaN is no proof
  if (isTonnes) return by / measure;
  const limits = [low, high].map((limit) => (Number.isFinite(limit) ? Math.abs(limit) : 0));
  return by / Math.max(1, ...limits);
}

const wrongSign = (price, low, high) =>
  Math.max(Number.isFinite(low) ? 0 : price, Number.isFinite(high) ? 0 : -price, 0);
const valued = (price, low, high) =>
  (Number.isFinite(low) ? low * Math.max(price, 0) : 0) +
  (Number.isFinite(high) ? high * Math.min(price, 0) : 0);

/** Return the worst certificate of all blocks; it uses no claim of the solver. */
function certify(program, arrays, x, duals) {
  const { column_starts: c, row_starts: r, measure, tonnes_column, tonnes_row } = program.arrays;
  const { found, terms } = activity(program, arrays.values, x);
  const { reduced, prices } = priced(program, arrays, duals);
  const { cost, lower, upper, row_lower, row_upper } = arrays,
    accepted = program.tolerances;
  const worst = { violation: 0, dual: 0, gap: 0, objective: 0 };
  for (let b = 0; b + 1 < c.length; b++) {
    const violated = (unit) => {
      let most = 0;
      for (let j = c[b]; j < c[b + 1]; j++) {
        most = Math.max(most, broken(x[j], lower[j], upper[j], tonnes_column[j], unit));
      }
      for (let i = r[b]; i < r[b + 1]; i++) {
        most = Math.max(most, broken(found[i], row_lower[i], row_upper[i], tonnes_row[i], unit));
      }
      return most;
    };
    let dearest = 0,
      largest = 1e-300,
      most = 0;
    for (let j = c[b]; j < c[b + 1]; j++) dearest = Math.max(dearest, prices[j]);
    for (let i = r[b]; i < r[b + 1]; i++) {
      largest = Math.max(largest, Math.abs(duals[i]));
      if (tonnes_row[i]) most = Math.max(most, terms[i]);
    }
    let violation = violated(measure[b]);
    if (violation > accepted.violation)
      violation = violated(Math.max(measure[b], accepted.terms * most));
    let primal = 0,
      dual = 0,
      noise = 0,
      infeasible = 0;
    for (let j = c[b]; j < c[b + 1]; j++) {
      const price = Math.max(prices[j], accepted.price * dearest, 1e-300);
      infeasible = Math.max(infeasible, wrongSign(reduced[j], lower[j], upper[j]) / price);
      const value = valued(reduced[j], lower[j], upper[j]);
      primal += cost[j] * x[j];
      dual += value;
      noise += Math.abs(value) + price * Math.abs(x[j]);
    }
    for (let i = r[b]; i < r[b + 1]; i++) {
      infeasible = Math.max(infeasible, wrongSign(duals[i], row_lower[i], row_upper[i]) / largest);
      const value = valued(duals[i], row_lower[i], row_upper[i]);
      dual += value;
      noise += Math.abs(value);
    }
    const scale = Math.max(Math.abs(primal), Math.abs(dual), 1e-9 * noise, 1e-300);
    worst.violation = Math.max(worst.violation, violation);
    worst.dual = Math.max(worst.dual, infeasible);
    worst.gap = Math.max(worst.gap, Math.abs(primal - dual) / scale);
    worst.objective += primal;
  }
  worst.passed =
    worst.violation <= accepted.violation &&
    worst.dual <= accepted.gap &&
    worst.gap <= accepted.gap &&
    Number.isFinite(worst.objective);
  return worst;
}

// ---- the solver --------------------------------------------------------------------------------

/** Plans the program repeatedly; each group of blocks stays in HiGHS with its basis. */
class Planner {
  constructor(highs, program) {
    this.highs = highs;
    this.program = program;
    this.kept = storedBases(program);
    this.stored = this.kept.length;
    this.models = program.pieces.map(() => null);
    this.held = null;
    this.at = null; // the solver's current settings
  }

  /** Return the proven plan of some settings: values of columns, and duals. */
  plan(settings) {
    const arrays = setTo(this.program, settings),
      scaled = this.scaled(arrays);
    const tries = [
      ["from a basis", OPTIONS],
      ["cold", OPTIONS],
      ["cold, otherwise", OTHERWISE],
    ];
    let found = null;
    for (const [how, options] of tries) {
      const start = how === "from a basis" ? this.nearest(settings) : null;
      found = { ...this.solved(arrays, scaled, options, start, how !== "from a basis"), how };
      if (found.proof.passed) {
        this.keep(settings);
        return found;
      }
    }
    this.at = null;
    return found;
  }

  /** Return the program in the solver's units: powers of two, which change no digit. */
  scaled(arrays) {
    const { column, row, price } = this.program.scale,
      { starts, columns } = this.program.arrays;
    const limit = (value, by) => (value * by > 1e15 ? Infinity : value * by);
    const values = arrays.values.slice();
    for (let i = 0; i < this.program.rows; i++) {
      for (let k = starts[i]; k < starts[i + 1]; k++) values[k] *= column[columns[k]] * row[i];
    }
    return {
      cost: arrays.cost.map((value, j) => value * price[j]),
      lower: arrays.lower.map((value, j) => value / column[j]),
      upper: arrays.upper.map((value, j) => limit(value, 1 / column[j])),
      row_lower: arrays.row_lower.map((value, i) => value * row[i]),
      row_upper: arrays.row_upper.map((value, i) => limit(value, row[i])),
      values,
    };
  }

  /** Return the stored basis nearest to some settings; null if the solver's own is nearer. */
  nearest(settings) {
    let best = null,
      least = this.at === null ? Infinity : distance(settings, this.at);
    for (const basis of this.kept) {
      const far = distance(settings, basis.settings);
      if (far < least) [best, least] = [basis, far];
    }
    return best;
  }

  solved(arrays, scaled, options, start, cold) {
    const { program } = this,
      { column, dual } = program.scale;
    const x = new Float64Array(program.columns),
      duals = new Float64Array(program.rows);
    let ended = true;
    program.pieces.forEach((piece, p) => {
      if (piece.columns[0] === piece.columns[1]) return;
      const model = this.scaledModel(p, scaled);
      if (cold) model.clearSolver();
      const whole = this.whole(piece);
      if (whole.length) ended = this.search(model, whole) && ended;
      model.options.set(options);
      if (start) model.setBasis(this.part(start.statuses, piece));
      ended = this.run(model) && ended;
      const { colValue, rowDual } = model.getSolution();
      colValue.forEach((value, j) => {
        x[piece.columns[0] + j] = value;
      });
      rowDual.forEach((value, i) => {
        duals[piece.rows[0] + i] = value;
      });
      if (whole.length) {
        const bounds = ["lower", "upper"].map((name) =>
          Float64Array.from(whole, (j) => scaled[name][piece.columns[0] + j]),
        );
        model.changeColsBounds({ kind: "set", indices: whole }, ...bounds);
      }
    });
    this.held = scaled;
    x.forEach((value, j) => {
      x[j] = value * column[j];
    });
    duals.forEach((value, i) => {
      duals[i] = value * dual[i];
    });
    const fixed = { ...arrays, lower: arrays.lower.slice(), upper: arrays.upper.slice() };
    for (const j of program.arrays.whole) fixed.lower[j] = fixed.upper[j] = Math.round(x[j]);
    const proof = certify(program, fixed, x, duals);
    return { x, arrays, proof: { ...proof, passed: proof.passed && ended } };
  }

  run(model) {
    model.run();
    return model.getModelStatus() === this.highs.constants.modelStatus.optimal;
  }

  /** Return the positions of integer columns in a piece. */
  whole({ columns: [from, to] }) {
    return Array.from(this.program.arrays.whole)
      .filter((j) => j >= from && j < to)
      .map((j) => j - from);
  }

  /** Find the best whole builds and fix them; return whether they are proven to be the best. */
  search(model, whole) {
    const set = { kind: "set", indices: whole };
    model.options.set(SEARCH);
    model.changeColsIntegrality(
      set,
      Int32Array.from(whole, () => 1),
    );
    const ended = this.run(model) && !(model.info.get("mip_gap") > this.program.tolerances.mip_gap);
    const { colValue } = model.getSolution(),
      built = whole.map((j) => Math.round(colValue[j]));
    model.clearIntegrality();
    model.changeColsBounds(set, Float64Array.from(built), Float64Array.from(built));
    return ended;
  }

  /** Return a piece's model with the numbers of some settings; only differences are passed on. */
  scaledModel(p, scaled) {
    const {
      columns: [c0, c1],
      rows: [r0, r1],
    } = this.program.pieces[p];
    const { starts, columns } = this.program.arrays;
    const [k0, k1] = [starts[r0], starts[r1]];
    const cut = (name, from, to) => scaled[name].subarray(from, to);
    if (this.models[p] === null) {
      this.models[p] = this.highs.createModel({
        numCols: c1 - c0,
        numRows: r1 - r0,
        colCost: cut("cost", c0, c1),
        colLower: cut("lower", c0, c1),
        colUpper: cut("upper", c0, c1),
        rowLower: cut("row_lower", r0, r1),
        rowUpper: cut("row_upper", r0, r1),
        matrix: {
          format: "csr",
          numCols: c1 - c0,
          numRows: r1 - r0,
          starts: starts.slice(r0, r1 + 1).map((k) => k - k0),
          indices: columns.slice(k0, k1).map((j) => j - c0),
          values: cut("values", k0, k1),
        },
      });
      return this.models[p];
    }
    const model = this.models[p];
    const changed = (names, from, to) => {
      const indices = [];
      for (let i = from; i < to; i++) {
        if (names.some((name) => scaled[name][i] !== this.held[name][i])) indices.push(i);
      }
      const of = names.map((name) => Float64Array.from(indices, (i) => scaled[name][i]));
      return indices.length && [{ kind: "set", indices: indices.map((i) => i - from) }, ...of];
    };
    const cost = changed(["cost"], c0, c1),
      bounds = changed(["lower", "upper"], c0, c1);
    const limits = changed(["row_lower", "row_upper"], r0, r1);
    if (cost) model.changeColsCost(...cost);
    if (bounds) model.changeColsBounds(...bounds);
    if (limits) model.changeRowsBounds(...limits);
    for (let i = r0; i < r1; i++) {
      for (let k = starts[i]; k < starts[i + 1]; k++) {
        if (scaled.values[k] !== this.held.values[k]) {
          model.changeCoefficient(i - r0, columns[k] - c0, scaled.values[k]);
        }
      }
    }
    return model;
  }

  /** Return a piece's statuses, from those of all columns and then all rows. */
  part(statuses, { columns, rows }) {
    const at = this.program.columns;
    return {
      colStatus: Int32Array.from(statuses.subarray(columns[0], columns[1])),
      rowStatus: Int32Array.from(statuses.subarray(at + rows[0], at + rows[1])),
    };
  }

  /** Store the solver's current basis, and drop the oldest one found here. */
  keep(settings) {
    this.at = settings;
    if (this.program.arrays.whole.length) return; // whole builds are searched for each time
    if (this.kept.some((basis) => distance(settings, basis.settings) === 0)) return;
    const statuses = new Uint8Array(this.program.columns + this.program.rows);
    this.program.pieces.forEach((piece, p) => {
      if (this.models[p] === null) return;
      const { colStatus, rowStatus } = this.models[p].getBasis();
      statuses.set(colStatus, piece.columns[0]);
      statuses.set(rowStatus, this.program.columns + piece.rows[0]);
    });
    this.kept.push({ settings, statuses });
    if (this.kept.length > this.stored + MOST_KEPT) this.kept.splice(this.stored, 1);
  }
}

// ---- figures of a plan -------------------------------------------------------------------------

/** Return a plan's purchases, payments and shortage, by mineral, member and year, and by country.
 *
 * `paid`, `bought` and `short` are by (mineral, member, year), `sold` by (mineral, country, year):
 * undiscounted money, amounts in t; `tariffs` and `levies` are included in the total paid. The
 * buyers of a product pay for its inputs. `usedByPlants` are plants' purchases of a mineral, `plantDemand` is
 * what the base of its limits has above demand, both by (mineral, year). `costs` add up to the
 * objective: purchases, shortage at its price, and the rest, discounted.
 */
function outcome(program, { x, arrays, proof, how }, settings) {
  const { minerals, members, countries, years, discounts } = program;
  const { kind, mineral, member, country, year, price, tariff, levy } = program.arrays;
  let tariffs = 0,
    levies = 0;
  const cells = minerals.length * members.length * years.length;
  const paid = new Float64Array(cells),
    bought = new Float64Array(cells);
  const short = new Float64Array(cells),
    costs = { purchases: 0, shortage: 0 };
  const sold = new Float64Array(minerals.length * countries.length * years.length);
  const [usedByPlants, plantDemand] = [0, 1].map(
    () => new Float64Array(minerals.length * years.length),
  );
  const stages = program.stages && new Stages(program, x),
    inputs = stages?.costs(arrays);
  for (let j = 0; j < program.columns; j++) {
    if (kind[j] === OTHER || x[j] <= 0) continue;
    const t = year[j],
      at = (mineral[j] * members.length + member[j]) * years.length + t;
    const cost = x[j] * arrays.cost[j],
      cell = mineral[j] * years.length + t;
    if (kind[j] === FLOW) {
      bought[at] += x[j];
      paid[at] += cost / discounts[t];
      if (stages) paid[at] += x[j] * inputs[stages.source[j]][t];
      const raised = settings.tariff[country[j]];
      tariffs += x[j] * price[j] * (tariff[j] + raised);
      levies += x[j] * Math.max(0, levy[j] - price[j] * raised);
      sold[(mineral[j] * countries.length + country[j]) * years.length + t] += x[j];
      costs.purchases += cost;
    } else if (kind[j] === TO_PLANTS) {
      const [, land] = program.stages.plant_inputs[stages.plant_input[j]];
      const raised = land === country[j] ? 0 : settings.tariff[country[j]];
      sold[(mineral[j] * countries.length + country[j]) * years.length + t] += x[j];
      usedByPlants[cell] += x[j];
      costs.purchases += cost;
      if (program.stages.members.includes(land)) {
        // else another treasury receives it
        tariffs += x[j] * price[j] * (tariff[j] + raised);
        levies += x[j] * Math.max(0, levy[j] - price[j] * raised);
      }
    } else if (kind[j] === PLANT_DEMAND) {
      plantDemand[cell] += x[j];
    } else if (kind[j] <= TIER) {
      if (kind[j] === SHORT) short[at] += x[j];
      costs.shortage += cost;
    }
  }
  costs.rest = proof.objective - costs.purchases - costs.shortage;
  const losses = survival(program, settings, x, plantDemand);
  const stops = stages ? stages.stops(settings, { bought, short }) : null;
  return {
    paid,
    bought,
    short,
    sold,
    usedByPlants,
    plantDemand,
    tariffs,
    levies,
    costs,
    losses,
    stops,
    objective: proof.objective,
    proof,
    how,
  };
}

// ---- minerals made from one another (models/plan/stages.py) --------------------------------------

/** The stages of a plan: the cost of inputs, and what is lost with a country. */
class Stages {
  constructor(program, x) {
    const { kind, source, plant_input, year } = program.arrays,
      { plant_inputs, sources } = program.stages;
    const used = [FLOW, TO_PLANTS, TRANSFERRED, STOCK, ORE];
    Object.assign(this, { program, source, plant_input });
    this.tonnes = x.map((value) => Math.max(0, value));
    this.of = Object.fromEntries(used.map((name) => [name, []])); // columns by kind
    for (let j = 0; j < program.columns; j++) if (kind[j] in this.of) this.of[kind[j]].push(j);
    this.arriving = plant_inputs.map(() => []); // columns by what they bring an input to
    for (const j of [...this.of[TO_PLANTS], ...this.of[TRANSFERRED]])
      this.arriving[plant_input[j]].push(j);
    this.made = sources.map(() => new Float64Array(program.years.length));
    for (const j of [...this.of[FLOW], ...this.of[TO_PLANTS]])
      this.made[source[j]][year[j]] += this.tonnes[j];
  }

  /** Return the cost of all inputs of a tonne that a source sells, through all stages [money/t]. */
  costs(arrays) {
    const {
      stages: { order, plant_inputs, sources },
      years,
      discounts,
    } = this.program;
    const { kind, year } = this.program.arrays;
    const found = sources.map(() => new Float64Array(years.length));
    for (const i of order) {
      const [, , needs] = plant_inputs[i],
        paid = new Float64Array(years.length);
      for (const j of this.arriving[i]) {
        const t = year[j],
          landed = arrays.cost[j] / discounts[t];
        if (kind[j] === TO_PLANTS) paid[t] += this.tonnes[j] * (landed + found[this.source[j]][t]);
      }
      paid.forEach((money, t) => {
        const made = needs.reduce((all, r) => all + this.made[r][t], 0);
        if (made > 0) for (const r of needs) found[r][t] += money / made;
      });
    }
    return found;
  }

  /** Return the fraction of each source's tonnes of a year that is lost if a country stops. */
  lost(land, t) {
    const {
      stages: { order, plant_inputs, sources },
      arrays: { country, kind, year, member },
    } = this.program;
    const part = (gone, all) => (all > 0 ? gone / all : 0);
    const [ore, bad] = [0, 1].map(() => sources.map(() => 0));
    for (const j of this.of[ORE]) {
      if (year[j] !== t) continue;
      ore[this.source[j]] += this.tonnes[j];
      if (country[j] === land) bad[this.source[j]] += this.tonnes[j];
    }
    const lost = sources.map(([, home], r) =>
      this.made[r][t] <= 0 ? 0 : home === land ? 1 : part(bad[r], ore[r]),
    );
    for (const i of order) {
      const [of, , needs] = plant_inputs[i];
      let [all, gone] = [0, 0];
      for (const j of this.arriving[i]) {
        if (year[j] !== t || !this.tonnes[j]) continue;
        all += this.tonnes[j];
        gone +=
          this.tonnes[j] *
          (kind[j] === TO_PLANTS ? lost[this.source[j]] : this.lostOf(of, member[j], t, lost));
      }
      for (const r of needs) if (this.made[r][t] > 0) lost[r] = Math.max(lost[r], part(gone, all));
    }
    return lost;
  }

  /** Return the lost fraction of a member's purchases and stock of a mineral; stock is never lost. */
  lostOf(of, giver, t, lost) {
    const { mineral, member, year } = this.program.arrays;
    const mine = (j) => mineral[j] === of && member[j] === giver;
    let [has, gone] = [0, 0];
    for (const j of this.of[FLOW]) {
      if (!mine(j) || year[j] !== t) continue;
      has += this.tonnes[j];
      gone += this.tonnes[j] * lost[this.source[j]];
    }
    const held = (when) =>
      this.of[STOCK].reduce(
        (sum, j) => (mine(j) && year[j] === when ? sum + this.tonnes[j] : sum),
        0,
      );
    const [, , opening] = this.program.stages.stocks.find(([m, j]) => m === of && j === giver) || [
      0, 0, 0,
    ];
    has += Math.max(0, (t ? held(t - 1) : opening) - held(t));
    return has > 0 ? gone / has : 0;
  }

  /** Return by mineral the share of demand met in the last year if the worst country stops.
   *
   * `last` is at the last stage: of demand and what plants take, without its sales to members and
   * plants. `through` is of members' demand, through all stages; what members pass on to plants is
   * not theirs. Each is [share, country].
   */
  stops({ demand: [scaled] }, { bought, short }) {
    const { minerals, members, countries, years, stages, arrays } = this.program;
    const t = years.length - 1,
      [J, T] = [members.length, years.length];
    const [toMembers, toPlants] = [FLOW, TO_PLANTS].map((kind) => {
      const sold = stages.sources.map(() => 0);
      for (const j of this.of[kind])
        if (arrays.year[j] === t) sold[this.source[j]] += this.tonnes[j];
      return sold;
    });
    const transferred = new Float64Array(minerals.length * J),
      usedByPlants = minerals.map(() => 0);
    for (const j of [...this.of[TO_PLANTS], ...this.of[TRANSFERRED]]) {
      if (arrays.year[j] === t) usedByPlants[arrays.mineral[j]] += this.tonnes[j];
    }
    for (const j of this.of[TRANSFERRED]) {
      if (arrays.year[j] === t)
        transferred[arrays.mineral[j] * J + arrays.member[j]] += this.tonnes[j];
    }
    const outside = countries.map((_, c) => c).filter((c) => !stages.home.includes(c));
    const lost = new Map(outside.map((c) => [c, this.lost(c, t)]));
    return minerals.map((_, m) => {
      const total = (of) => members.reduce((sum, __, j) => sum + of[(m * J + j) * T + t], 0);
      const need = scaled * total(arrays.demand);
      if (need <= 0) return null;
      const drawn = members.reduce((sum, __, j) => {
        const at = (m * J + j) * T + t;
        return (
          sum +
          Math.max(0, scaled * arrays.demand[at] + transferred[m * J + j] - short[at] - bought[at])
        );
      }, 0);
      const met = (base) => Math.max(0, 1 - total(short) / base);
      const left = (sold, goes, base, passedOn = 0) => {
        const others = stages.sources.reduce(
          (sum, [of], r) => (of === m ? sum + sold(r) * (1 - goes(r)) : sum),
          0,
        );
        return Math.max(0, Math.min(met(base), (others - passedOn + drawn) / base));
      };
      const worst = { last: [met(need + usedByPlants[m]), null], through: [met(need), null] };
      for (const c of outside) {
        const last = left(
          (r) => toMembers[r] + toPlants[r],
          (r) => (stages.sources[r][1] === c ? 1 : 0),
          need + usedByPlants[m],
        );
        const through = left(
          (r) => toMembers[r],
          (r) => lost.get(c)[r],
          need,
          this.of[TRANSFERRED].reduce(
            (sum, j) =>
              arrays.mineral[j] === m && arrays.year[j] === t && this.tonnes[j]
                ? sum + this.tonnes[j] * (1 - this.lostOf(m, arrays.member[j], t, lost.get(c)))
                : sum,
            0,
          ),
        );
        if (last < worst.last[0]) worst.last = [last, c];
        if (through < worst.through[0]) worst.through = [through, c];
      }
      return worst;
    });
  }
}

/** Return how many losses of a country Security tests, how many fail, and the worst of these.
 *
 * A row that allows any shortage tests nothing. A country lost by a slider is not tested again.
 */
function survival(program, settings, x, plantDemand) {
  const of = program.arrays,
    found = { tested: 0, missed: 0, worst: null };
  const { missing, share } = program.tolerances;
  const [T, J] = [program.years.length, program.members.length];
  of.lost_column.forEach((column, i) => {
    const [m, c, t] = [of.lost_mineral[i], of.lost_country[i], of.lost_year[i]];
    const most = settings.security[m] === null ? of.lost_most[i] : settings.security[m];
    let need = 0;
    for (let j = 0; j < J; j++) need += of.demand[(m * J + j) * T + t] * settings.demand[0];
    need += plantDemand[m * T + t] - usedIn(program, x, m, c, t);
    if (most > 1 - share || need <= 0 || settings.lost[c] !== null) return;
    found.tested += 1;
    if (x[column] <= missing * need) return;
    found.missed += 1;
    const more = x[column] / need;
    if (found.worst && more <= found.worst.more) return;
    found.worst = {
      more,
      most,
      short: most + more,
      mineral: program.minerals[m],
      country: program.countries[c],
      year: program.years[t],
    };
  });
  return found;
}

/** Return the tonnes of an input that plants in a country take in a year. */
function usedIn(program, x, m, land, t) {
  if (!program.stages) return 0;
  const { kind, mineral, year, plant_input } = program.arrays;
  let found = 0;
  for (let j = 0; j < program.columns; j++) {
    if (kind[j] !== TO_PLANTS && kind[j] !== TRANSFERRED) continue;
    const home = program.stages.plant_inputs[plant_input[j]][1];
    if (mineral[j] === m && year[j] === t && home === land) found += Math.max(0, x[j]);
  }
  return found;
}

// ---- the command that does the same --------------------------------------------------------------

const quoted = (text) =>
  /^[\w./-]+$/.test(text) ? text : `"${text.replace(/(["\\$`])/g, "\\$1")}"`;
const asNumber = (value) => String(Number(value.toFixed(4)));

/** Return the command that plans the workbook with the sliders' settings. */
function command(program, settings) {
  const parts = ["planner solve", quoted(program.file)];
  const whatIf = (text) => parts.push("--what-if", `"${text.replace(/(["\\$`])/g, "\\$1")}"`);
  settings.lost.forEach((is, i) => {
    if (is !== null) parts.push("--lose", program.codes[i]);
  });
  for (const name of ["demand", "budget"]) {
    if (settings[name][0] !== 1) whatIf(`scale ${name}; value=${asNumber(settings[name][0])}`);
  }
  settings.tariff.forEach((value, i) => {
    if (value !== null)
      whatIf(`raise tariff; country=${program.codes[i]}; value=${asNumber(value)}`);
  });
  const [most] = settings.security;
  if (most !== null) whatIf(`set max short; value=${asNumber(most)}`);
  const [first] = settings.cap;
  if (first !== null && settings.cap.every((value) => value === first)) {
    parts.push("--max-country-share", `${asNumber(first * 100)}%`);
  } else {
    settings.cap.forEach((value, i) => {
      const of = `set max country share; mineral=${program.minerals[i]}`;
      if (value !== null) whatIf(`${of}; value=${asNumber(value)}`);
    });
  }
  return parts.join(" ");
}

if (typeof module !== "undefined") {
  module.exports = { unpack, sha256, setTo, certify, Planner, outcome, command };
}

"use strict";
(() => {
  const root = document.documentElement;
  const parts = JSON.parse(document.getElementById("parts").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const toggle = document.getElementById("theme");
  const NUMBER = 56,
    NAMES = 210; // pixels: a bar's number, its name
  const PAPER = 680; // pixels between the margins of a printed page
  let chosen = null;
  let printing = false;

  try {
    chosen = window.localStorage.getItem("planner-theme");
  } catch (_) {
    chosen = null;
  }

  function theme() {
    const name = printing ? "light" : chosen || (dark.matches ? "dark" : "light");
    root.dataset.theme = name;
    toggle.setAttribute("aria-pressed", String(name === "dark"));
  }

  function colour(name) {
    return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  }

  // The figures say what is drawn; the page says on what ground.
  function dressed(figure, width, height) {
    const ink = colour("ink"),
      grid = colour("grid"),
      card = colour("hover");
    const layout = structuredClone(figure.layout);
    const data = structuredClone(figure.data);
    layout.width = width;
    layout.height = height;
    layout.autosize = false;
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.font = { ...layout.font, color: ink };
    layout.hoverlabel = {
      bgcolor: card,
      bordercolor: colour("muted"),
      font: { color: ink },
      align: "left",
      namelength: -1,
    };
    for (const key of Object.keys(layout)) {
      if (/^[xy]axis\d*$/.test(key)) {
        Object.assign(layout[key], {
          gridcolor: grid,
          zerolinecolor: colour("line"),
          linecolor: colour("line"),
          tickcolor: colour("line"),
        });
      }
    }
    const beside = data.filter((trace) => trace.textposition === "outside");
    if (beside.length) {
      // room for the numbers beside the bars
      const ends = [0, ...beside.flatMap((trace) => trace.x.filter((v) => v !== null))];
      const low = Math.min(...ends),
        high = Math.max(...ends);
      const sides = (low < 0) + (high > 0);
      const free = Math.max(width - NAMES, 3 * NUMBER) - sides * NUMBER;
      const room = ((high - low || 1) * NUMBER) / free;
      layout.xaxis.range = [low < 0 ? low - room : 0, high > 0 ? high + room : 0];
    }
    for (const trace of data) {
      if (trace.type === "heatmap") {
        trace.colorscale = [
          [0, colour("card")],
          [1, colour("flag")],
        ];
        trace.textfont = { ...trace.textfont, color: colour("cell") };
        Object.assign(layout.xaxis, { showgrid: false });
        Object.assign(layout.yaxis, { showgrid: false });
      }
    }
    return { data, layout };
  }

  function drawn(box, plot) {
    const room = printing ? printed(box) : box.clientWidth;
    const width = printing ? room : Math.max(room, plot.width); // paper does not scroll
    const { data, layout } = dressed(plot.figure, width, plot.height);
    box.style.height = `${plot.height}px`;
    if (width > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
    window.Plotly.purge(box); // drawn anew: changes would be animated, and a printer does not wait
    return window.Plotly.newPlot(box, data, layout, {
      displayModeBar: false,
      responsive: false,
      scrollZoom: false,
    });
  }

  function printed(box) {
    return box.closest(".plots").classList.contains("small") ? PAPER / 2 - 10 : PAPER;
  }

  function draw(part) {
    const boxes = document.querySelectorAll(`#${part.key} .plot`);
    part.plots.forEach((plot, i) => drawn(boxes[i], plot));
  }

  function all() {
    theme();
    parts.forEach(draw);
  }

  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("planner-theme", chosen);
    } catch (_) {
      /* kept for now */
    }
    all();
  });
  dark.addEventListener("change", all);
  window.addEventListener("beforeprint", () => {
    printing = true;
    all();
  });
  window.addEventListener("afterprint", () => {
    printing = false;
    all();
  });
  let waiting = 0,
    wide = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === wide) return;
    wide = window.innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!printing) parts.forEach(draw);
    }, 150);
  });
  all();
  root.dataset.drawn = "yes";
})();

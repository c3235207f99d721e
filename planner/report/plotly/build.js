// Builds plotly.min.js, the kinds of charts of a report; writes LICENSES, which lists what is in it,
// and its hash into package.json.
"use strict";
const fs = require("node:fs");
const path = require("node:path");

const { version } = require("plotly.js/package.json");
const KINDS = ["bar", "heatmap"]; // scatter is in the core
const entry = `const Plotly = require("plotly.js/lib/core");
Plotly.register([${KINDS.map((kind) => `require("plotly.js/lib/${kind}")`)}]);
module.exports = Plotly;`;

const built = require("esbuild").buildSync({
  alias: { regl: "@plotly/regl", stream: "stream-browserify" }, // as plotly.js builds itself
  banner: { js: `/* plotly.js v${version} (${KINDS.join(", ")}, scatter), MIT: see LICENSES */` },
  bundle: true,
  define: { global: "window", "define.amd": "false" },
  format: "iife",
  globalName: "Plotly",
  legalComments: "none",
  loader: { ".css": "empty" },
  metafile: true,
  minify: true,
  outfile: "plotly.min.js",
  stdin: { contents: entry, resolveDir: __dirname },
  target: "es2020",
});

const [{ inputs }] = Object.values(built.metafile.outputs);
const folders = new Set(
  Object.entries(inputs)
    .filter(([, { bytesInOutput }]) => bytesInOutput)
    .map(([file]) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)/.exec(file)?.[1])
    .filter(Boolean),
);
const texts = Array.from(folders, (folder) => {
  const of = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8"));
  const name = fs.readdirSync(folder).find((each) => /^licen[cs]e(\.|$)/i.test(each));
  const text = name ? fs.readFileSync(path.join(folder, name), "utf8").trim() : "";
  return `${of.name} ${of.version} (${of.license})\n\n${text}`.trim();
});
const rule = `\n\n${"-".repeat(100)}\n\n`;
fs.writeFileSync(
  "LICENSES",
  `${[...new Set(texts)]
    .sort()
    .join(rule)
    .replace(/\r/g, "")
    .replace(/[ \t]+$/gm, "")}\n`,
);

const own = JSON.parse(fs.readFileSync("package.json", "utf8"));
own.config = {
  sha256: require("node:crypto")
    .createHash("sha256")
    .update(fs.readFileSync("plotly.min.js"))
    .digest("hex"),
};
fs.writeFileSync("package.json", `${JSON.stringify(own, null, 2)}\n`);

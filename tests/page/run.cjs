// Plans settings with the page's own engine: node run.cjs highs.js data.json arrays.bin settings.json
"use strict";
const fs = require("node:fs");
const path = require("node:path");
const engine = require(path.join(__dirname, "../../planner/page/engine.js"));

const [loader, data, arrays, asked, seal] = process.argv.slice(2);
const read = (file) => JSON.parse(fs.readFileSync(file, "utf8"));

process.on("uncaughtException", (e) => {
  console.error(
    e.stack
      .split("\n")
      .filter((l) => l.length < 300)
      .join("\n"),
  );
  process.exit(1);
});
require(loader)().then((highs) => {
  const bytes = new Uint8Array(fs.readFileSync(arrays)).buffer;
  const program = engine.unpack(fs.readFileSync(data, "utf8"), bytes, seal);
  const planner = new engine.Planner(highs, program);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const answers = read(asked).map((settings) => {
    const began = process.cpuUsage();
    const found = planner.plan(settings),
      { user, system } = process.cpuUsage(began);
    const answer = engine.outcome(program, found, settings);
    return {
      objective: answer.objective,
      proof: answer.proof,
      how: answer.how,
      seconds: (user + system) / 1e6,
      sold: Array.from(answer.sold),
      plantDemand: Array.from(answer.plantDemand),
      stops: answer.stops,
      x: Array.from(found.x),
      paid: sum(answer.paid),
      tariffs: answer.tariffs,
      levies: answer.levies,
      short: sum(answer.short),
      command: engine.command(program, settings),
      losses: answer.losses,
    };
  });
  console.log(JSON.stringify(answers));
});

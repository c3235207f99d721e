// The worker: it answers one request at a time with a plan and its settings. Above this line are the
// loader of HiGHS and engine.js.
"use strict";

let planner = null;

async function unzipped(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

async function begin({ pageData, program, wasm, seal }) {
  const [bytes, binary] = await Promise.all([unzipped(program), unzipped(wasm)]);
  const highs = await new Promise((made, failed) => {
    const instantiateWasm = (imports, done) => {
      WebAssembly.instantiate(binary, imports).then(({ instance }) => done(instance), failed);
    };
    Module({ instantiateWasm }).then(made, failed);
  });
  planner = new Planner(highs, unpack(pageData, bytes, seal));
  return { demand: planner.program.arrays.demand };
}

function plan({ settings }) {
  const began = performance.now();
  const found = outcome(planner.program, planner.plan(settings), settings);
  return {
    ...found,
    settings,
    command: command(planner.program, settings),
    milliseconds: performance.now() - began,
  };
}

self.onmessage = async ({ data }) => {
  try {
    const made = data.wasm ? await begin(data) : plan(data);
    self.postMessage({ id: data.id, ...made });
  } catch (error) {
    self.postMessage({ id: data.id, error: String(error) });
  }
};

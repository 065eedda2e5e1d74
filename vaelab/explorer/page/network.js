// A decoder or an encoder: its program in this page, in a worker where it takes long, or Keras in the kernel.

import { compile } from "./program.js";
import { WORKER } from "./worker_source.js";

const FRAME_MS = 12; // a program that takes longer does not fit into a frame of 60 a second
const RUNS = 4; // to measure a program; the first ones are slower
const TOLERANCE = 1e-4; // relative, of outputs that Keras has given too: its float32 sums differ by up to a tenth of it

// Whether a program gives what Keras gave: examples are {inputs, outputs}, flat arrays of several points.
function agrees(run, { inputs, outputs }, size) {
  for (let at = 0, to = 0; at < inputs.length; at += size) {
    for (const output of run(inputs.subarray(at, at + size))) {
      for (let k = 0; k < output.length; k++, to++) {
        if (!(Math.abs(output[k] - outputs[to]) <= TOLERANCE * Math.max(1, Math.abs(outputs[to])))) return false;
      }
    }
  }
  return true;
}

// The shortest of some runs: others may be interrupted by something else.
function fastest(run, input) {
  let best = Infinity;
  for (let k = 0; k < RUNS && best > FRAME_MS / 2; k++) {
    const start = performance.now();
    run(input);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function startWorker(entry) {
  const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.postMessage({ program: entry.program, numbers: entry.numbers });
  return worker;
}

export class Network {
  // entry: {program, numbers, why, examples}; remote: a function (inputs, done) that asks the kernel, or null.
  constructor(entry, remote, signal) {
    this.why = entry.why ?? "";
    this.remote = remote;
    this.pending = new Map(); // channel to the latest request
    this.busy = false;
    this.mode = remote ? "kernel" : "none";
    if (entry.program) this.#start(entry, signal);
  }

  #start(entry, signal) {
    const size = entry.program.shapes[0].reduce((product, n) => product * n, 1);
    const run = compile(entry.program, entry.numbers);
    if (entry.examples && !agrees(run, entry.examples, size)) {
      this.why = "What this page computed differs from what Keras computes.";
      return;
    }
    this.run = run;
    this.mode = "page";
    this.milliseconds = fastest(run, new Float32Array(size));
    if (this.milliseconds > FRAME_MS) this.#toWorker(entry, signal);
  }

  #toWorker(entry, signal) {
    try {
      this.worker = startWorker(entry);
    } catch {
      return; // a page may forbid workers: the program then runs here, slowly
    }
    this.mode = "worker";
    this.worker.onmessage = ({ data }) => this.#finish(data);
    this.worker.onerror = () => {
      this.mode = "page";
      this.busy = false;
      this.#next();
    };
    signal?.addEventListener("abort", () => this.worker.terminate());
  }

  get works() {
    return this.mode !== "none";
  }

  // Calls done(outputs), at once if the program runs in this page. A later request of the same channel replaces one
  // that waits.
  ask(input, done, channel = "image") {
    if (this.mode === "page") return done(this.run(input));
    if (this.mode === "none") return undefined;
    this.pending.set(channel, { input: Float32Array.from(input), done });
    return this.#next();
  }

  #next() {
    if (this.busy || !this.pending.size) return;
    const [channel, request] = this.pending.entries().next().value;
    this.pending.delete(channel);
    if (this.mode === "page") {
      request.done(this.run(request.input));
      this.#next();
      return;
    }
    this.busy = true;
    this.current = request;
    if (this.mode === "worker") this.worker.postMessage({ input: request.input });
    else this.remote(request.input, (outputs) => this.#finish(outputs));
  }

  #finish(outputs) {
    this.busy = false;
    if (outputs) this.current.done(outputs);
    this.#next();
  }
}

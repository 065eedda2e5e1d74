// Runs a program beside the page: first {program, numbers}, then {input} to be answered with the outputs.

import { compile } from "./program.js";

let run = null;

self.onmessage = ({ data }) => {
  if (data.program) run = compile(data.program, data.numbers);
  else self.postMessage(run(data.input).map((output) => output.slice()));
};

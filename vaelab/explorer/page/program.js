// Runs a program (vaelab/explorer/program): the steps of a network, on flat arrays.
//
// Every operation is a function of (step, shapes of its inputs, shape of its result, its weights, the program's room for
// products) that returns a function of (inputs, result). Weights are float32, everything else is computed in double precision.

import { FUNCTIONS } from "./functions.js";
import { Room } from "./products.js";
import { convolve, pool, resize } from "./windows.js";

const size = (shape) => shape.reduce((product, n) => product * n, 1);

function dense(step, [from], to, [kernel, bias]) {
  const units = step.units,
    inputs = from[from.length - 1],
    rows = size(from) / inputs;
  return ([x], out) => {
    const sums = new Float64Array(units);
    for (let row = 0; row < rows; row++) {
      for (let u = 0; u < units; u++) sums[u] = bias ? bias[u] : 0;
      for (let k = 0; k < inputs; k++) {
        const v = x[row * inputs + k];
        if (v === 0) continue;
        for (let u = 0, w = k * units; u < units; u++, w++) sums[u] += v * kernel[w];
      }
      out.set(sums, row * units);
    }
  };
}

function rectify([x], out) {
  for (let k = 0; k < out.length; k++) out[k] = x[k] > 0 ? x[k] : 0;
}

function activation(step) {
  // By far the most frequent, and a call for each number takes five times as long.
  if (step.name === "relu" && (step.max ?? null) === null && !step.slope && !step.threshold) return rectify;
  const make = FUNCTIONS[step.name];
  if (!make) throw new Error(`The function ${step.name} is not known.`);
  const f = make(step);
  return ([x], out) => {
    for (let k = 0; k < out.length; k++) out[k] = f(x[k]);
  };
}

function affine(step, _, to, [scale, offset]) {
  const { inner } = step,
    count = scale.length;
  return ([x], out) => {
    for (let k = 0; k < out.length; k++) {
      const c = Math.floor(k / inner) % count;
      out[k] = x[k] * scale[c] + offset[c];
    }
  };
}

// Calls visit(start) for each line of `length` numbers, `inner` apart.
function lines({ outer, size: length, inner }, visit) {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * length * inner + i, o * inner + i);
}

function softmax(step) {
  const { size: length, inner } = step;
  return ([x], out) =>
    lines(step, (start) => {
      let top = -Infinity,
        sum = 0;
      for (let k = 0; k < length; k++) top = Math.max(top, x[start + k * inner]);
      for (let k = 0; k < length; k++) sum += Math.exp(x[start + k * inner] - top);
      for (let k = 0; k < length; k++) {
        const v = x[start + k * inner] - top;
        out[start + k * inner] = step.log ? v - Math.log(sum) : Math.exp(v) / sum;
      }
    });
}

function normalise(step, _, to, [gamma, beta]) {
  const { size: length, inner, epsilon, mode } = step;
  return ([x], out) =>
    lines(step, (start) => {
      let mean = 0,
        spread = 0;
      for (let k = 0; k < length; k++) mean += x[start + k * inner] / length;
      const centre = mode === "rms" ? 0 : mean;
      for (let k = 0; k < length; k++) spread += (x[start + k * inner] - centre) ** 2 / length;
      const shift = mode === "standard" ? mean : 0,
        scale = 1 / Math.sqrt(spread + epsilon);
      for (let k = 0; k < length; k++) {
        out[start + k * inner] = (x[start + k * inner] - shift) * scale * gamma[k] + beta[k];
      }
    });
}

function groupNormalise(step, _, to, [gamma, beta]) {
  const { outer, size: channels, inner, groups, epsilon } = step;
  const inGroup = channels / groups,
    count = outer * inGroup * inner;
  return ([x], out) => {
    for (let g = 0; g < groups; g++) {
      const each = (visit) => {
        for (let o = 0; o < outer; o++) {
          for (let c = g * inGroup; c < (g + 1) * inGroup; c++) {
            for (let i = 0; i < inner; i++) visit((o * channels + c) * inner + i, c);
          }
        }
      };
      let mean = 0,
        spread = 0;
      each((k) => (mean += x[k] / count));
      each((k) => (spread += (x[k] - mean) ** 2 / count));
      const scale = 1 / Math.sqrt(spread + epsilon);
      each((k, c) => (out[k] = (x[k] - mean) * scale * gamma[c] + beta[c]));
    }
  };
}

const PAIRS = {
  add: (a, b) => a + b,
  average: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  power: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
};

function combine(step) {
  const pair = PAIRS[step.kind];
  return (inputs, out) => {
    for (let k = 0; k < out.length; k++) {
      let value = inputs[0][k];
      for (let n = 1; n < inputs.length; n++) value = pair(value, inputs[n][k]);
      out[k] = step.kind === "average" ? value / inputs.length : value;
    }
  };
}

function concatenate(step, shapes) {
  const chunks = shapes.map((shape) => size(shape) / step.outer);
  return (inputs, out) => {
    let at = 0;
    for (let o = 0; o < step.outer; o++) {
      inputs.forEach((x, n) => {
        out.set(x.subarray(o * chunks[n], (o + 1) * chunks[n]), at);
        at += chunks[n];
      });
    }
  };
}

function reduce(step) {
  const { kind, size: length, inner } = step;
  const pair = { average: PAIRS.add, sum: PAIRS.add, max: Math.max, min: Math.min }[kind];
  return ([x], out) =>
    lines(step, (start, at) => {
      let value = x[start];
      for (let k = 1; k < length; k++) value = pair(value, x[start + k * inner]);
      out[at] = kind === "average" ? value / length : value;
    });
}

function gather(step, _, to, [places]) {
  return ([x], out) => {
    for (let k = 0; k < out.length; k++) out[k] = places[k] ? x[places[k] - 1] : 0;
  };
}

function prelu(step, _, to, [slope]) {
  return ([x], out) => {
    for (let k = 0; k < out.length; k++) out[k] = x[k] > 0 ? x[k] : slope[k] * x[k];
  };
}

const OPERATIONS = {
  activation,
  affine,
  combine,
  concatenate,
  dense,
  gather,
  normalise,
  pool,
  prelu,
  reduce,
  resize,
  softmax,
  constant:
    (step, _, to, [numbers]) =>
    (_inputs, out) =>
      out.set(numbers),
  conv: convolve,
  group_normalise: groupNormalise,
  reshape:
    () =>
    ([x], out) =>
      out.set(x),
};

// The weights of a program, as views of all its numbers.
function views(sizes, numbers) {
  let at = 0;
  return sizes.map((length) => numbers.subarray(at, (at += length)));
}

// A function of the inputs (flat arrays) that returns the outputs: arrays that the next call overwrites.
export function compile(header, numbers) {
  const weights = views(header.sizes, numbers);
  const room = new Room();
  const values = header.shapes.map((shape) => new Float64Array(size(shape)));
  const steps = header.steps.map((step, k) => {
    const make = OPERATIONS[step.op];
    if (!make) throw new Error(`The operation ${step.op} is not known.`);
    const to = header.inputs + k;
    const run = make(
      step,
      step.in.map((n) => header.shapes[n]),
      header.shapes[to],
      step.weights.map((n) => weights[n]),
      room,
    );
    return () =>
      run(
        step.in.map((n) => values[n]),
        values[to],
      );
  });
  room.open();
  return (...inputs) => {
    inputs.forEach((input, n) => values[n].set(input));
    for (const step of steps) step();
    return header.outputs.map((n) => values[n]);
  };
}

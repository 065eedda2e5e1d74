// Convolutions, transposed or not, and pooling: windows that slide over an image (height, width, channels).

import { makeProducts } from "./products.js";

// For each output place along one axis: [place in the kernel, place in the input] of all that reach it.
function taps({ outputs, inputs, kernel, stride, dilation, pad, transposed }) {
  return Array.from({ length: outputs }, (_, o) => {
    const found = [];
    for (let k = 0; k < kernel; k++) {
      const at = transposed ? (o + pad - k * dilation) / stride : o * stride + k * dilation - pad;
      if (Number.isInteger(at) && at >= 0 && at < inputs) found.push([k, at]);
    }
    return found;
  });
}

function axes(step, from, to) {
  const { kernel, strides, dilation = [1, 1], pad, transposed = false } = step;
  return [0, 1].map((axis) =>
    taps({
      outputs: to[axis],
      inputs: from[axis],
      kernel: kernel[axis],
      stride: strides[axis],
      dilation: dilation[axis],
      pad: pad[axis],
      transposed,
    }),
  );
}

// Two by two, the output columns that the same places of the kernel reach; what is left over stands twice in its pair.
function pairs(columns) {
  const alike = new Map();
  columns.forEach((column, o) => {
    const places = column.map(([i]) => i).join(" ");
    alike.set(places, [...(alike.get(places) ?? []), o]);
  });
  return [...alike.values()].flatMap((outputs) =>
    Array.from({ length: Math.ceil(outputs.length / 2) }, (_, n) => [
      outputs[2 * n],
      outputs[2 * n + 1] ?? outputs[2 * n],
    ]),
  );
}

// Weights are (height, width, filters, channels of a group).
export function convolve(step, [from], to, [weights, bias], room) {
  const [rows, columns] = axes(step, from, to);
  const columnPairs = pairs(columns);
  const [width, channels, filters] = [from[1], from[2], to[2]];
  const { groups, kernel } = step;
  const inGroup = channels / groups,
    outGroup = filters / groups;
  const sizes = { inputs: from[0] * width * channels, filters: outGroup, channels: inGroup };
  const { inputsAt, sumsAt, add } = makeProducts(room, weights, sizes);
  const addAll = (row, one, two, g) => {
    for (const [j, y] of row) {
      const line = y * width * channels + g * inGroup;
      one.forEach(([i, xx], c) =>
        add(line + xx * channels, line + two[c][1] * channels, (j * kernel[1] + i) * groups + g),
      );
    }
  };
  return ([x], out) => {
    const { numbers } = room,
      otherAt = sumsAt + outGroup;
    numbers.set(x, inputsAt);
    rows.forEach((row, r) => {
      for (const [one, two] of columnPairs) {
        for (let g = 0; g < groups; g++) {
          const first = g * outGroup,
            at = r * to[1] * filters + first;
          for (let f = 0; f < outGroup; f++) {
            numbers[sumsAt + f] = numbers[otherAt + f] = bias ? bias[first + f] : 0;
          }
          addAll(row, columns[one], columns[two], g);
          for (let f = 0; f < outGroup; f++) {
            out[at + one * filters + f] = numbers[sumsAt + f];
            out[at + two * filters + f] = numbers[otherAt + f];
          }
        }
      }
    });
  };
}

export function pool(step, [from], to) {
  const [rows, columns] = axes(step, from, to);
  const [width, channels] = [from[1], from[2]];
  const highest = step.kind === "max";
  return ([x], out) => {
    let at = 0;
    for (const row of rows) {
      for (const column of columns) {
        for (let c = 0; c < channels; c++) {
          let value = highest ? -Infinity : 0;
          for (const [, y] of row) {
            for (const [, xx] of column) {
              const v = x[(y * width + xx) * channels + c];
              value = highest ? Math.max(value, v) : value + v;
            }
          }
          out[at++] = highest ? value : value / (row.length * column.length);
        }
      }
    }
  };
}

// Along one axis: for each output place two input places and the share of the second.
function between(inputs, outputs, kind) {
  return Array.from({ length: outputs }, (_, o) => {
    const centre = ((o + 0.5) * inputs) / outputs;
    if (kind === "nearest") return [Math.min(Math.floor(centre), inputs - 1), 0, 0];
    const place = Math.min(Math.max(centre - 0.5, 0), inputs - 1);
    const low = Math.min(Math.floor(place), inputs - 1);
    return [low, Math.min(low + 1, inputs - 1), place - low];
  });
}

export function resize(step, [from], to) {
  const [rows, columns] = [0, 1].map((axis) => between(from[axis], to[axis], step.kind));
  const [width, channels] = [from[1], from[2]];
  return ([x], out) => {
    let at = 0;
    for (const [y0, y1, b] of rows) {
      for (const [x0, x1, a] of columns) {
        const p00 = (y0 * width + x0) * channels,
          p01 = (y0 * width + x1) * channels;
        const p10 = (y1 * width + x0) * channels,
          p11 = (y1 * width + x1) * channels;
        for (let c = 0; c < channels; c++) {
          out[at++] = (1 - b) * ((1 - a) * x[p00 + c] + a * x[p01 + c]) + b * ((1 - a) * x[p10 + c] + a * x[p11 + c]);
        }
      }
    }
  };
}

// Convolutions, transposed or not, and pooling: windows that slide over an image (height, width, channels).

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

// Adds the products of `count` input channels with the kernels of `filters` outputs; four outputs share a reading.
function accumulate(sums, filters, x, at, count, weights, start) {
  let f = 0;
  for (; f + 4 <= filters; f += 4) {
    let a = 0,
      b = 0,
      c = 0,
      d = 0;
    let w = start + f * count;
    for (let k = 0; k < count; k++, w++) {
      const v = x[at + k];
      a += v * weights[w];
      b += v * weights[w + count];
      c += v * weights[w + 2 * count];
      d += v * weights[w + 3 * count];
    }
    sums[f] += a;
    sums[f + 1] += b;
    sums[f + 2] += c;
    sums[f + 3] += d;
  }
  for (; f < filters; f++) {
    let a = 0;
    for (let k = 0, w = start + f * count; k < count; k++, w++) a += x[at + k] * weights[w];
    sums[f] += a;
  }
}

// Weights are (height, width, filters, channels of a group).
export function convolve(step, [from], to, [weights, bias]) {
  const [rows, columns] = axes(step, from, to);
  const [width, channels, filters] = [from[1], from[2], to[2]];
  const inGroup = channels / step.groups,
    outGroup = filters / step.groups;
  const sums = new Float64Array(outGroup);
  const add = (x, row, column, g) => {
    for (let r = 0; r < row.length; r++) {
      const [j, y] = row[r];
      for (let c = 0; c < column.length; c++) {
        const [i, xx] = column[c];
        const source = (y * width + xx) * channels + g * inGroup;
        accumulate(
          sums,
          outGroup,
          x,
          source,
          inGroup,
          weights,
          ((j * step.kernel[1] + i) * filters + g * outGroup) * inGroup,
        );
      }
    }
  };
  return ([x], out) => {
    let at = 0;
    for (const row of rows) {
      for (const column of columns) {
        for (let g = 0; g < step.groups; g++) {
          for (let f = 0; f < outGroup; f++) sums[f] = bias ? bias[g * outGroup + f] : 0;
          add(x, row, column, g);
          for (let f = 0; f < outGroup; f++) out[at++] = sums[f];
        }
      }
    }
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

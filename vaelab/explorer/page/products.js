// Sums of products, of which convolutions are made: four filters at a time in WebAssembly (products.wat), where a page may
// run it, and the same in JavaScript elsewhere.

import { CODE } from "./products_code.js";

const BYTES = Float64Array.BYTES_PER_ELEMENT;
const PAGE = 65536; // bytes of memory that WebAssembly hands out at once

// What products.wat does, on the same numbers; here all places count numbers.
function inJavaScript(numbers) {
  return (sums, filters, one, two, channels, weights) => {
    for (let f = 0, w = weights; f + 4 <= filters; f += 4) {
      let a1 = 0,
        b1 = 0,
        c1 = 0,
        d1 = 0,
        a2 = 0,
        b2 = 0,
        c2 = 0,
        d2 = 0;
      for (let k = 0; k < channels; k++, w += 4) {
        const v1 = numbers[one + k],
          v2 = numbers[two + k];
        a1 += v1 * numbers[w];
        b1 += v1 * numbers[w + 1];
        c1 += v1 * numbers[w + 2];
        d1 += v1 * numbers[w + 3];
        a2 += v2 * numbers[w];
        b2 += v2 * numbers[w + 1];
        c2 += v2 * numbers[w + 2];
        d2 += v2 * numbers[w + 3];
      }
      const s = sums + f,
        t = s + filters;
      numbers[s] += a1;
      numbers[s + 1] += b1;
      numbers[s + 2] += c1;
      numbers[s + 3] += d1;
      numbers[t] += a2;
      numbers[t + 1] += b2;
      numbers[t + 2] += c2;
      numbers[t + 3] += d2;
    }
  };
}

function inWebAssembly(memory) {
  const code = new WebAssembly.Module(Uint8Array.from(atob(CODE), (c) => c.charCodeAt(0)));
  const { add } = new WebAssembly.Instance(code, { page: { memory } }).exports;
  return (sums, filters, one, two, channels, weights) =>
    add(sums * BYTES, filters, one * BYTES, two * BYTES, channels, weights * BYTES);
}

// The numbers of all convolutions of a program, in one memory: a page may only have so many.
export class Room {
  #size = 0;
  #waiting = [];

  // A place for so many numbers; once there is a room, `fill` is called.
  take(count, fill = () => {}) {
    this.#size += count;
    this.#waiting.push(fill);
    return this.#size - count;
  }

  open() {
    if (!this.#size) return; // no convolution
    try {
      const memory = new WebAssembly.Memory({ initial: Math.ceil((this.#size * BYTES) / PAGE) });
      this.fours = inWebAssembly(memory);
      this.numbers = new Float64Array(memory.buffer);
    } catch {
      this.numbers = new Float64Array(this.#size); // no WebAssembly, or none with vectors, or this page forbids it
      this.fours = inJavaScript(this.numbers);
    }
    for (const fill of this.#waiting) fill();
  }
}

// The weights of each kernel place and group, (filters, channels): four filters side by side for each channel, then those
// that are left over, one by one.
function packed(weights, filters, channels) {
  const ordered = new Float64Array(weights.length);
  let to = 0;
  for (let start = 0; start < weights.length; start += filters * channels) {
    for (let f = 0, side; f < filters; f += side) {
      side = f + 4 <= filters ? 4 : 1;
      for (let k = 0; k < channels; k++) {
        for (let lane = 0; lane < side; lane++) ordered[to++] = weights[start + (f + lane) * channels + k];
      }
    }
  }
  return ordered;
}

// For weights in chunks of (filters, channels): where in the room the `inputs` and the sums are, and a function that adds to
// the sums, first of all filters at one place of the inputs, then at another, the products of a chunk with the `channels`
// numbers from there on.
export function makeProducts(room, raw, { inputs, filters, channels }) {
  const inputsAt = room.take(inputs),
    sumsAt = room.take(2 * filters);
  const weightsAt = room.take(raw.length, () => room.numbers.set(packed(raw, filters, channels), weightsAt));
  const inFours = filters - (filters % 4);
  const add = (one, two, chunk) => {
    const { numbers, fours } = room,
      start = weightsAt + chunk * filters * channels;
    if (inFours) fours(sumsAt, filters, inputsAt + one, inputsAt + two, channels, start);
    for (let f = inFours, w = start + inFours * channels; f < filters; f++) {
      let a1 = 0,
        a2 = 0;
      for (let k = 0; k < channels; k++, w++) {
        a1 += numbers[inputsAt + one + k] * numbers[w];
        a2 += numbers[inputsAt + two + k] * numbers[w];
      }
      numbers[sumsAt + f] += a1;
      numbers[sumsAt + filters + f] += a2;
    }
  };
  return { inputsAt, sumsAt, add };
}

// The prior N(0, 1), and nats.

import { erf } from "./functions.js";

export const PIXEL_LIMIT = 1e-7; // predictions are kept this far from 0 and 1, as vaelab.metrics does

export const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

export function normalCdf(x) {
  return (1 + erf(x / Math.SQRT2)) / 2;
}

// By bisection: sixty halvings of [-10, 10] reach the last digit, in microseconds.
export function normalQuantile(p) {
  let low = -10,
    high = 10;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// A draw from N(0, 1), by Box and Muller's transformation.
export function drawNormal(random = Math.random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// Bernoulli cross-entropy of an image under predicted probabilities, summed over pixels, in nats.
export function bernoulliNll(x, p) {
  let nats = 0;
  for (let k = 0; k < x.length; k++) {
    const q = clamp(p[k], PIXEL_LIMIT, 1 - PIXEL_LIMIT);
    nats -= x[k] * Math.log(q) + (1 - x[k]) * Math.log1p(-q);
  }
  return nats;
}

// KL from N(mean, exp logVar) to N(0, 1) of each dimension, in nats (Kingma and Welling 2014, appendix B).
export function klByDimension({ mean, logVar }) {
  return Array.from(mean, (m, k) => 0.5 * (m * m + Math.exp(logVar[k]) - 1 - logVar[k]));
}

export function deviations(posterior) {
  return Array.from(posterior.logVar, (v) => Math.exp(v / 2));
}

export function squaredDistance(a, b, at = 0) {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k] - b[at + k]) ** 2;
  return sum;
}

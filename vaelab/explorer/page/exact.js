// The exact posterior of an image over a plane of codes, and log p(x): decoded in this page, finer where it has its mass.
//
// p(x) is the sum of p(x, z) over square cells. Cells that hold some of it are cut in four until the sum has settled
// (vaelab/evidence does the same, with tighter bounds, in Python).

import { clamp, deviations, PIXEL_LIMIT } from "./maths.js";

const EXTENT = 7; // codes from -7 to 7 in both dimensions
const COARSE = 0.25; // side of the first cells
const LEVELS = 6; // down to 1/128
const SLACK = 9; // nats below log p(x): a cell that may hold less than this is not cut
const SETTLED = 0.02; // nats between the sums of two levels
const OUTSIDE = 1e-3; // share of p(x) along the edge that is borne
const KEPT = 20000; // decoded cells, of 3 kB each for 784 pixels
const BREATH_MS = 10; // of work before the page may do something else
const NODES = [-2.8569700138728, -1.3556261799743, 0, 1.3556261799743, 2.8569700138728]; // Gauss and Hermite's, of N(0, 1)
const WEIGHTS = [0.0112574113277207, 0.222075922005613, 0.533333333333333, 0.222075922005613, 0.0112574113277207];

const logPrior = (z) => -0.5 * (z[0] ** 2 + z[1] ** 2) - Math.log(2 * Math.PI);

function logSum(values) {
  const top = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

// log p(x|z) is logits · x + constant for every image x.
function asLogits(decoded) {
  const logits = new Float32Array(decoded.length);
  let constant = 0;
  for (let k = 0; k < decoded.length; k++) {
    const p = clamp(decoded[k], PIXEL_LIMIT, 1 - PIXEL_LIMIT);
    const black = Math.log1p(-p);
    logits[k] = Math.log(p) - black;
    constant += black;
  }
  return { logits, constant };
}

function logLikelihood({ logits, constant }, x) {
  let sum = constant;
  for (let k = 0; k < x.length; k++) sum += logits[k] * x[k];
  return sum;
}

class Stopped extends Error {}

export class Plane {
  #decoded = new Map(); // cells by level and place
  #run = null;

  constructor(network) {
    this.network = network;
  }

  // {cells: [{z, side, density}], logP, gap} of an image and its q(z|x); null if another call came in between.
  // Calls progress(share) while the first cells are being decoded.
  async posterior(x, q, progress) {
    const run = { started: performance.now() };
    this.#run = run;
    try {
      const { cells, logP } = await this.#integral(run, x, progress);
      const elbo = await this.#elbo(run, x, q);
      if (
        this.#mass(cells.filter(({ z, side }) => Math.max(...z.map(Math.abs)) > EXTENT - side)) >
        logP + Math.log(OUTSIDE)
      ) {
        return { cells: [], logP: null, gap: null };
      }
      const found = cells.map(({ z, side, f }) => ({ z, side, density: Math.exp(f - logP) }));
      return { cells: found, logP, gap: logP - elbo };
    } catch (error) {
      if (error instanceof Stopped) return null;
      throw error;
    }
  }

  #mass(cells) {
    return cells.length ? logSum(cells.map(({ f, side }) => f + 2 * Math.log(side))) : -Infinity;
  }

  async #integral(run, x, progress) {
    const across = (2 * EXTENT) / COARSE;
    let open = [];
    for (let k = 0; k < across * across; k++) {
      open.push(await this.#cell(run, x, 0, k % across, Math.floor(k / across)));
      if (k % 50 === 0) progress?.(k / (across * across));
    }
    peaks(open, across);
    const done = [];
    let logP = this.#mass(open);
    for (let level = 1; level <= LEVELS; level++) {
      const wanted = (cell) => (cell.peak ?? cell.f) + 2 * Math.log(cell.side) > logP - SLACK;
      const cut = open.filter(wanted);
      done.push(...open.filter((cell) => !wanted(cell)));
      open = [];
      for (const { i, j } of cut) {
        for (const [a, b] of [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ])
          open.push(await this.#cell(run, x, level, 2 * i + a, 2 * j + b));
      }
      const before = logP;
      logP = this.#mass([...done, ...open]);
      if (level > 1 && Math.abs(logP - before) < SETTLED) break;
    }
    return { cells: [...done, ...open], logP };
  }

  async #cell(run, x, level, i, j) {
    const side = COARSE / 2 ** level,
      z = [(i + 0.5) * side - EXTENT, (j + 0.5) * side - EXTENT];
    const key = `${level} ${i} ${j}`;
    let known = this.#decoded.get(key);
    if (!known) {
      known = asLogits(await this.#decode(run, z));
      if (this.#decoded.size >= KEPT) this.#decoded.delete([...this.#decoded.keys()].find((name) => name[0] !== "0"));
      this.#decoded.set(key, known);
    }
    return { i, j, z, side, f: logLikelihood(known, x) + logPrior(z) };
  }

  async #decode(run, z) {
    if (performance.now() - run.started > BREATH_MS) {
      await new Promise((go) => setTimeout(go));
      run.started = performance.now();
    }
    if (this.#run !== run) throw new Stopped();
    return new Promise((done) => this.network.ask(z, ([values]) => done(values), "exact"));
  }

  // Of q(z|x), by quadrature with 25 codes.
  async #elbo(run, x, q) {
    const sigma = deviations(q);
    let sum = 1 + 0.5 * (q.logVar[0] + q.logVar[1]) + Math.log(2 * Math.PI); // the entropy of q
    for (let a = 0; a < NODES.length; a++) {
      for (let b = 0; b < NODES.length; b++) {
        const z = [q.mean[0] + sigma[0] * NODES[a], q.mean[1] + sigma[1] * NODES[b]];
        const f = logLikelihood(asLogits(await this.#decode(run, z)), x) + logPrior(z);
        sum += WEIGHTS[a] * WEIGHTS[b] * f;
      }
    }
    return sum;
  }
}

// Gives the first cells `peak`: what log p(x, z) may reach between their code and its neighbours.
function peaks(cells, across) {
  const f = (i, j) => cells[j * across + i]?.f;
  for (const cell of cells) {
    let rise = 0;
    for (const [di, dj] of [
      [1, 0],
      [0, 1],
    ]) {
      const [low, high] = [
        [cell.i - di, cell.j - dj],
        [cell.i + di, cell.j + dj],
      ];
      if (Math.min(...low) < 0 || Math.max(...high) >= across) continue;
      rise += Math.abs(f(...low) + f(...high) - 2 * cell.f) / 4;
    }
    cell.peak = cell.f + rise;
  }
}

// The lowest density inside the smallest region that holds this share of a posterior.
export function contour(cells, share) {
  let held = 0;
  for (const { density, side } of [...cells].sort((a, b) => b.density - a.density)) {
    held += density * side * side;
    if (held >= share) return density;
  }
  return 0;
}

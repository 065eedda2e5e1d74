// The reparameterisation trick under the hand: q(z|x) and a draw of epsilon make z, and z an image.

import { button, element, fixed, pixelCanvas, signed } from "./dom.js";
import { bernoulliNll, clamp, deviations, drawNormal, klByDimension } from "./maths.js";

const SHOWN = 4; // dimensions written out
const LIKELY = 4; // of all draws, 0.006 % have a larger epsilon in a dimension

// z = z_mean + sigma * epsilon, and the epsilon that leads to a z.
export function reparameterise({ mean, logVar }, epsilon) {
  const sigma = deviations({ logVar });
  return Array.from(mean, (m, k) => m + sigma[k] * epsilon[k]);
}

export function noiseOf(posterior, z) {
  const sigma = deviations(posterior);
  return Array.from(posterior.mean, (m, k) => (z[k] - m) / sigma[k]);
}

const list = (numbers) =>
  Array.from(numbers)
    .slice(0, SHOWN)
    .map((v) => signed(v))
    .join("  ") + (numbers.length > SHOWN ? "  …" : "");

function box(title, ...parts) {
  const value = element("span", { class: "vl-value" });
  const root = element("div", { class: "vl-box" }, element("span", { class: "vl-symbol" }, title), value, ...parts);
  root.write = (text) => (value.textContent = text);
  return root;
}

const arrow = (text) => element("span", { class: "vl-arrow", "aria-hidden": "true" }, text);

function diagram(shape) {
  const parts = {
    x: pixelCanvas(shape, { class: "vl-small" }),
    decoded: pixelCanvas(shape, { class: "vl-small" }),
    mean: box("z_mean"),
    sigma: box("σ"),
    epsilon: box("ε ~ N(0, I)"),
    z: box("z = z_mean + σ · ε"),
  };
  const column = (...children) => element("div", { class: "vl-column" }, ...children);
  parts.root = element(
    "div",
    { class: "vl-diagram" },
    column(parts.x, element("span", {}, "x")),
    arrow("→"),
    column(parts.mean, parts.sigma, parts.epsilon),
    arrow("→"),
    column(parts.z),
    arrow("→"),
    column(parts.decoded, element("span", {}, "p(x|z)")),
  );
  return parts;
}

// A running mean of the reconstruction over the draws of one posterior.
class Draws {
  posterior = null;
  nats = [];

  add(posterior, nats) {
    if (posterior !== this.posterior) Object.assign(this, { posterior, nats: [] });
    this.nats.push(nats);
  }

  of(posterior) {
    return posterior === this.posterior ? this.nats : [];
  }
}

function words(posterior, epsilon, nats, draws) {
  const kl = klByDimension(posterior).reduce((a, b) => a + b, 0);
  const lines = [element("span", {}, `KL: ${fixed(kl)} nats, the same for every ε`)];
  if (nats !== null) {
    lines.push(
      element("span", {}, `Reconstruction at this z: ${fixed(nats, 1)} nats`),
      element("b", {}, `−ELBO with this ε: ${fixed(nats + kl, 1)} nats`),
    );
  }
  if (epsilon.some((e) => Math.abs(e) > LIKELY))
    lines.push(element("span", {}, "This z lies so far out that q(z|x) practically never draws it."));
  if (draws.length > 1) {
    const mean = draws.reduce((a, b) => a + b, 0) / draws.length;
    lines.push(element("span", {}, `Mean −ELBO of ${draws.length} draws: ${fixed(mean + kl, 1)} nats`));
  }
  return lines;
}

export function makeDrawCard(store, contents, random = Math.random) {
  const parts = diagram(contents.shape),
    sum = element("p", { class: "vl-sum vl-lines" }),
    draws = new Draws();
  let drawn = false; // whether the next image that is decoded belongs to a new draw
  const move = (noise) => {
    const posterior = store.get("posterior");
    if (!posterior) return;
    drawn = true;
    const z = reparameterise(posterior, Array.from(posterior.mean, noise));
    store.set({ z: z.map((v) => clamp(v, -contents.limit, contents.limit)) });
  };
  const show = () => {
    const [posterior, image, z] = ["posterior", "image", "z"].map((name) => store.get(name));
    const decoded = store.get("decoded")[store.get("active")];
    root.hidden = !posterior;
    if (!posterior || !decoded) return;
    const nats = image.values ? bernoulliNll(image.values, decoded) : null;
    parts.mean.write(list(posterior.mean));
    parts.sigma.write(
      Array.from(deviations(posterior))
        .slice(0, SHOWN)
        .map((v) => fixed(v))
        .join("  "),
    );
    const epsilon = noiseOf(posterior, z);
    parts.epsilon.write(list(epsilon));
    parts.z.write(list(z));
    if (image.values) parts.x.show(image.values, image.name);
    parts.decoded.show(decoded, "The image decoded from z");
    sum.replaceChildren(...words(posterior, epsilon, nats, draws.of(posterior)));
  };
  const arrived = () => {
    const posterior = store.get("posterior"),
      image = store.get("image"),
      decoded = store.get("decoded")[store.get("active")];
    if (drawn && posterior && image?.values) draws.add(posterior, bernoulliNll(image.values, decoded));
    drawn = false;
    show();
  };
  const root = element(
    "section",
    { class: "vl-card", hidden: "" },
    element("h2", { class: "vl-title" }, "A draw from q(z|x)"),
    element(
      "div",
      { class: "vl-row" },
      button("Resample ε", "Draw ε from N(0, I) again", () => move(() => drawNormal(random))),
      button("ε = 0", "Take z at z_mean", () => move(() => 0)),
    ),
    parts.root,
    sum,
  );
  store.on("decoded", arrived);
  store.on("posterior image active", show);
  return root;
}

// The way between two images: a straight line in latent space beside a cross-fade of pixels.

import { labelOf, posteriorOf } from "./contents.js";
import { button, element, figure, pixelCanvas } from "./dom.js";
import { squaredDistance } from "./maths.js";

const STEPS = 40;
const FRAME_MS = 100;

const between = (a, b, t) => Array.from(a, (v, k) => (1 - t) * v + t * b[k]);

// To begin with: the image in hand, and of those on the map the one that is farthest from it.
function firstEnds(contents, start) {
  const { mean } = contents.decoders.find(({ posterior }) => posterior).posterior;
  const d = contents.latentDim,
    from = mean.subarray(start * d, (start + 1) * d);
  let end = start,
    most = -1;
  for (let row = 0; row < mean.length / d; row++) {
    const onMap = mean.subarray(row * d, (row + 1) * d).every((v) => Math.abs(v) < contents.limit);
    const distance = squaredDistance(from, mean, row * d);
    if (onMap && contents.images.has(row) && distance > most) [end, most] = [row, distance];
  }
  return [start, end];
}

class Path {
  constructor(store, contents, networks) {
    Object.assign(this, { store, contents, networks, timer: 0 });
    this.indices = firstEnds(contents, store.get("image").index);
    const canvas = () => pixelCanvas(contents.shape);
    this.canvases = { start: canvas(), line: canvas(), fade: canvas(), end: canvas() };
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: STEPS,
      step: 1,
      value: 0,
      "aria-label": "Place along the path",
    });
    this.slider.addEventListener("input", () => this.along());
    this.player = button("Play", "Walk along the path", () => (this.timer ? this.stop() : this.play()));
    this.root = this.#makeRoot();
  }

  #makeRoot() {
    const { start, line, fade, end } = this.canvases;
    const set = (which) => () => {
      const { index } = this.store.get("image");
      if (index === null || !this.contents.images.has(index)) return;
      this.indices[which] = index;
      this.stop();
      this.slider.value = 0;
      this.show();
    };
    return element(
      "section",
      { class: "vl-card" },
      element("h2", { class: "vl-title" }, "Between two images"),
      element(
        "div",
        { class: "vl-row" },
        button("From this image", "Start the path at the picked image", set(0)),
        button("To this image", "End the path at the picked image", set(1)),
      ),
      element("div", { class: "vl-row" }, this.player, this.slider),
      element(
        "div",
        { class: "vl-figures" },
        figure(start, "from", 56),
        figure(line, "line in latent space", 116),
        figure(fade, "cross-fade of pixels", 116),
        figure(end, "to", 56),
      ),
    );
  }

  get share() {
    return Number(this.slider.value) / STEPS;
  }

  get ends() {
    const found = this.indices.map((index) => posteriorOf(this.contents, this.store.get("active"), index)?.mean);
    return found.every(Boolean) ? found : null;
  }

  along() {
    if (this.ends) this.store.set({ z: between(...this.ends, this.share) });
    this.show();
  }

  play() {
    if (this.share === 1) this.slider.value = 0;
    this.player.textContent = "Pause";
    this.timer = setInterval(() => {
      this.slider.value = Number(this.slider.value) + 1;
      this.along();
      if (this.share === 1) this.stop();
    }, FRAME_MS);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    this.player.textContent = "Play";
  }

  show() {
    const { contents, canvases, share, ends } = this;
    const percent = `${Math.round(100 * share)}%`;
    const [a, b] = this.indices.map((index) => contents.images.image(index));
    const name = (index) => `test image ${index}, ${labelOf(contents, index)}`;
    canvases.start.show(a, `Start: ${name(this.indices[0])}`);
    canvases.end.show(b, `End: ${name(this.indices[1])}`);
    canvases.fade.show(between(a, b, share), `Mixture of the two images, ${percent} of the second`);
    this.slider.setAttribute("aria-valuetext", percent);
    canvases.line.parentElement.hidden = !ends;
    this.store.set({ ends });
    if (!ends) return;
    this.networks.decoders[this.store.get("active")].ask(
      between(...ends, share),
      ([values]) => canvases.line.show(values, `Decoded ${percent} of the way, straight in latent space`),
      "path",
    );
  }
}

export function makePathCard(store, contents, networks, signal) {
  const path = new Path(store, contents, networks);
  store.on("active", () => path.show());
  signal?.addEventListener("abort", () => path.stop());
  path.show();
  return path.root;
}

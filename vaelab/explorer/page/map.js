// The map of the latent space: points or decoded images, the legend, the pointer and the keys.

import { element, labelled, pixelCanvas, place, sharpCanvas } from "./dom.js";
import { FRAME, geometry, SIZE } from "./geometry.js";
import { clip, drawAxes, drawBorder, drawCross, drawEllipse, drawExact, drawPath, drawPoints } from "./map_drawing.js";
import { marker } from "./markers.js";
import { deviations, squaredDistance } from "./maths.js";
import { stepped, units } from "./sliders.js";

const TILES = 13; // decoded images across a map that has no points
const TILE_MS = 8; // of every frame, while they are being decoded

const pick = (vector, axes) => axes.map((axis) => vector[axis]);

class Map2D {
  constructor(store, contents, networks) {
    Object.assign(this, { store, contents, networks, hidden: new Set() });
    [this.base, this.under] = sharpCanvas(SIZE, SIZE);
    [this.overlay, this.over] = sharpCanvas(SIZE, SIZE);
    this.overlay.classList.add("vl-overlay");
    this.plot = element(
      "div",
      { class: "vl-plot", tabindex: "0", role: "application", "aria-roledescription": "map" },
      this.base,
      this.overlay,
    );
    this.legend = element("div", { class: "vl-legend", role: "group", "aria-label": "Classes on the map" });
    this.root = element("div", { class: "vl-map" }, this.plot, ...this.#axesChoice(), this.legend);
    store.on("unit active axes", () => this.drawBase(), { now: false });
    store.on("unit active axes z posterior ends exact", () => this.drawOverlay());
    store.on("active", () => this.drawLegend());
  }

  get frame() {
    return geometry(this.contents.limit, this.store.get("unit"));
  }

  get posterior() {
    return this.contents.decoders[this.store.get("active")].posterior;
  }

  #axesChoice() {
    const { latentDim } = this.contents;
    if (latentDim < 3) return [];
    const selects = ["Across", "Up"].map((name, which) => {
      const options = Array.from({ length: latentDim }, (_, k) => element("option", { value: k }, `z${k + 1}`));
      const select = element("select", {}, ...options);
      select.value = this.store.get("axes")[which];
      select.addEventListener("change", () => {
        const axes = [...this.store.get("axes")];
        axes[which] = Number(select.value);
        this.store.set({ axes });
      });
      return labelled(name, select);
    });
    return [element("div", { class: "vl-row" }, ...selects)];
  }

  drawBase() {
    const { store, contents, under: c, frame } = this;
    const axes = store.get("axes");
    const title = (axis) => (store.get("unit") === "quantile" ? `quantile of z${axis + 1}` : `z${axis + 1}`);
    drawAxes(c, frame, axes.map(title), getComputedStyle(this.root).color);
    this.tiling = null;
    if (this.posterior) {
      const { labels, classes, latentDim: dimensions, limit } = contents;
      const what = { codes: this.posterior.mean, dimensions, labels, classes, hidden: this.hidden, axes, limit };
      clip(c, () => drawPoints(c, frame, what));
    } else if (axes.length > 1) this.#drawTiles();
    drawBorder(c);
  }

  // Without points the map shows what is decoded where: as many images a frame as there is time for.
  #drawTiles() {
    const network = this.networks.decoders[this.store.get("active")];
    if (network.mode !== "page" && network.mode !== "worker") return;
    const tile = pixelCanvas(this.contents.shape);
    const centre = Math.floor(TILES / 2);
    const places = Array.from({ length: TILES * TILES }, (_, k) => [k % TILES, Math.floor(k / TILES)]).sort(
      (a, b) => Math.hypot(a[0] - centre, a[1] - centre) - Math.hypot(b[0] - centre, b[1] - centre),
    );
    const tiling = (this.tiling = {});
    const [width, height] = [FRAME.width / TILES, FRAME.height / TILES];
    const next = (start) => {
      if (this.tiling !== tiling || !places.length) return;
      const [column, row] = places.shift();
      const z = new Array(this.contents.latentDim).fill(0);
      const [u, v] = this.frame.at(FRAME.left + (column + 0.5) * width, FRAME.top + (row + 0.5) * height);
      [z[this.store.get("axes")[0]], z[this.store.get("axes")[1]]] = [u, v];
      network.ask(
        z,
        ([values]) => {
          if (this.tiling !== tiling) return;
          tile.show(values);
          clip(this.under, () =>
            this.under.drawImage(tile, FRAME.left + column * width, FRAME.top + row * height, width, height),
          );
          drawBorder(this.under);
          if (performance.now() - start < TILE_MS) next(start);
          else requestAnimationFrame(() => next(performance.now()));
        },
        "tiles",
      );
    };
    requestAnimationFrame(() => next(performance.now()));
  }

  drawOverlay() {
    const { store, over: c, frame, contents } = this;
    const axes = store.get("axes"),
      z = store.get("z"),
      posterior = store.get("posterior");
    c.clearRect(0, 0, SIZE, SIZE);
    clip(c, () => {
      if (store.get("exact")) drawExact(c, frame, store.get("exact").cells, axes);
      if (store.get("ends"))
        drawPath(
          c,
          frame,
          store.get("ends").map((end) => pick(end, axes)),
        );
      if (posterior) {
        const mean = pick(posterior.mean, axes);
        drawPath(c, frame, [mean, pick(z, axes)], [2, 3]);
        drawEllipse(c, frame, mean, pick(deviations(posterior), axes), contents.limit);
      }
      drawCross(c, frame, pick(z, axes));
    });
    this.plot.setAttribute("aria-label", `Map of the latent space; the point is at ${place(z)}. Arrow keys move it.`);
  }

  drawLegend() {
    const { classes } = this.contents;
    this.legend.replaceChildren();
    if (!this.posterior || classes.length < 2) return;
    classes.forEach(({ name, colour, marker: kind }, index) => {
      const [swatch, context] = sharpCanvas(14, 14);
      swatch.setAttribute("aria-hidden", "true");
      context.fillStyle = colour;
      marker(context, kind, 7, 7, 4.2);
      const toggle = element(
        "button",
        { type: "button", class: "vl-class", title: "Show or hide this class" },
        swatch,
        name,
      );
      toggle.setAttribute("aria-pressed", String(!this.hidden.has(index)));
      toggle.addEventListener("click", () => {
        if (!this.hidden.delete(index)) this.hidden.add(index);
        toggle.setAttribute("aria-pressed", String(!this.hidden.has(index)));
        this.drawBase();
      });
      this.legend.append(toggle);
    });
  }

  // The latent point under the pointer: the dimensions that the map does not show stay where they are.
  pointed(event) {
    const box = this.plot.getBoundingClientRect();
    const scale = SIZE / box.width;
    const at = this.frame.at((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    const z = [...this.store.get("z")];
    this.store.get("axes").forEach((axis, k) => (z[axis] = at[k]));
    return z;
  }

  nearest(z) {
    const { latentDim } = this.contents,
      { mean } = this.posterior;
    let best = 0,
      least = Infinity;
    for (let row = 0; row < mean.length / latentDim; row++) {
      const distance = squaredDistance(z, mean, row * latentDim);
      if (distance < least) [best, least] = [row, distance];
    }
    return best;
  }
}

function listen(map, pickImage) {
  const { plot, store, contents } = map;
  const choose = (z) => map.posterior && pickImage(map.nearest(z));
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    store.set({ z: map.pointed(event) });
  });
  plot.addEventListener("pointermove", (event) => {
    if (plot.hasPointerCapture(event.pointerId)) store.set({ z: map.pointed(event) });
  });
  plot.addEventListener("dblclick", (event) => choose(map.pointed(event)));
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };
    if (event.key === "Enter") choose(store.get("z"));
    else if (event.key in steps) {
      const [which, sign] = steps[event.key];
      const axis = store.get("axes")[which];
      if (axis === undefined) return;
      const unit = units(contents.limit)[store.get("unit")];
      store.set({ z: stepped(store.get("z"), axis, sign * (event.shiftKey ? 5 : 1), unit, contents.limit) });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// pickImage(index): called when an image is chosen on the map. The result is the map's element and draw().
export function makeMap(store, contents, networks, pickImage) {
  const map = new Map2D(store, contents, networks);
  listen(map, pickImage);
  return {
    root: map.root,
    draw() {
      map.drawBase();
      map.drawOverlay();
      map.drawLegend();
    },
  };
}

// The explorer's stage: a map of the latent space beside the decoded image(s).
//
// The point z lives here. Sliders are ipywidgets models, which are listened to and written
// to directly, so that no step of a slider waits for the kernel. In two dimensions the image
// is blended from a grid of decoded images as soon as z moves, and replaced by the kernel's
// exact one when z rests; without a grid the kernel decodes every step.
//
// Messages to the kernel:  {kind: "hello", view}                -> points, please, and grids made so far
//                          {kind: "work", view}                 -> some work on the next grid
//                          {kind: "decode", view, ticket, z, rest} -> the exact images at z
//                          {kind: "pick", z}                    -> choose the test image nearest to z
// Messages from it:        {kind: "points", count} [float32 z_mean, uint8 labels]
//                          {kind: "grid", decoder, n, warp, error} [uint8 pixels], rows are z2
//                          {kind: "working", view}: there may be more grids to come; {kind: "done"}
//                          {kind: "exact", view, ticket} [uint8 pixels of each decoder]

const REST_MS = 50; // after this long without movement z counts as resting
const SILENCE_MS = 15000; // after this long without an answer there is no kernel
const MAP = { size: 400, left: 34, right: 8, top: 8, bottom: 30 }; // CSS pixels
const TILES = 13; // decoded images across a map that has no points
const ELLIPSE_STEPS = 72;

const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

// The prior's distribution function and its inverse --------------------------------------

function normalCdf(x) {
  // Complementary error function by Chebyshev fit; relative error below 1.2e-7
  // (Press et al., Numerical Recipes, section 6.2).
  const v = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + v / 2);
  const series =
    -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 +
    t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  const tail = (t * Math.exp(-v * v + series)) / 2;
  return x >= 0 ? 1 - tail : tail;
}

function normalQuantile(p) {
  // Bisection: sixty halvings of [-10, 10] reach the last digit, in microseconds.
  let low = -10, high = 10;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalCdf(middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

// Pixels ---------------------------------------------------------------------------------

function blend(grid, limit, z, out) {
  const { n, warp, pixels } = grid;
  const size = out.length;
  const place = (v) => {
    const share = Math.asinh((clamp(v, -limit, limit) * Math.sinh(warp)) / limit) / warp;
    const t = ((share + 1) / 2) * (n - 1);
    const low = Math.min(Math.floor(t), n - 2);
    return [low, t - low];
  };
  const [i, a] = place(z[0]);
  const [j, b] = place(z[1]);
  const p00 = (j * n + i) * size, p01 = p00 + size, p10 = p00 + n * size, p11 = p10 + size;
  const w00 = (1 - a) * (1 - b), w01 = a * (1 - b), w10 = (1 - a) * b, w11 = a * b;
  // Uint8ClampedArray rounds to the nearest.
  for (let k = 0; k < size; k++) {
    out[k] = w00 * pixels[p00 + k] + w01 * pixels[p01 + k] + w10 * pixels[p10 + k] + w11 * pixels[p11 + k];
  }
}

function paint(screen, pixels) {
  const { context, image, channels } = screen;
  const rgba = image.data;
  for (let k = 0, at = 0; k < pixels.length; k += channels, at += 4) {
    rgba[at] = pixels[k];
    rgba[at + 1] = pixels[channels === 3 ? k + 1 : k];
    rgba[at + 2] = pixels[channels === 3 ? k + 2 : k];
    rgba[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// Markers, named as in matplotlib --------------------------------------------------------

const POLYGONS = {
  s: [[-1, -1], [1, -1], [1, 1], [-1, 1]],
  "^": [[0, -1.2], [1.1, 0.9], [-1.1, 0.9]],
  v: [[0, 1.2], [1.1, -0.9], [-1.1, -0.9]],
  "<": [[-1.2, 0], [0.9, -1.1], [0.9, 1.1]],
  ">": [[1.2, 0], [-0.9, -1.1], [-0.9, 1.1]],
  D: [[0, -1.35], [1.35, 0], [0, 1.35], [-1.35, 0]],
  P: [[-0.45, -1.3], [0.45, -1.3], [0.45, -0.45], [1.3, -0.45], [1.3, 0.45], [0.45, 0.45],
      [0.45, 1.3], [-0.45, 1.3], [-0.45, 0.45], [-1.3, 0.45], [-1.3, -0.45], [-0.45, -0.45]],
  "|": [[-0.35, -1.5], [0.35, -1.5], [0.35, 1.5], [-0.35, 1.5]],
};
POLYGONS.X = POLYGONS.P.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
POLYGONS["*"] = Array.from({ length: 10 }, (_, k) => {
  const radius = k % 2 ? 0.65 : 1.55;
  const angle = (k * Math.PI) / 5;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
});

function marker(context, kind, x, y, r) {
  context.beginPath();
  const polygon = POLYGONS[kind];
  if (!polygon) context.arc(x, y, r, 0, 2 * Math.PI);
  else polygon.forEach(([u, v], k) => context[k ? "lineTo" : "moveTo"](x + u * r, y + v * r));
  context.closePath();
  context.fill();
}

// DOM ------------------------------------------------------------------------------------

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function sharpCanvas(width, height) {
  const ratio = Math.max(window.devicePixelRatio || 1, 1);
  const canvas = element("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return [canvas, context];
}

const PLAYER = [["play", "Play"], ["pause", "Pause"], ["stop", "Stop"], ["retweet", "Repeat"]];

// ipywidgets gives its sliders and buttons no accessible name of their own.
function nameControls(root) {
  for (const row of root.querySelectorAll(".widget-slider")) {
    const name = row.querySelector(".widget-label")?.getAttribute("title") || row.querySelector(".widget-label")?.textContent;
    if (!name) continue;
    for (const handle of row.querySelectorAll('[role="slider"]:not([aria-label])')) handle.setAttribute("aria-label", name);
    for (const readout of row.querySelectorAll(".widget-readout:not([aria-label])")) {
      readout.setAttribute("role", "textbox");
      readout.setAttribute("aria-label", `${name}, type a value`);
    }
  }
  for (const group of root.querySelectorAll(".widget-toggle-buttons:not([role])")) {
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", group.querySelector(".widget-label")?.textContent || "choice");
  }
  for (const button of root.querySelectorAll(".widget-toggle-button")) {
    button.setAttribute("aria-pressed", button.classList.contains("mod-active"));
  }
  for (const button of root.querySelectorAll(".widget-play button")) {
    const icon = PLAYER.find(([name]) => button.querySelector(`.fa-${name}`));
    if (icon && button.getAttribute("aria-label") !== icon[1]) button.setAttribute("aria-label", (button.title = icon[1]));
  }
}

// The stage ------------------------------------------------------------------------------

async function render({ model, el, signal, host }) {
  const limit = model.get("limit");
  const decoders = model.get("decoders");
  const sliders = await Promise.all(model.get("sliders").map((ref) => host.getModel(ref)));
  const quantileSliders = await Promise.all(model.get("quantile_sliders").map((ref) => host.getModel(ref)));
  const latentDim = sliders.length;
  const view = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());

  const z = sliders.map((slider) => slider.get("value"));
  let unit = model.get("unit");
  let points = null; // {count, z, labels}
  const hidden = new Set(); // classes that the legend has switched off
  const grids = [];
  let ticket = 0; // of the latest request for exact images
  let waiting = false; // whether the kernel is decoding
  let stale = false; // whether z has moved since it was asked
  let answered = false;

  // Structure ....
  const [base, baseContext] = sharpCanvas(MAP.size, MAP.size);
  const [overlay, overlayContext] = sharpCanvas(MAP.size, MAP.size);
  overlay.classList.add("vl-overlay");
  const plot = element("div", { class: "vl-plot", tabindex: "0", role: "application" }, base, overlay);
  plot.setAttribute("aria-roledescription", "map");
  const legend = element("div", { class: "vl-legend", role: "group", "aria-label": "Classes on the map" });
  const screens = decoders.map(({ name, shape: [height, width, channels] }) => {
    const canvas = element("canvas", { class: "vl-screen", role: "img" });
    canvas.width = width;
    canvas.height = height;
    canvas.style.aspectRatio = `${width} / ${height}`;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const image = context.createImageData(width, height);
    return { name, canvas, context, image, channels, buffer: new Uint8ClampedArray(width * height * channels) };
  });
  const captions = screens.map(({ name }) => element("figcaption", {}, name));
  const position = element("div", { class: "vl-position" });
  const status = element("div", { class: "vl-status" });
  const stage = element(
    "div", { class: "vl-stage" },
    element("div", { class: "vl-map" }, plot, legend),
    element(
      "div", { class: "vl-decoded" },
      element("div", { class: `vl-screens${screens.length > 1 ? " vl-several" : ""}` },
        ...screens.map(({ canvas }, k) => element("figure", {}, canvas, ...(screens.length > 1 ? [captions[k]] : [])))),
      position, status,
    ),
  );
  el.append(stage);

  // The map ....
  const inner = { width: MAP.size - MAP.left - MAP.right, height: MAP.size - MAP.top - MAP.bottom };
  const edge = (v) => (unit === "quantile" ? normalCdf(v) : (v + limit) / (2 * limit));
  const toX = (v) => MAP.left + inner.width * edge(v);
  const toY = (v) => MAP.top + inner.height * (1 - edge(v));
  const fromShare = (share) => {
    const inside = clamp(share, 0, 1);
    return clamp(unit === "quantile" ? normalQuantile(inside) : inside * 2 * limit - limit, -limit, limit);
  };
  // A single latent dimension is a line; its points are spread out vertically to be seen.
  const second = (row) => (latentDim > 1 ? points.z[row * latentDim + 1] : (((row * 0.61803) % 1) - 0.5) * limit * 0.5);
  const pointY = () => (latentDim > 1 ? toY(z[1]) : toY(0));

  function curve(context, mean, std, close = true) {
    context.beginPath();
    for (let k = 0; k <= ELLIPSE_STEPS; k++) {
      const angle = (2 * Math.PI * k) / ELLIPSE_STEPS;
      const x = toX(mean[0] + std[0] * Math.cos(angle));
      const y = toY(latentDim > 1 ? mean[1] + std[1] * Math.sin(angle) : 0.2 * limit * Math.sin(angle));
      context[k ? "lineTo" : "moveTo"](x, y);
    }
    context.stroke();
  }

  function drawBase() {
    const c = baseContext;
    c.clearRect(0, 0, MAP.size, MAP.size);
    c.fillStyle = "#fff";
    c.fillRect(MAP.left, MAP.top, inner.width, inner.height);
    const ink = getComputedStyle(stage).color;
    c.font = "12px system-ui, sans-serif";
    c.fillStyle = ink;
    const ticks = unit === "quantile"
      ? [0.1, 0.3, 0.5, 0.7, 0.9].map((p) => [normalQuantile(p), String(p)])
      : Array.from({ length: 2 * Math.floor(limit) + 1 }, (_, k) => k - Math.floor(limit)).map((v) => [v, String(v).replace("-", "−")]);
    c.strokeStyle = "#e4e4e4";
    c.lineWidth = 1;
    for (const [v, text] of ticks) {
      c.beginPath();
      c.moveTo(toX(v), MAP.top);
      c.lineTo(toX(v), MAP.top + inner.height);
      if (latentDim > 1) {
        c.moveTo(MAP.left, toY(v));
        c.lineTo(MAP.left + inner.width, toY(v));
      }
      c.stroke();
      c.textAlign = "center";
      c.textBaseline = "top";
      c.fillText(text, toX(v), MAP.top + inner.height + 4);
      if (latentDim > 1) {
        c.textAlign = "right";
        c.textBaseline = "middle";
        c.fillText(text, MAP.left - 4, toY(v));
      }
    }
    const title = unit === "quantile" ? ["quantile of z₁", "quantile of z₂"] : ["z₁", "z₂"];
    c.textAlign = "center";
    c.textBaseline = "bottom";
    c.fillText(title[0], MAP.left + inner.width / 2, MAP.size);
    if (latentDim > 1) {
      c.save();
      c.translate(1, MAP.top + inner.height / 2);
      c.rotate(-Math.PI / 2);
      c.textBaseline = "top";
      c.fillText(title[1], 0, 0);
      c.restore();
    }
    c.save();
    c.beginPath();
    c.rect(MAP.left, MAP.top, inner.width, inner.height);
    c.clip();
    if (points) {
      const classes = model.get("classes");
      const r = points.count > 4000 ? 1.7 : 2.4;
      c.globalAlpha = 0.75;
      for (let row = 0; row < points.count; row++) {
        const { colour, marker: kind } = classes[points.labels[row]] ?? classes[0];
        if (hidden.has(points.labels[row])) continue;
        c.fillStyle = colour;
        marker(c, kind, toX(points.z[row * latentDim]), toY(second(row)), r);
      }
      c.globalAlpha = 1;
    } else if (gridsReady()) drawTiles(c);
    c.restore();
    c.strokeStyle = "#8a8a8a";
    c.strokeRect(MAP.left + 0.5, MAP.top + 0.5, inner.width - 1, inner.height - 1);
  }

  // Without points the map shows what is decoded where.
  function drawTiles(c) {
    const [grid, screen] = [grids[model.get("active")], screens[model.get("active")]];
    const tile = element("canvas", { width: screen.canvas.width, height: screen.canvas.height });
    const pixels = new Uint8ClampedArray(screen.buffer.length);
    const target = { context: tile.getContext("2d"), image: screen.context.createImageData(tile.width, tile.height), channels: screen.channels };
    const [width, height] = [inner.width / TILES, inner.height / TILES];
    for (let row = 0; row < TILES; row++) {
      for (let column = 0; column < TILES; column++) {
        blend(grid, limit, [fromShare((column + 0.5) / TILES), fromShare(1 - (row + 0.5) / TILES)], pixels);
        paint(target, pixels);
        c.drawImage(tile, MAP.left + column * width, MAP.top + row * height, width, height);
      }
    }
  }

  function drawOverlay() {
    const c = overlayContext;
    c.clearRect(0, 0, MAP.size, MAP.size);
    c.save();
    c.beginPath();
    c.rect(MAP.left, MAP.top, inner.width, inner.height);
    c.clip();
    // Every line twice, light under dark, to stand out from points of any colour.
    const twice = (draw, width = 2) => {
      c.lineWidth = width + 3;
      c.strokeStyle = "rgba(255,255,255,0.9)";
      draw();
      c.lineWidth = width;
      c.strokeStyle = "#111";
      draw();
    };
    const path = model.get("path");
    if (path.length) {
      twice(() => {
        c.setLineDash([6, 4]);
        c.beginPath();
        for (let k = 0; k <= 40; k++) {
          const at = path[0].map((v, d) => v + ((path[1][d] - v) * k) / 40);
          c[k ? "lineTo" : "moveTo"](toX(at[0]), latentDim > 1 ? toY(at[1]) : toY(0));
        }
        c.stroke();
        c.setLineDash([]);
      }, 1.5);
    }
    const image = model.get("image");
    if (image.mean) twice(() => curve(c, image.mean, image.std), 1.5);
    const x = toX(z[0]), y = pointY();
    twice(() => {
      c.beginPath();
      c.arc(x, y, 8, 0, 2 * Math.PI);
      c.moveTo(x - 14, y); c.lineTo(x - 4, y);
      c.moveTo(x + 4, y); c.lineTo(x + 14, y);
      c.moveTo(x, y - 14); c.lineTo(x, y - 4);
      c.moveTo(x, y + 4); c.lineTo(x, y + 14);
      c.stroke();
    });
    c.restore();
  }

  function drawLegend() {
    legend.replaceChildren();
    const classes = points ? model.get("classes") : [];
    if (classes.length < 2) return;
    classes.forEach(({ name, colour, marker: kind }, index) => {
      const [swatch, context] = sharpCanvas(14, 14);
      swatch.setAttribute("aria-hidden", "true");
      context.fillStyle = colour;
      marker(context, kind, 7, 7, 4.2);
      const button = element("button", { type: "button", class: "vl-class", "aria-pressed": String(!hidden.has(index)) }, swatch, name);
      button.title = "Show or hide this class";
      button.addEventListener("click", () => {
        hidden.has(index) ? hidden.delete(index) : hidden.add(index);
        button.setAttribute("aria-pressed", String(!hidden.has(index)));
        drawBase();
      });
      legend.append(button);
    });
  }

  // The decoded images ....
  const gridsReady = () => grids.filter(Boolean).length === screens.length;

  function say(shown, text) {
    stage.dataset.shown = shown;
    status.textContent = text;
  }

  function where() {
    return z.map((v, k) => `z${k + 1} = ${v.toFixed(2)}`.replace("-", "−")).join(", ");
  }

  function describe() {
    position.textContent = latentDim <= 4 ? where() : "";
    for (const { canvas, name } of screens) canvas.setAttribute("aria-label", `Image decoded by ${name} at ${where()}`);
    plot.setAttribute("aria-label", `Map of the latent space; the point is at ${where()}. Arrow keys move it.`);
  }

  function showBlended() {
    let worst = 0;
    screens.forEach((screen, k) => {
      blend(grids[k], limit, z, screen.buffer);
      paint(screen, screen.buffer);
      worst = Math.max(worst, grids[k].error);
    });
    say("blended", `Blended from a grid, no pixel more than ${Math.ceil(worst * 100)} % off`);
  }

  function ask(rest) {
    waiting = true;
    stale = false;
    model.send({ kind: "decode", view, ticket: ++ticket, z: [...z], rest });
  }

  let resting = 0;
  function moved() {
    drawOverlay();
    stale = true;
    if (gridsReady()) showBlended();
    else {
      if (answered) say("waiting", "Decoding …");
      if (!waiting) ask(false);
    }
    clearTimeout(resting);
    resting = setTimeout(() => {
      ask(true);
      describe();
      setSliders(sliders, (v) => v);
      setSliders(quantileSliders, asQuantile);
      for (const slider of [...sliders, ...quantileSliders]) slider.save_changes();
    }, REST_MS);
    stage.dataset.z = z.join(" ");
    if (latentDim <= 4) position.textContent = where();
  }

  // Sliders ....
  let linking = false;
  function setSliders(which, convert) {
    linking = true;
    which.forEach((slider, k) => slider.set("value", convert(z[k])));
    linking = false;
  }
  const asQuantile = (v) => clamp(normalCdf(v), quantileSliders[0].get("min"), quantileSliders[0].get("max"));

  function moveTo(target) {
    target.forEach((v, k) => (z[k] = clamp(v, -limit, limit)));
    // Those in sight at once, the others when z rests: every change is a message to the kernel.
    if (unit === "quantile") setSliders(quantileSliders, asQuantile);
    else setSliders(sliders, (v) => v);
    moved();
  }

  // A slider that is told a value rounds it to its own steps and says so: no movement.
  const rounding = (slider, from, to) => Math.abs(to - from) <= 0.501 * slider.get("step");

  sliders.forEach((slider, k) => {
    slider.on("change:value", () => {
      const value = slider.get("value");
      if (linking || rounding(slider, z[k], value)) return;
      z[k] = clamp(value, -limit, limit);
      moved();
    });
  });
  quantileSliders.forEach((slider, k) => {
    slider.on("change:value", () => {
      const value = slider.get("value");
      if (linking || rounding(slider, asQuantile(z[k]), value)) return;
      z[k] = clamp(normalQuantile(value), -limit, limit);
      moved();
    });
  });

  // Pointer and keys on the map ....
  function under(event) {
    const box = plot.getBoundingClientRect();
    const scale = MAP.size / box.width;
    const u = fromShare(((event.clientX - box.left) * scale - MAP.left) / inner.width);
    const v = fromShare(1 - ((event.clientY - box.top) * scale - MAP.top) / inner.height);
    return [u, latentDim > 1 ? v : undefined, ...z.slice(2)].slice(0, latentDim);
  }
  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    plot.setPointerCapture(event.pointerId);
    plot.focus({ preventScroll: true });
    moveTo(under(event));
  });
  plot.addEventListener("pointermove", (event) => {
    if (plot.hasPointerCapture(event.pointerId)) moveTo(under(event));
  });
  plot.addEventListener("dblclick", (event) => model.send({ kind: "pick", z: under(event) }));
  plot.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [1, -1], ArrowUp: [1, 1] };
    if (event.key === "Enter") model.send({ kind: "pick", z: [...z] });
    else if (event.key in steps) {
      const [k, sign] = steps[event.key];
      if (k >= latentDim) return;
      const size = event.shiftKey ? 5 : 1;
      const target = [...z];
      if (unit === "quantile") target[k] = normalQuantile(clamp(normalCdf(z[k]) + sign * size * quantileSliders[k].get("step"), 1e-6, 1 - 1e-6));
      else target[k] += sign * size * sliders[k].get("step");
      moveTo(target);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  // News from the kernel ....
  model.on("msg:custom", (message, buffers) => {
    const bytes = (k) => new Uint8Array(buffers[k].buffer.slice(buffers[k].byteOffset, buffers[k].byteOffset + buffers[k].byteLength));
    answered = true;
    if (message.kind === "points") {
      points = message.count
        ? { count: message.count, z: new Float32Array(bytes(0).buffer), labels: bytes(1) }
        : null;
      hidden.clear();
      drawBase();
      drawLegend();
      drawOverlay();
    } else if (message.kind === "grid") {
      grids[message.decoder] = { n: message.n, warp: message.warp, error: message.error, pixels: bytes(0) };
      if (gridsReady() && stage.dataset.shown !== "exact") moved();
      if (gridsReady() && !points) drawBase();
    } else if (message.kind === "working" && message.view === view) {
      model.send({ kind: "work", view });
    } else if (message.kind === "done") {
      if (gridsReady()) stage.dataset.grid = "fine";
    } else if (message.kind === "exact" && message.view === view) {
      if (message.ticket !== ticket) return; // a later one is on its way
      waiting = false;
      if (stale && gridsReady()) return; // the blended image is nearer to where z is now
      screens.forEach((screen, k) => paint(screen, bytes(k)));
      if (stale) ask(false);
      else say("exact", "Exact: the decoder’s own output");
    }
  });
  model.on("change:unit", () => {
    unit = model.get("unit");
    drawBase();
    drawOverlay();
  });
  model.on("change:path change:image", drawOverlay);
  const showActive = () => (stage.dataset.active = model.get("active"));
  model.on("change:active", showActive);
  showActive();

  // Names for assistive technology, and arrow keys that stay ours in JupyterLab ....
  requestAnimationFrame(() => {
    const root = el.closest(".vl-explorer") ?? el;
    root.setAttribute("data-lm-suppress-shortcuts", "true");
    nameControls(root);
    const observer = new MutationObserver(() => nameControls(root));
    observer.observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
    signal.addEventListener("abort", () => observer.disconnect());
  });

  drawBase();
  drawOverlay();
  describe();
  stage.dataset.z = z.join(" ");
  say("waiting", "Waiting for the kernel …");
  ask(true);
  model.send({ kind: "hello", view });
  const silence = setTimeout(() => {
    if (!answered) say("silent", "No kernel is answering. Run this cell again.");
  }, SILENCE_MS);
  signal.addEventListener("abort", () => {
    clearTimeout(silence);
    clearTimeout(resting);
  });
}

export default { render };

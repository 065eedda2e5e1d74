// An image to draw on: pencil and eraser, by pointer or by keys; pictures that are pasted, dropped or opened.

import { button, choice, element, pixelCanvas } from "./dom.js";
import { clamp } from "./maths.js";

const RADIUS = 1.1; // of the pencil, in 28ths of the image's width
const LEAST = 0.75; // pixels, so that the smallest images can be drawn on

// Lays the pencil (towards 1) or the eraser (towards 0) on the values around a place.
export function dab(values, [height, width, channels], [px, py], ink) {
  const radius = Math.max((RADIUS * width) / 28, LEAST);
  for (let y = Math.max(Math.floor(py - radius - 1), 0); y <= Math.min(py + radius + 1, height - 1); y++) {
    for (let x = Math.max(Math.floor(px - radius - 1), 0); x <= Math.min(px + radius + 1, width - 1); x++) {
      const cover = clamp(radius + 0.5 - Math.hypot(x + 0.5 - px, y + 0.5 - py), 0, 1);
      for (let c = 0; c < channels; c++) {
        const at = (y * width + x) * channels + c;
        values[at] = ink ? Math.max(values[at], cover) : Math.min(values[at], 1 - cover);
      }
    }
  }
}

// Dabs along a straight line.
export function stroke(values, shape, from, to, ink) {
  const steps = Math.max(Math.ceil(2 * Math.hypot(to[0] - from[0], to[1] - from[1])), 1);
  for (let k = 1; k <= steps; k++) {
    dab(values, shape, [from[0] + ((to[0] - from[0]) * k) / steps, from[1] + ((to[1] - from[1]) * k) / steps], ink);
  }
}

// A picture file as an image of that shape: fitted into it, grey if it has one channel.
export async function fromPicture(file, [height, width, channels]) {
  const bitmap = await createImageBitmap(file);
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.fillRect(0, 0, width, height);
  const scale = Math.min(width / bitmap.width, height / bitmap.height);
  const [w, h] = [bitmap.width * scale, bitmap.height * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
  const { data } = context.getImageData(0, 0, width, height);
  const values = new Float32Array(width * height * channels);
  for (let k = 0; k < width * height; k++) {
    const [r, g, b] = data.subarray(4 * k, 4 * k + 3);
    if (channels === 3) values.set([r / 255, g / 255, b / 255], 3 * k);
    else values[k] = (0.299 * r + 0.587 * g + 0.114 * b) / 255;
  }
  return values;
}

function cursorOf(shape) {
  const cursor = element("div", { class: "vl-cursor", "aria-hidden": "true" });
  const at = [shape[1] / 2, shape[0] / 2];
  const show = () => {
    cursor.style.left = `${(100 * at[0]) / shape[1]}%`;
    cursor.style.top = `${(100 * at[1]) / shape[0]}%`;
  };
  show();
  return { cursor, at, show };
}

function listenToPointer(canvas, shape, state, change) {
  const where = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * shape[1], ((event.clientY - box.top) / box.height) * shape[0]];
  };
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !state.enabled) return;
    canvas.setPointerCapture(event.pointerId);
    last = where(event);
    change((values) => dab(values, shape, last, state.ink));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last || !canvas.hasPointerCapture(event.pointerId)) return;
    const next = where(event);
    change((values) => stroke(values, shape, last, next, state.ink));
    last = next;
  });
  canvas.addEventListener("lostpointercapture", () => (last = null));
}

function listenToKeys(canvas, shape, state, { at, show }, change) {
  canvas.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!state.enabled) return;
    if (event.key in moves) {
      const [dx, dy] = moves[event.key];
      const before = [...at];
      at[0] = clamp(at[0] + dx, 0.5, shape[1] - 0.5);
      at[1] = clamp(at[1] + dy, 0.5, shape[0] - 0.5);
      show();
      if (event.shiftKey) change((values) => stroke(values, shape, before, at, state.ink));
    } else if (event.key === " ") change((values) => dab(values, shape, at, state.ink));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

function tools(state, change, open, problem) {
  const ink = choice(
    "Draw with",
    [
      ["pencil", true],
      ["eraser", false],
    ],
    (value) => {
      state.ink = value;
      ink.choose(value);
    },
  );
  ink.choose(true);
  const chooser = element("input", { type: "file", accept: "image/*", hidden: "" });
  chooser.addEventListener("change", () => open(chooser.files));
  return element(
    "div",
    { class: "vl-row" },
    ink,
    button("Clear", "An empty image", () => change((values) => values.fill(0))),
    button("Open a picture", "A picture file as the image; or paste or drop one", () => chooser.click()),
    chooser,
    problem,
  );
}

// onDraw(values): called with a new image after every stroke. The result has show(values, alt) and `tools`.
export function makeDrawing(shape, onDraw) {
  const state = { ink: true, enabled: false, values: null };
  const canvas = pixelCanvas(shape, {
    class: "vl-drawing",
    tabindex: "0",
    role: "application",
    "aria-roledescription": "drawing",
    title: "Draw with the pointer. Keys: arrows move, the space bar draws, Shift with an arrow draws a line.",
  });
  const cursor = cursorOf(shape);
  const problem = element("span", { class: "vl-note", role: "status" });
  const change = (paint) => {
    const values = state.values ? state.values.slice() : new Float32Array(shape.reduce((p, n) => p * n, 1));
    paint(values);
    problem.textContent = "";
    onDraw(values);
  };
  // The first file that this browser can read as a picture.
  const open = async (files) => {
    if (!state.enabled || !files?.length) return;
    for (const file of files) {
      const values = await fromPicture(file, shape).catch(() => null);
      if (values) return change((target) => target.set(values));
    }
    problem.textContent = `${files[0].name} is not a picture that this browser can open.`;
  };
  listenToPointer(canvas, shape, state, change);
  listenToKeys(canvas, shape, state, cursor, change);
  canvas.addEventListener("dragover", (event) => event.preventDefault());
  canvas.addEventListener("drop", (event) => {
    event.preventDefault();
    open([...event.dataTransfer.files]);
  });
  canvas.addEventListener("paste", (event) => open([...event.clipboardData.files]));
  const root = element("div", { class: "vl-sheet" }, canvas, cursor.cursor);
  return {
    root,
    canvas,
    tools: tools(state, change, open, problem),
    enable(enabled) {
      state.enabled = enabled;
    },
    show(values, alt) {
      state.values = values;
      canvas.show(values ?? new Float32Array(shape.reduce((p, n) => p * n, 1)), alt);
    },
  };
}

// What is painted on the map: axes, points or decoded images below; the point, an ellipse and a path above.

import { contour } from "./exact.js";
import { FRAME, SIZE } from "./geometry.js";
import { marker } from "./markers.js";

const ELLIPSE_STEPS = 72;
const MANY_POINTS = 4000;

export function clip(c, draw) {
  c.save();
  c.beginPath();
  c.rect(FRAME.left, FRAME.top, FRAME.width, FRAME.height);
  c.clip();
  draw();
  c.restore();
}

function drawTicks(c, { x, y, ticks }, flat) {
  c.strokeStyle = "#e4e4e4";
  c.lineWidth = 1;
  for (const [v, text] of ticks) {
    c.beginPath();
    c.moveTo(x(v), FRAME.top);
    c.lineTo(x(v), FRAME.top + FRAME.height);
    if (!flat) {
      c.moveTo(FRAME.left, y(v));
      c.lineTo(FRAME.left + FRAME.width, y(v));
    }
    c.stroke();
    c.textAlign = "center";
    c.textBaseline = "top";
    c.fillText(text, x(v), FRAME.top + FRAME.height + 4);
    if (flat) continue;
    c.textAlign = "right";
    c.textBaseline = "middle";
    c.fillText(text, FRAME.left - 4, y(v));
  }
}

function drawTitles(c, [first, second]) {
  c.textAlign = "center";
  c.textBaseline = "bottom";
  c.fillText(first, FRAME.left + FRAME.width / 2, SIZE);
  if (!second) return;
  c.save();
  c.translate(1, FRAME.top + FRAME.height / 2);
  c.rotate(-Math.PI / 2);
  c.textBaseline = "top";
  c.fillText(second, 0, 0);
  c.restore();
}

// titles: of the first and, unless there is a single dimension, the second axis.
export function drawAxes(c, frame, titles, ink) {
  c.clearRect(0, 0, SIZE, SIZE);
  c.fillStyle = "#fff";
  c.fillRect(FRAME.left, FRAME.top, FRAME.width, FRAME.height);
  c.font = "12px system-ui, sans-serif";
  c.fillStyle = ink;
  drawTicks(c, frame, !titles[1]);
  drawTitles(c, titles);
}

export function drawBorder(c) {
  c.strokeStyle = "#8a8a8a";
  c.lineWidth = 1;
  c.strokeRect(FRAME.left + 0.5, FRAME.top + 0.5, FRAME.width - 1, FRAME.height - 1);
}

// codes: z_mean of every image; hidden: the classes that are not shown; axes: which dimensions.
export function drawPoints(c, frame, { codes, dimensions, labels, classes, hidden, axes, limit }) {
  const count = codes.length / dimensions;
  const r = count > MANY_POINTS ? 1.7 : 2.4;
  c.globalAlpha = 0.75;
  for (let row = 0; row < count; row++) {
    const label = labels ? labels[row] : 0;
    if (hidden.has(label)) continue;
    const { colour, marker: kind } = classes[label];
    c.fillStyle = colour;
    // A single latent dimension is a line; its points are spread out vertically to be seen.
    const spread = (((row * 0.61803) % 1) - 0.5) * limit * 0.5;
    const second = axes.length > 1 ? codes[row * dimensions + axes[1]] : spread;
    marker(c, kind, frame.x(codes[row * dimensions + axes[0]]), frame.y(second), r);
  }
  c.globalAlpha = 1;
}

// Every line twice, dark over light, to stand out from points of any colour.
function twice(c, draw, width = 2) {
  c.lineWidth = width + 3;
  c.strokeStyle = "rgba(255,255,255,0.9)";
  draw();
  c.lineWidth = width;
  c.strokeStyle = "#111";
  draw();
}

// Cells that hold 95 % of an exact posterior, light, and those that hold 50 %, dark; a ring around the highest.
export function drawExact(c, frame, cells, axes) {
  if (!cells.length) return;
  const [outer, inner] = [contour(cells, 0.95), contour(cells, 0.5)];
  const inside = cells.filter(({ density }) => density >= outer);
  const place = ({ z }) => [frame.x(z[axes[0]]), frame.y(z[axes[1]])];
  for (const [margin, colour] of [
    [3, () => "#fff"], // a white rim, to stand out from points of any colour
    [0, (density) => (density < inner ? "#56b4e9" : "#0072b2")],
  ]) {
    for (const cell of inside) {
      const [u, v] = axes.map((axis) => cell.z[axis]);
      const half = cell.side / 2;
      const [left, top] = [frame.x(u - half), frame.y(v + half)];
      const [width, height] = [Math.max(frame.x(u + half) - left, 1), Math.max(frame.y(v - half) - top, 1)];
      c.fillStyle = colour(cell.density);
      c.fillRect(left - margin, top - margin, width + 2 * margin, height + 2 * margin);
    }
  }
  const [x, y] = place(inside.reduce((a, b) => (b.density > a.density ? b : a)));
  twice(
    c,
    () => {
      c.setLineDash([3, 3]);
      c.beginPath();
      c.arc(x, y, 18, 0, 2 * Math.PI);
      c.stroke();
      c.setLineDash([]);
    },
    1.5,
  );
}

export function drawEllipse(c, frame, mean, deviation, limit) {
  twice(
    c,
    () => {
      c.beginPath();
      for (let k = 0; k <= ELLIPSE_STEPS; k++) {
        const angle = (2 * Math.PI * k) / ELLIPSE_STEPS;
        const v = mean.length > 1 ? mean[1] + deviation[1] * Math.sin(angle) : 0.2 * limit * Math.sin(angle);
        c[k ? "lineTo" : "moveTo"](frame.x(mean[0] + deviation[0] * Math.cos(angle)), frame.y(v));
      }
      c.stroke();
    },
    1.5,
  );
}

export function drawPath(c, frame, [start, end], dashes = [6, 4]) {
  twice(
    c,
    () => {
      c.setLineDash(dashes);
      c.beginPath();
      for (let k = 0; k <= 40; k++) {
        const at = start.map((v, d) => v + ((end[d] - v) * k) / 40);
        c[k ? "lineTo" : "moveTo"](frame.x(at[0]), frame.y(at.length > 1 ? at[1] : 0));
      }
      c.stroke();
      c.setLineDash([]);
    },
    1.5,
  );
}

export function drawCross(c, frame, z) {
  const x = frame.x(z[0]),
    y = frame.y(z.length > 1 ? z[1] : 0);
  twice(c, () => {
    c.beginPath();
    c.arc(x, y, 8, 0, 2 * Math.PI);
    for (const [dx, dy] of [
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ]) {
      c.moveTo(x + 4 * dx, y + 4 * dy);
      c.lineTo(x + 14 * dx, y + 14 * dy);
    }
    c.stroke();
  });
}

// Markers of classes, named as in matplotlib.

const POLYGONS = {
  s: [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ],
  "^": [
    [0, -1.2],
    [1.1, 0.9],
    [-1.1, 0.9],
  ],
  v: [
    [0, 1.2],
    [1.1, -0.9],
    [-1.1, -0.9],
  ],
  "<": [
    [-1.2, 0],
    [0.9, -1.1],
    [0.9, 1.1],
  ],
  ">": [
    [1.2, 0],
    [-0.9, -1.1],
    [-0.9, 1.1],
  ],
  D: [
    [0, -1.35],
    [1.35, 0],
    [0, 1.35],
    [-1.35, 0],
  ],
  P: [
    [-0.45, -1.3],
    [0.45, -1.3],
    [0.45, -0.45],
    [1.3, -0.45],
    [1.3, 0.45],
    [0.45, 0.45],
    [0.45, 1.3],
    [-0.45, 1.3],
    [-0.45, 0.45],
    [-1.3, 0.45],
    [-1.3, -0.45],
    [-0.45, -0.45],
  ],
  "|": [
    [-0.35, -1.5],
    [0.35, -1.5],
    [0.35, 1.5],
    [-0.35, 1.5],
  ],
};
POLYGONS.X = POLYGONS.P.map(([x, y]) => [(x - y) * Math.SQRT1_2, (x + y) * Math.SQRT1_2]);
POLYGONS["*"] = Array.from({ length: 10 }, (_, k) => {
  const radius = k % 2 ? 0.65 : 1.55;
  const angle = (k * Math.PI) / 5;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
});

export function marker(context, kind, x, y, r) {
  context.beginPath();
  const polygon = POLYGONS[kind];
  if (!polygon) context.arc(x, y, r, 0, 2 * Math.PI);
  else polygon.forEach(([u, v], k) => context[k ? "lineTo" : "moveTo"](x + u * r, y + v * r));
  context.closePath();
  context.fill();
}

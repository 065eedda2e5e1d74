// Where a latent point lies on the map, in its 400 CSS pixels, and which point lies there.

import { clamp, normalCdf, normalQuantile } from "./maths.js";

export const SIZE = 400;
export const FRAME = { left: 34, top: 8, width: SIZE - 34 - 8, height: SIZE - 8 - 30 };

// unit: "latent" or "quantile"; the map reaches from -limit to limit in both of its dimensions.
export function geometry(limit, unit) {
  const share = (v) => (unit === "quantile" ? normalCdf(v) : (v + limit) / (2 * limit));
  const value = (s) => {
    const inside = clamp(s, 0, 1);
    return clamp(unit === "quantile" ? normalQuantile(inside) : inside * 2 * limit - limit, -limit, limit);
  };
  const whole = Array.from({ length: 2 * Math.floor(limit) + 1 }, (_, k) => k - Math.floor(limit));
  return {
    x: (v) => FRAME.left + FRAME.width * share(v),
    y: (v) => FRAME.top + FRAME.height * (1 - share(v)),
    value,
    at: (x, y) => [value((x - FRAME.left) / FRAME.width), value(1 - (y - FRAME.top) / FRAME.height)],
    ticks:
      unit === "quantile"
        ? [0.1, 0.3, 0.5, 0.7, 0.9].map((p) => [normalQuantile(p), String(p)])
        : whole.map((v) => [v, String(v).replace("-", "−")]),
  };
}

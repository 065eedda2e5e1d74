// One slider for each latent dimension, in latent units or in quantiles of the prior.

import { choice, element, fixed } from "./dom.js";
import { clamp, normalCdf, normalQuantile } from "./maths.js";

const STEP = 0.02; // latent units
const QUANTILE_STEP = 0.002;

// The two units: the range of a slider, its step, and conversion from and to z.
export function units(limit) {
  const low = Math.ceil(normalCdf(-limit) / QUANTILE_STEP) * QUANTILE_STEP; // z is infinite at 0 and 1
  return {
    latent: {
      name: "latent units",
      low: -limit,
      high: limit,
      step: STEP,
      digits: 2,
      from: (v) => v,
      to: (z) => z,
    },
    quantile: {
      name: "quantile of the prior",
      low,
      high: 1 - low,
      step: QUANTILE_STEP,
      digits: 3,
      from: normalQuantile,
      to: normalCdf,
    },
  };
}

// z moved by some steps of the unit in one dimension.
export function stepped(z, dimension, steps, unit, limit) {
  const moved = [...z];
  const value = clamp(unit.to(z[dimension]) + steps * unit.step, unit.low, unit.high);
  moved[dimension] = clamp(unit.from(value), -limit, limit);
  return moved;
}

function row(dimension, store, limit) {
  const name = `z${dimension + 1}`;
  const range = element("input", { type: "range" });
  const number = element("input", { type: "number" });
  const current = () => units(limit)[store.get("unit")];
  let shown = null;
  const move = (input) => {
    const value = Number(input.value);
    if (input.value === "" || !Number.isFinite(value)) return show();
    const z = [...store.get("z")];
    const { low, high, from } = current();
    z[dimension] = clamp(from(clamp(value, low, high)), -limit, limit);
    return store.set({ z });
  };
  range.addEventListener("input", () => move(range));
  range.addEventListener("keydown", (event) => {
    const pages = { PageUp: 5, PageDown: -5 }[event.key];
    if (!pages) return;
    event.preventDefault();
    store.set({ z: stepped(store.get("z"), dimension, pages, current(), limit) });
  });
  number.addEventListener("change", () => move(number));
  function show() {
    const { to, digits } = current();
    const value = to(store.get("z")[dimension]);
    const text = value.toFixed(digits);
    if (value === shown && number.value === text) return; // a step moves one of many
    shown = value;
    if (Math.abs(Number(range.value) - value) > current().step / 2) range.value = value;
    number.value = text;
    range.setAttribute("aria-valuetext", fixed(value, digits));
  }
  function changeUnit() {
    const unit = current();
    for (const input of [range, number]) {
      Object.assign(input, { min: unit.low, max: unit.high, step: input === range ? unit.step : "any" });
    }
    range.setAttribute("aria-label", `${name}, ${unit.name}`);
    number.setAttribute("aria-label", `${name}, type a value`);
    range.value = unit.to(store.get("z")[dimension]);
    show();
  }
  store.on("z", show);
  store.on("unit", changeUnit, { now: true });
  return element("div", { class: "vl-slider" }, element("span", { "aria-hidden": "true" }, name), range, number);
}

export function makeSliders(store, contents) {
  const rows = Array.from({ length: contents.latentDim }, (_, k) => row(k, store, contents.limit));
  const unit = choice(
    "Sliders in",
    [
      ["latent units", "latent", "z itself"],
      ["prior quantiles", "quantile", "the share of the prior N(0, 1) below z"],
    ],
    (value) => store.set({ unit: value }),
  );
  store.on("unit", () => unit.choose(store.get("unit")), { now: true });
  const choices = [unit];
  if (contents.decoders.length > 1) {
    const which = choice(
      "Map of",
      contents.decoders.map(({ name }, k) => [name, k]),
      (active) => store.set({ active }),
    );
    store.on("active", () => which.choose(store.get("active")), { now: true });
    choices.push(which);
  }
  return element("div", { class: "vl-controls" }, element("div", { class: "vl-sliders" }, ...rows), ...choices);
}

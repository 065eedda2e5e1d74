// One image: chosen or drawn, what the encoder says of it, and what it costs in nats.

import { button, element, fixed, labelled, pixelCanvas, signed } from "./dom.js";
import { makeDrawing } from "./drawing.js";
import { drawnImage } from "./image_state.js";
import { clamp, deviations, klByDimension } from "./maths.js";

const BAR = 40; // pixels of the largest KL

function chooser(store, contents, pickImage) {
  const { imageCount: count, labels, classes } = contents;
  const number = element("input", { type: "number", min: 0, max: count - 1, step: 1 });
  number.addEventListener("change", () => pickImage(clamp(Math.round(Number(number.value)) || 0, 0, count - 1)));
  const wanted = element("select", {}, element("option", { value: -1 }, "any class"));
  if (labels)
    for (const label of [...new Set(labels)].sort((a, b) => a - b))
      wanted.append(element("option", { value: label }, classes[label].name));
  const another = () => {
    const choices = Array.from({ length: count }, (_, k) => k).filter(
      (k) => contents.images.has(k) && (wanted.value < 0 || labels[k] === Number(wanted.value)),
    );
    if (choices.length) pickImage(choices[Math.floor(Math.random() * choices.length)]);
  };
  wanted.addEventListener("change", another);
  store.on("image", () => (number.value = store.get("image").index ?? ""));
  return element(
    "div",
    { class: "vl-row" },
    labels ? labelled("Class", wanted) : null,
    labelled("Image", number),
    button("Another one", "Pick an image at random", another),
    button("Go to its z_mean", "Move the point to the image's z_mean", () => {
      const posterior = store.get("posterior");
      if (posterior) store.set({ z: Array.from(posterior.mean, (v) => clamp(v, -contents.limit, contents.limit)) });
    }),
  );
}

function table(posterior, reconstruction) {
  const sigma = deviations(posterior),
    kl = klByDimension(posterior);
  const widest = Math.max(...kl, 1e-9),
    total = kl.reduce((a, b) => a + b, 0);
  const rows = kl.map((nats, k) => {
    const bar = element("span", {
      "aria-hidden": "true",
      style: `width:${Math.round((BAR * Math.max(nats, 0)) / widest)}px`,
    });
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, `z${k + 1}`),
      element("td", {}, `${signed(posterior.mean[k])} ± ${fixed(sigma[k])}`),
      element("td", { class: "vl-bar" }, bar, fixed(nats)),
    );
  });
  const head = element(
    "tr",
    {},
    ...["Dim.", "z_mean ± σ", "KL, nats"].map((text) => element("th", { scope: "col" }, text)),
  );
  const sum = element("p", { class: "vl-sum" }, `KL, all dimensions: ${fixed(total)} nats`, element("br"));
  const nats = reconstruction?.nats;
  if (nats === null || nats === undefined) sum.append("This page does not carry the image itself.");
  else
    sum.append(
      `Reconstruction from z_mean: ${fixed(nats, 1)} nats`,
      element("br"),
      "Together: ",
      element("b", {}, `${fixed(nats + total, 1)} nats`),
    );
  const grid = element("table", { class: "vl-table" }, element("thead", {}, head), element("tbody", {}, ...rows));
  return [
    element("div", { class: "vl-scroll", tabindex: "0", role: "region", "aria-label": "Posterior by dimension" }, grid),
    sum,
  ];
}

function about(store, contents, networks) {
  const image = store.get("image"),
    active = store.get("active"),
    { name } = contents.decoders[active];
  const encoder = networks.encoders[active];
  if (store.get("posterior")) return `${image.name}, encoded for ${name}`;
  if (!contents.decoders[active].posterior && !encoder) return `${name} has no posterior: no encoder was given for it.`;
  if (image.changed)
    return `${image.name}. There is no encoder here for ${name}${encoder?.why ? `: ${encoder.why}` : "."}`;
  return image.name;
}

// The card; drawing is possible if the active decoder has an encoder.
export function makeImageCard(store, contents, networks, pickImage) {
  const drawing = makeDrawing(contents.shape, (values) => store.set({ image: drawnImage(store.get("image"), values) }));
  const decoded = pixelCanvas(contents.shape, {});
  const note = element("p", { class: "vl-note", "aria-live": "polite" });
  const right = element("figure", { class: "vl-figure" }, decoded, element("figcaption", {}, "reconstruction"));
  const figures = element(
    "div",
    { class: "vl-figures" },
    element("figure", { class: "vl-figure" }, drawing.root, element("figcaption", {}, "image")),
    right,
  );
  const numbers = element("div", {});
  const show = () => {
    const image = store.get("image"),
      active = store.get("active"),
      reconstruction = store.get("reconstruction");
    if (!image) return;
    note.textContent = about(store, contents, networks);
    const drawable = networks.encoders.some((encoder) => encoder?.works);
    drawing.enable(Boolean(networks.encoders[active]?.works));
    drawing.tools.hidden = !drawable;
    drawing.show(image.values, `${image.name}${drawable ? ", to draw on" : ""}`);
    right.hidden = !reconstruction;
    if (reconstruction) decoded.show(reconstruction.values, `Its reconstruction by ${contents.decoders[active].name}`);
    numbers.replaceChildren(...(store.get("posterior") ? table(store.get("posterior"), reconstruction) : []));
  };
  store.on("image posterior reconstruction active", show);
  return element(
    "section",
    { class: "vl-card" },
    element("h2", { class: "vl-title" }, "An image"),
    contents.imageCount ? chooser(store, contents, pickImage) : null,
    drawing.tools,
    note,
    element("div", { class: "vl-about" }, figures, numbers),
  );
}

// Elements, canvases, words.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

export function button(text, title, onClick) {
  const node = element("button", { type: "button", class: "vl-button", title }, text);
  node.addEventListener("click", onClick);
  return node;
}

// Buttons of which one is pressed. options: [text, value]; the group has set(value).
export function choice(label, options, onChoose) {
  const buttons = options.map(([text, value, title]) => {
    const node = button(text, title ?? text, () => onChoose(value));
    node.value_ = value;
    return node;
  });
  const group = element(
    "div",
    { class: "vl-choice", role: "group", "aria-label": label },
    element("span", {}, label),
    ...buttons,
  );
  group.choose = (value) => buttons.forEach((node) => node.setAttribute("aria-pressed", String(node.value_ === value)));
  return group;
}

export function labelled(text, control) {
  control.setAttribute("aria-label", text); // the text of a label with a list in it has all of the list's
  return element("label", { class: "vl-labelled" }, text, control);
}

// A canvas of so many CSS pixels, sharp on the display.
export function sharpCanvas(width, height) {
  const ratio = Math.max(window.devicePixelRatio || 1, 1);
  const canvas = element("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return [canvas, context];
}

// A canvas of one image of that shape, with show(values in [0, 1], alternative text).
export function pixelCanvas([height, width, channels], attributes = {}) {
  const canvas = element("canvas", { role: "img", ...attributes });
  canvas.classList.add("vl-pixels");
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const image = context.createImageData(width, height);
  canvas.show = (values, alt) => {
    const rgba = image.data; // rounds to the nearest
    for (let k = 0, at = 0; k < values.length; k += channels, at += 4) {
      rgba[at] = 255 * values[k];
      rgba[at + 1] = 255 * values[channels === 3 ? k + 1 : k];
      rgba[at + 2] = 255 * values[channels === 3 ? k + 2 : k];
      rgba[at + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    if (alt) canvas.setAttribute("aria-label", alt);
  };
  return canvas;
}

export function figure(canvas, caption, size) {
  canvas.style.width = `${size}px`;
  return element("figure", { class: "vl-figure" }, canvas, element("figcaption", {}, caption));
}

const minus = (text) => text.replace(/-/g, "−");

export function fixed(value, digits = 2) {
  return minus(value.toFixed(digits));
}

export function signed(value, digits = 2) {
  return minus((value < 0 ? "" : "+") + value.toFixed(digits));
}

export function place(z) {
  const shown = z
    .slice(0, 4)
    .map((v, k) => `z${k + 1} = ${fixed(v)}`)
    .join(", ");
  return z.length > 4 ? `${shown} and ${z.length - 4} more` : shown;
}

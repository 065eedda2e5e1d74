// The explorer as a page of its own: what it shows lies in the page, and where one is, in the address.

import { makeApp } from "./app.js";
import { openContents } from "./contents.js";
import { element } from "./dom.js";
import { pickedImage } from "./image_state.js";
import { afterRest } from "./store.js";

const REST_MS = 200;

// base64 of a deflated block whose float32 numbers lie byte plane by byte plane (they compress better so).
async function unpack(text, kind) {
  const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const planes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (kind === "u1") return planes.buffer;
  const count = planes.length / 4,
    bytes = new Uint8Array(planes.length);
  for (let plane = 0; plane < 4; plane++)
    for (let k = 0; k < count; k++) bytes[4 * k + plane] = planes[plane * count + k];
  return bytes.buffer;
}

// The address says z, the image, the decoder and the unit: #z=0.50,-1.20&image=7&decoder=1&unit=quantile
export function readAddress(hash, contents) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const state = {};
  const z = (given.get("z") ?? "").split(",").map((part) => (part.trim() ? Number(part) : NaN));
  if (given.has("z") && z.length === contents.latentDim && z.every(Number.isFinite)) {
    state.z = z.map((v) => Math.min(Math.max(v, -contents.limit), contents.limit));
  }
  const whole = (name, count) => {
    const value = Number(given.get(name) ?? NaN);
    return Number.isInteger(value) && value >= 0 && value < count ? value : null;
  };
  const image = contents.images ? whole("image", contents.imageCount) : null;
  if (image !== null) state.image = pickedImage(contents, image);
  const active = whole("decoder", contents.decoders.length);
  if (active !== null) state.active = active;
  if (["latent", "quantile"].includes(given.get("unit"))) state.unit = given.get("unit");
  return state;
}

export function writeAddress(store, contents) {
  const parts = [
    `z=${store
      .get("z")
      .map((v) => v.toFixed(3))
      .join(",")}`,
  ];
  const image = store.get("image");
  if (image && !image.changed) parts.push(`image=${image.index}`);
  if (contents.decoders.length > 1) parts.push(`decoder=${store.get("active")}`);
  if (store.get("unit") !== "latent") parts.push(`unit=${store.get("unit")}`);
  return `#${parts.join("&")}`;
}

function shareAddress(store, contents) {
  const write = afterRest(REST_MS, () => history.replaceState(null, "", writeAddress(store, contents)));
  store.on("z image active unit", write);
  window.addEventListener("hashchange", () => {
    const { image, active, unit, z } = readAddress(location.hash, contents);
    for (const part of [active !== undefined && { active }, unit && { unit }, image && { image }, z && { z }])
      if (part) store.set(part);
  });
}

// A page that shows this one in a frame hears how high it is, and can make the frame as high.
function tellHeight(host) {
  if (window.parent === window) return;
  const tell = () => window.parent.postMessage({ explorerHeight: document.documentElement.offsetHeight }, "*");
  new ResizeObserver(tell).observe(host);
}

export async function start(host, packed) {
  try {
    const buffers = await Promise.all(packed.buffers.map(({ text, kind }) => unpack(text, kind)));
    const contents = openContents(packed.header, buffers);
    const app = makeApp(contents, { start: readAddress(location.hash, contents) });
    host.replaceChildren(app.root);
    app.draw();
    shareAddress(app.store, contents);
    tellHeight(host);
  } catch (error) {
    host.append(element("p", { role: "alert" }, `The explorer did not start: ${error.message}`));
    throw error;
  }
}

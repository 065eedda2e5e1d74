// The decoded images of all decoders, and where they come from.

import { element, pixelCanvas, place } from "./dom.js";
import { afterRest } from "./store.js";

const SAID = {
  page: "Exact: the decoder runs in this page",
  worker: "Exact: the decoder runs in this page, beside it, because it takes longer than a frame",
  kernel: "Exact: the decoder’s own output, from the kernel",
  none: "This page cannot run the decoder.",
};
const RELABEL_MS = 150; // alternative texts follow when the point rests: nobody reads them faster

// Sets "decoded" (one array of values a decoder) whenever an image is there.
export function makeScreens(store, contents, networks) {
  const several = contents.decoders.length > 1;
  const canvases = contents.decoders.map(() => pixelCanvas(contents.shape, { class: "vl-screen" }));
  const figures = contents.decoders.map(({ name }, k) =>
    element("figure", {}, canvases[k], several ? element("figcaption", {}, name) : null),
  );
  const position = element("div", { class: "vl-position" });
  const status = element("div", { class: "vl-status" });
  const root = element(
    "div",
    { class: "vl-decoded" },
    element("div", { class: `vl-screens${several ? " vl-several" : ""}` }, ...figures),
    position,
    status,
  );
  const label = () =>
    contents.decoders.forEach(({ name }, k) =>
      canvases[k].setAttribute("aria-label", `Image decoded by ${name} at ${place(store.get("z"))}`),
    );
  const relabel = afterRest(RELABEL_MS, label);
  const shownAt = new Array(canvases.length).fill(null);

  function decode() {
    const z = store.get("z");
    root.dataset.z = z.join(" ");
    position.textContent = place(z);
    networks.decoders.forEach((network, k) =>
      network.ask(z, ([values]) => {
        canvases[k].show(values);
        shownAt[k] = z;
        const decoded = [...store.get("decoded")];
        decoded[k] = Float32Array.from(values);
        root.dataset.shown = shownAt.every((at) => at === store.get("z")) ? "exact" : "waiting";
        store.set({ decoded });
      }),
    );
    if (!shownAt.every((at) => at === z)) root.dataset.shown = "waiting";
    relabel();
  }
  store.on("z", decode, { now: true });
  label();
  const worst = networks.decoders.find(({ mode }) => mode !== "page") ?? networks.decoders[0];
  status.textContent = worst.mode === "page" ? SAID.page : `${worst.why} ${SAID[worst.mode]}`.trim();
  root.dataset.mode = worst.mode;
  return root;
}

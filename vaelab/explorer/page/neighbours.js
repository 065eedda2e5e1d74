// The training images nearest to the decoded one, in Euclidean distance of pixels.

import { element, figure, pixelCanvas } from "./dom.js";
import { squaredDistance } from "./maths.js";
import { afterRest } from "./store.js";

const COUNT = 6;
const REST_MS = 60;

// Among the images that this page carries: [index, values] of the nearest.
export function nearestOf(images, indices, decoded) {
  const scored = indices.map((index) => {
    const values = images.image(index);
    return { index, values, distance: squaredDistance(decoded, values) };
  });
  return scored.sort((a, b) => a.distance - b.distance).slice(0, COUNT);
}

// link.neighbours(values, done) asks the kernel; without it the page's own training images are searched.
export function makeNeighbours(store, contents, link) {
  const note = element("p", { class: "vl-note" }),
    row = element("div", { class: "vl-figures" });
  const { trainImages, trainCount } = contents;
  const canvases = Array.from({ length: COUNT }, () => pixelCanvas(contents.shape));
  const show = (found) => {
    const name = contents.decoders.length > 1 ? ` (${contents.decoders[store.get("active")].name})` : "";
    const among = trainImages ? ` of the ${trainImages.count} that this page carries` : "";
    note.textContent = `Nearest training images${name}${among}`;
    row.replaceChildren(
      ...found.map(({ index, values }, k) => {
        canvases[k].show(values, `Training image ${index}`);
        return figure(canvases[k], "", 56);
      }),
    );
  };
  const search = afterRest(REST_MS, () => {
    const decoded = store.get("decoded")[store.get("active")];
    if (!decoded) return;
    if (trainImages) show(nearestOf(trainImages, trainImages.indices, decoded));
    else {
      link.neighbours(decoded, (found) => {
        if (found) show(found);
        else note.textContent = "The kernel does not answer: it is needed to look among the training images.";
      });
    }
  });
  if (trainImages || trainCount) store.on("decoded active", search, { now: true });
  return element("div", { class: "vl-near" }, note, row);
}

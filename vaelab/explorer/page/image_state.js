// The image in hand: one of the set or drawn, its posterior, and its reconstruction from z_mean.

import { labelOf, posteriorOf } from "./contents.js";
import { bernoulliNll, clamp } from "./maths.js";

// The image of that number, as the state "image".
export function pickedImage(contents, index) {
  const name = `Test image ${index}: ${labelOf(contents, index)}`;
  const values = contents.images.has(index) ? contents.images.image(index) : null;
  return { index, name, values, changed: false };
}

export function blankImage(contents) {
  return { index: null, name: "Your drawing", values: new Float32Array(contents.size), changed: true };
}

export function drawnImage(before, values) {
  const name = before.index === null ? "Your drawing" : `Test image ${before.index}, changed by hand`;
  return { index: before.index, name, values, changed: true };
}

// Keeps "posterior" and "reconstruction" in step with "image" and "active", and puts z at z_mean.
export function followImage(store, contents, networks) {
  const set = (posterior, move) => {
    store.set({ posterior });
    if (posterior && move)
      store.set({ z: Array.from(posterior.mean, (v) => clamp(v, -contents.limit, contents.limit)) });
    reconstruct();
  };
  function encode(move) {
    const image = store.get("image"),
      active = store.get("active");
    if (!image) return;
    const known = image.changed ? null : posteriorOf(contents, active, image.index);
    const encoder = networks.encoders[active];
    if (known) set(known, move);
    else if (image.values && encoder?.works) {
      encoder.ask(image.values, ([mean, logVar]) => {
        if (store.get("image") === image) set({ mean: mean.slice(), logVar: logVar.slice() }, move);
      });
    } else set(null, false);
  }
  function reconstruct() {
    const { image, posterior, active } = {
      image: store.get("image"),
      posterior: store.get("posterior"),
      active: store.get("active"),
    };
    if (!posterior) return store.set({ reconstruction: null });
    return networks.decoders[active].ask(
      posterior.mean,
      ([decoded]) => {
        if (store.get("posterior") !== posterior) return;
        const values = Float32Array.from(decoded);
        store.set({ reconstruction: { values, nats: image.values ? bernoulliNll(image.values, values) : null } });
      },
      "reconstruction",
    );
  }
  store.on("image", () => encode(true));
  store.on("active", () => encode(false));
}

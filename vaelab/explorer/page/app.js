// The explorer, put together from its parts.

import { element } from "./dom.js";
import { makeDrawCard } from "./draw_card.js";
import { makeExactCard } from "./exact_card.js";
import { makeImageCard } from "./image_card.js";
import { blankImage, followImage, pickedImage } from "./image_state.js";
import { makeMap } from "./map.js";
import { makeNeighbours } from "./neighbours.js";
import { Network } from "./network.js";
import { makePathCard } from "./path_card.js";
import { makeScreens } from "./screens.js";
import { makeSliders } from "./sliders.js";
import { Store } from "./store.js";

function makeNetworks(contents, link, signal) {
  const remote = (what, index) => link?.run && ((input, done) => link.run(what, index, input, done));
  return {
    decoders: contents.decoders.map((decoder, k) => new Network(decoder.network, remote("decoder", k), signal)),
    encoders: contents.decoders.map(({ encoder }, k) => encoder && new Network(encoder, remote("encoder", k), signal)),
  };
}

// link: what the kernel does, {run, neighbours}, or null without one; start: values of the state to begin with.
// The result is the page's element and its state.
export function makeApp(contents, { link = null, start = {}, signal = null } = {}) {
  const networks = makeNetworks(contents, link, signal);
  const images = contents.images && contents.decoders.some(({ posterior }) => posterior);
  const store = new Store({
    z: new Array(contents.latentDim).fill(0),
    unit: "latent",
    active: 0,
    axes: contents.latentDim > 1 ? [0, 1] : [0],
    decoded: contents.decoders.map(() => null),
    image: null,
    posterior: null,
    reconstruction: null,
    ends: null,
    exact: null,
    ...start,
  });
  const pickImage = (index) => contents.images && store.set({ image: pickedImage(contents, index) });
  const map = makeMap(store, contents, networks, pickImage);
  const layout = element(
    "div",
    { class: "vl-layout" },
    makeSliders(store, contents),
    makeScreens(store, contents, networks),
    map.root,
  );
  if (contents.trainCount) layout.append(makeNeighbours(store, contents, link));
  if (images || networks.encoders.some(Boolean)) {
    const first = store.get("image") ?? (images ? pickedImage(contents, 0) : blankImage(contents));
    store.set({ image: first });
    const cards = [makeImageCard(store, contents, networks, pickImage), makeDrawCard(store, contents)];
    if (contents.latentDim === 2) cards.push(makeExactCard(store, contents, networks));
    if (images) cards.push(makePathCard(store, contents, networks, signal));
    layout.append(element("div", { class: "vl-cards" }, ...cards));
    const { z } = start;
    followImage(store, contents, networks);
    store.set({ image: first });
    if (z) store.set({ z }); // where the address or the kernel says, not at the image's z_mean
  }
  const root = element("div", { class: "vl-explorer" }, layout);
  Object.assign(root, { store, networks }); // for whoever looks from outside: tests, benchmarks
  return { root, store, draw: () => map.draw() };
}

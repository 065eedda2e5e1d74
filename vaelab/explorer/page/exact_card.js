// The exact posterior of the image in hand: what log p(x) is, and how much of it the ELBO hides.

import { button, element, fixed } from "./dom.js";
import { Plane } from "./exact.js";

const SAID = {
  image: "This page does not carry the image itself.",
  q: "There is no q(z|x) to compare with.",
  none: "This page cannot run the decoder.",
  outside: "The codes from −7 to 7 do not hold the posterior of this image.",
  off: "With two latent dimensions, p(z|x) can be computed and log p(x) is a sum over the map.",
};

// The card; "exact" is what the map draws: cells of the posterior, or null.
export function makeExactCard(store, contents, networks) {
  const planes = networks.decoders.map((network) => new Plane(network));
  const note = element("p", { class: "vl-note", "aria-live": "polite" }, SAID.off);
  const toggle = button("Show the exact posterior", "Compute p(z|x) and draw it on the map", () => {
    toggle.setAttribute("aria-pressed", String(!on()));
    show();
  });
  toggle.setAttribute("aria-pressed", "false");
  const on = () => toggle.getAttribute("aria-pressed") === "true";

  function missing() {
    if (!on()) return SAID.off;
    if (!store.get("image")?.values) return SAID.image;
    if (!store.get("posterior")) return SAID.q;
    return networks.decoders[store.get("active")].works ? null : SAID.none;
  }

  async function show() {
    store.set({ exact: null });
    const why = missing(),
      image = store.get("image"),
      q = store.get("posterior"),
      plane = planes[store.get("active")];
    if (why) {
      note.textContent = why;
      return;
    }
    note.textContent = "Decoding the plane …";
    const found = await plane.posterior(image.values, q, (share) => {
      if (share && share % 0.1 < 0.02) note.textContent = `Decoding the plane: ${Math.round(100 * share)} %`;
    });
    if (!found || !on() || store.get("image") !== image || store.get("posterior") !== q) return;
    store.set({ exact: found });
    note.replaceChildren(...(found.logP === null ? [SAID.outside] : words(found, image)));
  }
  store.on("posterior", show);
  return element(
    "section",
    { class: "vl-card" },
    element("h2", { class: "vl-title" }, "The exact posterior"),
    element("div", { class: "vl-row" }, toggle),
    note,
  );
}

function words({ logP, gap }, image) {
  return [
    `${image.name}. Exact −log p(x): ${fixed(-logP, 1)} nats, −ELBO: ${fixed(gap - logP, 1)} nats; `,
    element("b", {}, `hidden in the gap: ${fixed(gap, 1)} nats`),
    ". On the map, dark and light blue hold 50 % and 95 % of p(z|x); a dashed ring marks its peak. The ellipse is one standard deviation of q(z|x).",
  ];
}

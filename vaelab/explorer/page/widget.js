// The explorer in a notebook: an anywidget view, and what passes between it and the kernel.
//
// To the kernel:   {kind: "hello", view}                      -> what there is to show
//                  {kind: "run", view, ticket, what, index} [float32 input] -> outputs of a decoder or an encoder
//                  {kind: "neighbours", view, ticket} [float32 image] -> the training images nearest to it
// From the kernel: {kind: "contents", view, header} [buffers]
//                  {kind: "ran", view, ticket} [float32 outputs]
//                  {kind: "neighbours", view, ticket, indices} [float32 images]

import { makeApp } from "./app.js";
import { openContents } from "./contents.js";
import { element } from "./dom.js";
import { afterRest } from "./store.js";

const SILENCE_MS = 15000; // after this long without an answer there is no kernel
const REST_MS = 50; // z is written back when it has rested so long: every change is a message

// A DataView of a message as a buffer of its own, whose numbers are aligned.
const own = ({ buffer, byteOffset, byteLength }) => buffer.slice(byteOffset, byteOffset + byteLength);

// Whether a message was sent: JupyterLab throws where the kernel has been shut down.
function isSent(send) {
  try {
    send();
    return true;
  } catch {
    return false;
  }
}

class Kernel {
  constructor(model, signal) {
    this.model = model;
    this.view = String(Math.random());
    this.ticket = 0;
    this.waiting = new Map();
    const receive = (message, buffers) => this.#receive(message, buffers);
    model.on("msg:custom", receive);
    signal?.addEventListener("abort", () => model.off("msg:custom", receive));
  }

  #receive(message, buffers) {
    if (message.view !== this.view) return;
    const done = this.waiting.get(message.ticket);
    this.waiting.delete(message.ticket);
    done?.(message, buffers.map(own));
  }

  // done(message, buffers), or done(null) if the kernel is gone or no answer comes for long. A kernel may only be busy
  // with another cell: with `late` its answer is still welcome then.
  request(message, buffers, done, { late = false } = {}) {
    const ticket = ++this.ticket;
    const timer = setTimeout(() => {
      if (!late) this.waiting.delete(ticket);
      done(null);
    }, SILENCE_MS);
    this.waiting.set(ticket, (...answer) => {
      clearTimeout(timer);
      done(...answer);
    });
    if (isSent(() => this.model.send({ ...message, view: this.view, ticket }, undefined, buffers))) return;
    clearTimeout(timer);
    this.waiting.delete(ticket);
    done(null);
  }

  link(size) {
    return {
      run: (what, index, input, done) =>
        this.request({ kind: "run", what, index }, [input.buffer], (answer, buffers) =>
          done(answer && buffers.map((buffer) => new Float32Array(buffer))),
        ),
      neighbours: (values, done) =>
        this.request({ kind: "neighbours" }, [Float32Array.from(values).buffer], (answer, buffers) => {
          if (!answer) return done(null);
          const images = new Float32Array(buffers[0]);
          return done(answer.indices.map((index, k) => ({ index, values: images.subarray(k * size, (k + 1) * size) })));
        }),
    };
  }
}

// z is a trait: what the kernel sets moves the point, and where the point rests is written back.
function shareZ(model, store) {
  const write = afterRest(REST_MS, () => {
    model.set("_z", [...store.get("z")]);
    isSent(() => model.save_changes());
  });
  const close = (a, b) => a.length === b.length && a.every((v, k) => Math.abs(v - b[k]) < 1e-9);
  store.on("z", () => close(store.get("z"), model.get("_z")) || write());
  model.on("change:_z", () => close(store.get("z"), model.get("_z")) || store.set({ z: [...model.get("_z")] }));
}

function render({ model, el, signal }) {
  const kernel = new Kernel(model, signal);
  const notice = element("p", { class: "vl-note", role: "status" }, "Waiting for the kernel …");
  el.append(notice);
  // Keys stay ours in JupyterLab, where ArrowLeft collapses a heading and "d d" deletes the cell. Its shortcuts are for
  // whatever has the focus, so the mark has to be on that element itself: on one around it, it is read too late.
  el.addEventListener("focusin", ({ target }) => target.setAttribute("data-lm-suppress-shortcuts", "true"));
  kernel.request(
    { kind: "hello" },
    [],
    (message, buffers) => {
      if (signal?.aborted) return;
      if (!message) {
        notice.textContent = "No kernel is answering. If it is not busy with another cell, run this cell again.";
        return;
      }
      const contents = openContents(message.header, buffers);
      const app = makeApp(contents, { link: kernel.link(contents.size), start: { z: [...model.get("_z")] }, signal });
      notice.replaceWith(app.root);
      app.draw();
      shareZ(model, app.store);
    },
    { late: true },
  );
}

export const widget = { render };

// What the parts of the page share: named values, and who wants to hear of their changes.

export class Store {
  #values;
  #listeners = [];

  constructor(values) {
    this.#values = { ...values };
  }

  get(name) {
    return this.#values[name];
  }

  // Sets some values; then everybody who listens to one of them is called, once.
  set(changes) {
    Object.assign(this.#values, changes);
    const names = Object.keys(changes);
    for (const [wanted, listener] of [...this.#listeners]) {
      if (wanted.some((name) => names.includes(name))) listener(this);
    }
  }

  // Listens to the values of these names (separated by spaces); with `now` also called at once.
  on(names, listener, { now = false } = {}) {
    this.#listeners.push([names.split(" "), listener]);
    if (now) listener(this);
  }
}

// A function that runs `action` when nothing has called it for so long.
export function afterRest(milliseconds, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
}

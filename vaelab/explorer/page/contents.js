// What an explorer shows: decoders, codes, images. It arrives as JSON, in which {"buffer": n} stands for numbers.

const KINDS = { f4: Float32Array, u1: Uint8Array };

function fill(value, buffers) {
  if (Array.isArray(value)) return value.map((one) => fill(one, buffers));
  if (value === null || typeof value !== "object") return value;
  if ("buffer" in value) return new KINDS[value.kind](buffers[value.buffer]);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, fill(one, buffers)]));
}

// A set of images, 8-bit or float32, all of one size; image(n) is in [0, 1].
class Images {
  constructor({ pixels, indices = null }, size) {
    this.pixels = pixels;
    this.size = size;
    this.count = pixels.length / size;
    this.indices = indices; // their numbers in the set they are from, if they are some of it
    this.whole = pixels instanceof Uint8Array ? 255 : 1;
    this.places = indices && new Map(indices.map((index, place) => [index, place]));
  }

  place(index) {
    return this.places ? this.places.get(index) : index < this.count ? index : undefined;
  }

  has(index) {
    return this.place(index) !== undefined;
  }

  image(index) {
    const start = this.place(index) * this.size;
    return Float32Array.from(this.pixels.subarray(start, start + this.size), (v) => v / this.whole);
  }
}

// buffers: ArrayBuffers.
export function openContents(header, buffers) {
  const contents = fill(header, buffers);
  const size = contents.shape.reduce((product, n) => product * n, 1);
  contents.size = size;
  contents.images = contents.images && new Images(contents.images, size);
  contents.trainImages = contents.trainImages && new Images(contents.trainImages, size);
  contents.imageCount = contents.images
    ? contents.decoders.map((d) => d.posterior).find(Boolean)?.mean.length / contents.latentDim || contents.images.count
    : 0;
  return contents;
}

// The posterior of an image of the set for one decoder, or null.
export function posteriorOf(contents, decoder, index) {
  const { posterior } = contents.decoders[decoder];
  if (!posterior) return null;
  const part = (numbers) => numbers.slice(index * contents.latentDim, (index + 1) * contents.latentDim);
  return { mean: part(posterior.mean), logVar: part(posterior.logVar) };
}

export function labelOf(contents, index) {
  return contents.labels ? contents.classes[contents.labels[index]].name : "unlabelled";
}

"""How tight the bound is for the reference models: ``docs/evidence.md``, every number of notebook 6.

    python tools/evidence_table.py             measure everything and write the table (ten minutes)
    python tools/evidence_table.py --only mlp  only this model; what was measured of the other is kept

−ELBO and the importance-weighted bounds are averages over many codes drawn from q(z|x); the exact evidence is
`vaelab.evidence`'s; the best Gaussian is found by descent from three places: the encoder's, the posterior's moments,
and its highest mode. Test images of the embedded sample, nats per image.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from vaelab import data, metrics, reference
from vaelab.checks.judge import importance
from vaelab.data import CLASS_NAMES
from vaelab.evidence import Plane
from vaelab.evidence.gaussian import best_gaussian

OUT = Path(__file__).resolve().parent.parent / "docs" / "evidence.md"
#: For each test image and model, what `vaelab.reference.load_evidence` gives.
PER_IMAGE = reference.FOLDER / "evidence.npz"
#: Images of the rows with all columns, and codes drawn for each: for these rows, and for all images.
FIRST, CODES, CODES_ALL = {"mlp": 500, "conv": 200}, {"mlp": 1000, "conv": 400}, {"mlp": 200, "conv": 50}
#: The descent of the best Gaussian takes half an hour through the convolutional decoder.
DESCENT = ("mlp",)
BOUNDS = (10, 50, 200)
CHUNK = 20  # images whose codes are decoded at once


def models():
    """The sample, its test images ``(N, 784)``, and ``{name: (decoder, z_mean, z_log_var)}`` for these images."""
    images = data.load()
    encoder, mlp = reference.load_mlp()
    said = reference.load_conv_posteriors()
    x = images.x_test.reshape(len(images.x_test), -1)
    return images, x, {
        "mlp": (mlp, *metrics.encode(encoder, x)),
        "conv": (reference.load_conv_decoder(), said["z_mean_test"], said["z_log_var_test"]),
    }  # fmt: skip


def log_weights(decoder, x, z_mean, z_log_var, count, seed=0):
    """Log weights of ``count`` codes for each image, ``(count, N)``."""
    rng, found = np.random.default_rng(seed), []
    for i in range(0, len(x), CHUNK):
        mean, log_var, rows = z_mean[i : i + CHUNK], z_log_var[i : i + CHUNK], x[i : i + CHUNK]
        z = (mean + np.exp(0.5 * log_var) * rng.normal(size=(count, *mean.shape))).astype(np.float32)
        p = metrics.decode(decoder, z.reshape(-1, z.shape[-1])).reshape(count, len(rows), -1).astype(np.float64)
        found.append(importance.log_weight(rows, z, mean, log_var, np.clip(p, metrics.EPSILON, 1 - metrics.EPSILON)))
    return np.concatenate(found, axis=1)


def bound(log_w, k):
    """The bound with k codes for each image: the mean over as many groups of k as there are."""
    groups = log_w[: len(log_w) // k * k].reshape(-1, k, log_w.shape[1])
    return np.mean([importance.log_likelihood(group) for group in groups], axis=0)


def moments(posterior):
    """Mean and log variance of a `GridPosterior` in two dimensions, and its code of highest density: each ``(2,)``."""
    cell = np.prod([axis[1] - axis[0] for axis in posterior.axes])
    means, variances = [], []
    for i, axis in enumerate(posterior.axes):
        marginal = posterior.density.sum(axis=1 - i) * cell
        means.append(marginal @ axis)
        variances.append(marginal @ (axis - means[-1]) ** 2)
    peak = np.unravel_index(posterior.density.argmax(), posterior.density.shape)
    return np.array(means), np.log(variances), np.array([a[i] for a, i in zip(posterior.axes, peak, strict=True)])


def best(decoder, plane, x, z_mean, z_log_var):
    """ELBOs in nats, each ``(N,)``: of the best Gaussian that descent finds from the encoder's, and from the best of three starts."""
    found = [moments(plane.posterior(image)) for image in x]
    means, log_vars, peaks = (np.stack(part) for part in zip(*found, strict=True))
    narrow = np.minimum(log_vars, np.median(z_log_var, axis=0))
    starts = (z_mean, z_log_var), (means, log_vars), (peaks, narrow)
    nearby, *others = (best_gaussian(decoder, x, *start, steps=100)[2] for start in starts)
    return nearby, np.max([nearby, *others], axis=0)


def measure(name, x, labels, decoder, z_mean, z_log_var):
    """All numbers of one model, as JSON, and two arrays: exact log p(x) and ELBO of each image."""
    plane = Plane(decoder)
    exact = plane.log_evidence(x)
    first = FIRST[name]
    log_w = log_weights(decoder, x[:first], z_mean[:first], z_log_var[:first], CODES[name])
    whole = log_weights(decoder, x, z_mean, z_log_var, CODES_ALL[name], seed=1)
    gap, gap_first = exact.log_p - whole.mean(axis=0), exact.log_p[:first] - log_w.mean(axis=0)
    parts = {}
    if name in DESCENT:
        nearby, gaussian = best(decoder, plane, x[:first], z_mean[:first], z_log_var[:first])
        parts["nearby"] = float((nearby - log_w.mean(axis=0)).mean())
        parts["amortisation"] = float((gaussian - log_w.mean(axis=0)).mean())
        parts["approximation"] = float((exact.log_p[:first] - gaussian).mean())
    order = np.sort(gap)[::-1]
    numbers = {
        "error": float(exact.error.max()),
        "first": {
            "images": first,
            "elbo": float(-log_w.mean()),
            **{f"iw{k}": float(-bound(log_w, k).mean()) for k in BOUNDS},
            "exact": float(-exact.log_p[:first].mean()),
            **parts,
            "median": float(np.median(gap_first)),
            "worst": float(gap_first.max()),
        },
        "all": {
            "images": len(x),
            "elbo": float(-whole.mean()),
            "exact": float(-exact.log_p.mean()),
            "gap": float(gap.mean()),
            "median": float(np.median(gap)),
            "worst": float(gap.max()),
            "worst_image": int(gap.argmax()),
            "share_of_one_per_cent": float(order[: len(x) // 100].sum() / order.sum()),
            "share_of_five_per_cent": float(order[: len(x) // 20].sum() / order.sum()),
        },
        "by_class": {CLASS_NAMES[c]: float(gap[labels == c].mean()) for c in range(10)},
    }
    return numbers, {f"{name}_log_p": exact.log_p, f"{name}_elbo": whole.mean(axis=0)}


def document(found):
    """The table in Markdown."""

    def row(words, part, keys):
        return f"| {words} | " + " | ".join(f"{part[k]:.2f}" if k in part else "" for k in keys) + " |"

    keys = ("elbo", "iw10", "iw50", "iw200", "exact", "amortisation", "nearby", "approximation", "median", "worst")
    lines = [
        "# How tight the bound is",
        "",
        "Made by `python tools/evidence_table.py`; do not edit. Test images of the embedded sample, nats per image. The",
        "negative ELBO, the importance-weighted bounds with 10, 50 and 200 codes, exact −log p(x) from `vaelab.evidence`, and",
        "the gap between first and last: its mean in two parts (what the encoder loses to the best Gaussian for each image,",
        "what that loses to the true posterior), its median and its largest value. *Near by*: the part of the amortisation",
        "gap that descent from the encoder's own Gaussian gets back; the rest needs another start.",
        "",
        "| | −ELBO | IW-10 | IW-50 | IW-200 | exact | amortisation gap | near by | approximation gap | median gap | worst image |",
        "|---" * 11 + "|",
    ]
    for part in ("first", "all"):
        for name, model in found.items():
            rows = model[part]
            lines.append(row(f"{name}, {'first' if part == 'first' else 'all'} {rows['images']:,}", rows, keys))
    lines += [
        "",
        "All images: the mean gap, and the share of its sum that few images hold.",
        "",
        "| | gap | largest 1 % of images | largest 5 % | worst image | estimated error of the evidence, at most |",
        "|---|---|---|---|---|---|",
    ]
    for name, model in found.items():
        a = model["all"]
        shares = f"{a['share_of_one_per_cent']:.0%} | {a['share_of_five_per_cent']:.0%}"
        lines.append(f"| {name} | {a['gap']:.2f} | {shares} | number {a['worst_image']} | {model['error']:.3f} |")
    lines += ["", "The mean gap by class:", "", "| | " + " | ".join(CLASS_NAMES) + " |", "|---" * 11 + "|"]
    lines += [row(name, model["by_class"], CLASS_NAMES) for name, model in found.items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("mlp", "conv"), help="measure one model and keep the other's numbers")
    options = parser.parse_args()
    images, x, known = models()
    measured = {
        name: measure(name, x, images.y_test, *model) for name, model in known.items() if options.only in (None, name)
    }
    file = OUT.with_suffix(".json")
    found = json.loads(file.read_text(encoding="utf-8")) if options.only and file.exists() else {}
    arrays = reference.load_evidence() if options.only and PER_IMAGE.exists() else {}
    for name, (numbers, of_images) in measured.items():
        found[name], arrays = numbers, arrays | of_images
    found = {name: found[name] for name in known if name in found}
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    OUT.write_text(document(found), encoding="utf-8")
    np.savez_compressed(PER_IMAGE, **{key: value.astype(np.float32) for key, value in arrays.items()})


if __name__ == "__main__":
    main()

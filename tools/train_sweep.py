"""Train the models of notebook 7, one for each latent dimension and weight of the KL: ``python tools/train_sweep.py``.

Each is an MLP VAE, 784-256-latent_dim and back, trained for EPOCHS epochs on the 10,000 training images
of the embedded sample with the loss reconstruction + beta * KL, batches of 100 and a learning rate that
falls along half a cosine from RATE to zero. One seed each. Writes to ``vaelab/assets/sweep/``

- ``weights.npz``: every decoder, and the encoder of the model ``FULL``, in float16;
- ``codes.npz``: z_mean for the 2,000 test images and z_log_var for the first 500 of them, in float16;
- ``metrics.json``: for each model, nats per image on the test images (reconstruction, KL, KL of each
  dimension, negative ELBO; on the first 500, importance-weighted bounds and, with one or two latent dimensions,
  the exact -log p(x)), accuracy of 10 nearest neighbours by z_mean, and active dimensions.

Metrics are those of the weights as written, rounded to float16. Seeds matter. With seed 7 the negative ELBO is
within 0.3 nats of the recorded one for six of the fifteen models, within 0.75 for seven more, 12.5 nats lower for
beta = 50 (358.0 against 370.5: how far a collapse has gone after so many epochs is chance) and 14.9 nats higher for
one latent dimension (314.4 against 299.4; seeds 1 and 2 give 310.8 and 300.1: on a line, trainings end in different
orders of the classes, from which gradient descent does not get away; the schedule is the same).
``--seed N --compare`` trains anew, writes nothing and prints the differences. About ten minutes on one core.
"""

import argparse
import json
from pathlib import Path

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from scipy.special import logsumexp

from vaelab import data, metrics, models, profiles
from vaelab.evidence import Plane
from vaelab.training import fit

TARGET = Path(__file__).resolve().parent.parent / "vaelab" / "assets" / "sweep"
SEED, EPOCHS, BATCH_SIZE, RATE, UNITS = 2014, 24, 100, 2e-3, 256
MODELS = (
    *((latent_dim, 1.0) for latent_dim in (1, 2, 4, 8, 16, 32)),
    *((16, beta) for beta in (0.1, 0.5, 2.0, 4.0, 10.0, 50.0)),
    *((2, beta) for beta in (0.1, 4.0, 20.0)),
)
FULL = (16, 1.0)  # the model whose encoder is kept as well
DRAWS = 10  # codes an image for the negative ELBO
BOUND_IMAGES, BOUND_SAMPLES = 500, (50, 500)
EXTENT = 10


class WeightedVAE(keras.Model):
    """Trains on reconstruction + beta * KL, both in nats per image."""

    def __init__(self, latent_dim, beta, seed):
        super().__init__()
        self.beta = beta
        self.encoder = models.make_encoder(784, UNITS, latent_dim)
        self.decoder = models.make_decoder(latent_dim, UNITS, 784)
        self.sampling = models.Sampling(seed=seed)
        self.trackers = {name: keras.metrics.Mean(name=name) for name in ("reconstruction", "kl")}

    def call(self, x):
        z_mean, z_log_var = self.encoder(x)
        kl = ops.mean(0.5 * ops.sum(ops.exp(z_log_var) + ops.square(z_mean) - 1 - z_log_var, axis=-1))
        self.trackers["kl"].update_state(kl)
        self.add_loss(self.beta * kl)
        return self.decoder(self.sampling([z_mean, z_log_var]))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        reconstruction = ops.mean(ops.sum(ops.binary_crossentropy(x, y_pred), axis=-1))
        self.trackers["reconstruction"].update_state(reconstruction)
        return reconstruction + sum(self.losses)


def train(latent_dim, beta, x_train, seed):
    """A trained model, its weights rounded to float16."""
    keras.utils.set_random_seed(seed)
    vae = WeightedVAE(latent_dim, beta, seed)
    steps = EPOCHS * len(x_train) // BATCH_SIZE
    vae.compile(optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)))
    fit(vae, x_train, epochs=EPOCHS, batch_size=BATCH_SIZE)
    vae.set_weights([w.astype("float16").astype(w.dtype) if w.dtype == np.float32 else w for w in vae.get_weights()])
    return vae


def likelihoods(decoder, x, z):
    """log p(x|z) in nats of images (N, 784) for codes (K, N, latent_dim): (K, N)."""
    hidden, pixels = (layer for layer in decoder.layers if layer.weights)
    h = np.maximum(z @ hidden.kernel.numpy() + hidden.bias.numpy(), 0)
    logits = np.clip(h @ pixels.kernel.numpy() + pixels.bias.numpy(), -16.1, 16.1)  # as probabilities within 1e-7
    return np.einsum("knp,np->kn", logits, x) - np.logaddexp(0, logits).sum(-1)


def bounds(decoder, x, z_mean, z_log_var, rng):
    """Importance-weighted bounds on -log p(x) by number of samples, nats per image (Burda et al., 2016)."""
    log_weights = []
    for _ in range(max(BOUND_SAMPLES) // 10):
        noise = rng.normal(size=(10, *z_mean.shape)).astype("float32")
        z = z_mean + np.exp(0.5 * z_log_var) * noise
        log_ratio = 0.5 * (noise**2 - z**2 + z_log_var).sum(-1)  # log p(z) - log q(z|x)
        log_weights.append(likelihoods(decoder, x, z) + log_ratio)
    log_weights = np.concatenate(log_weights).astype("float64")
    found = {}
    for samples in BOUND_SAMPLES:  # every group of so many samples gives a bound: take their mean
        groups = log_weights.reshape(-1, samples, len(x))
        found[samples] = -float((logsumexp(groups, axis=1) - np.log(samples)).mean())
    return found


def exact(decoder, x):
    """-log p(x), nats per image, for one or two latent dimensions."""
    # The codes of a model with a small beta spread far beyond the prior: the plane has to hold them.
    return -float(Plane(decoder, extent=EXTENT).log_evidence(x, tolerance=0.05).log_p.mean())


def measure(vae, images, x_test):
    """The metrics of a model, and the codes it gives to the test images."""
    rng = np.random.default_rng(SEED)
    z_mean, z_log_var = metrics.encode(vae.encoder, x_test)
    each = (0.5 * (np.exp(z_log_var) + z_mean**2 - 1 - z_log_var)).mean(0)
    reconstruction = 0.0
    for _ in range(DRAWS):
        z = z_mean + np.exp(0.5 * z_log_var) * rng.normal(size=z_mean.shape).astype("float32")
        reconstruction += metrics.bernoulli_nll(x_test, metrics.decode(vae.decoder, z)).mean() / DRAWS
    first = slice(BOUND_IMAGES)
    bound = bounds(vae.decoder, x_test[first], z_mean[first], z_log_var[first], rng)
    z_train, _ = metrics.encode(vae.encoder, images.x_train.reshape(-1, 784))
    row = {
        "reconstruction": round(float(reconstruction), 2),
        "kl": round(float(each.sum()), 2),
        "negative_elbo": round(float(reconstruction + each.sum()), 2),
        "iw": {str(samples): round(value, 2) for samples, value in bound.items()},
        "evidence": round(exact(vae.decoder, x_test[first]), 2) if z_mean.shape[1] <= 2 else None,
        "knn": round(metrics.knn_accuracy(z_train, images.y_train, z_mean, images.y_test), 3),
        "active": int((z_mean.var(axis=0) > 0.01).sum()),
        "paying": int((each > 0.1).sum()),
        "kl_each": [round(float(v), 3) for v in each],
    }
    return row, z_mean, z_log_var[first]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--compare", action="store_true", help="write nothing; print differences from what is recorded")
    parser.add_argument(
        "--only", nargs="*", metavar="DIM:BETA", help="with --compare: a few of the models, such as 16:1"
    )
    arguments = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    images = data.load(profiles.PROFILES["quick"])
    x_train, x_test = (x.reshape(len(x), -1) for x in (images.x_train, images.x_test))
    chosen = MODELS
    if arguments.only:
        chosen = [(int(d), float(beta)) for d, beta in (text.split(":") for text in arguments.only)]
    recorded = json.loads((TARGET / "metrics.json").read_text())["models"] if arguments.compare else {}
    rows, weights, codes = {}, {}, {}
    for latent_dim, beta in chosen:
        name = f"{latent_dim}:{beta:g}"
        vae = train(latent_dim, beta, x_train, arguments.seed)
        rows[name], z_mean, z_log_var = measure(vae, images, x_test)
        print(name, json.dumps(rows[name]), flush=True)
        if arguments.compare:
            parts = ("reconstruction", "kl", "negative_elbo")
            print("  differs by", {p: round(rows[name][p] - recorded[name][p], 2) for p in parts}, flush=True)
        for half in ("decoder", "encoder")[: 1 + ((latent_dim, beta) == FULL)]:
            for i, array in enumerate(getattr(vae, half).get_weights()):
                weights[f"{name}.{half}.{i}"] = array.astype("float16")
        codes |= {f"{name}.z_mean": z_mean.astype("float16"), f"{name}.z_log_var": z_log_var.astype("float16")}
    if arguments.compare:
        return
    TARGET.mkdir(exist_ok=True)
    np.savez_compressed(TARGET / "weights.npz", **weights)
    np.savez_compressed(TARGET / "codes.npz", **codes)
    record = {"made_by": "tools/train_sweep.py", "images": images.source, "seed": arguments.seed, "epochs": EPOCHS}
    record |= {"batch_size": BATCH_SIZE, "learning_rate": RATE, "bound_images": BOUND_IMAGES, "models": rows}
    (TARGET / "metrics.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

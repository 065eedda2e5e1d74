"""Train the reference models and record what they reach: ``make reference``.

Trains the solutions of notebooks 2 and 3 for as long as they train themselves in the full
profile (60,000 images, 50 and 15 epochs, batch size 100), one seed each, with a learning
rate that falls along half a cosine from 0.002 to zero, and writes to ``vaelab/assets/reference/``

- ``mlp_encoder.weights.h5``, ``mlp_decoder.weights.h5``, ``conv_decoder.weights.h5``;
- ``conv_posteriors.npz``: z_mean and z_log_var of the convolutional encoder for the
  images of the embedded sample. The encoder itself is the answer to an exercise;
- ``metrics.json``: nats per image on the full training and test sets for every epoch,
  and how long it took.

A quarter of an hour on two slow cores, most of it for the convolutional model.
"""

import argparse
import json
import platform
from pathlib import Path

import vaelab.quiet  # noqa: F401, before Keras

import jupytext
import keras
import numpy as np

from vaelab import data, models, profiles
from vaelab.training import fit

PROJECT = Path(__file__).resolve().parent.parent
REFERENCE = PROJECT / "vaelab" / "assets" / "reference"
SEED = 2014
BATCH_SIZE = 100
PARTS = ("loss", "reconstruction", "kl")


def solution(assignment, name):
    """The function that the solution cell ``name`` of an assignment defines."""
    notebook = jupytext.read(PROJECT / "solutions" / assignment / f"{assignment}.py")
    (cell,) = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name]
    namespace = {"math": __import__("math"), "keras": keras, "layers": keras.layers, "ops": keras.ops}
    exec(cell.source, namespace)
    return namespace[name]


def train(vae, x_train, x_test, epochs):
    """Fit; nats per image after every epoch, and how long each took."""
    steps = epochs * -(-len(x_train) // BATCH_SIZE)
    # A schedule of the model's own, which `fit` keeps: its mean is the lab's constant rate.
    vae.optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
    history = fit(vae, x_train, x_test=x_test, epochs=epochs, batch_size=BATCH_SIZE)
    return {
        "epochs": epochs,
        "batch_size": BATCH_SIZE,
        "seed": SEED,
        "train": {part: [round(v, 3) for v in getattr(history, part)] for part in PARTS},
        "test": {part: [round(v, 3) for v in getattr(history, f"val_{part}")] for part in PARTS},
        "seconds": [round(v, 1) for v in history.seconds],
    }


def train_mlp(images, epochs):
    keras.utils.set_random_seed(SEED)
    encoder, decoder = models.make_encoder(784, 256, 2), models.make_decoder(2, 256, 784)
    vae = solution("02_vae", "make_vae")((784,), encoder, decoder, models.Sampling(seed=SEED))
    metrics = train(vae, images.x_train.reshape(-1, 784), images.x_test.reshape(-1, 784), epochs)
    encoder.save_weights(REFERENCE / "mlp_encoder.weights.h5")
    decoder.save_weights(REFERENCE / "mlp_decoder.weights.h5")
    return metrics


def train_conv(images, epochs):
    keras.utils.set_random_seed(SEED)
    encoder = solution("03_conv_vae", "make_conv_encoder")(28, 28, 1, 2, 128)
    decoder = models.make_conv_decoder(2, 128)
    vae = solution("02_vae", "make_vae")((28, 28, 1), encoder, decoder, models.Sampling(seed=SEED))
    metrics = train(vae, images.x_train[..., None], images.x_test[..., None], epochs)
    decoder.save_weights(REFERENCE / "conv_decoder.weights.h5")
    sample = data.load(profiles.PROFILES["quick"])
    posteriors = {}
    for part in ("train", "test"):
        z_mean, z_log_var = encoder.predict(getattr(sample, f"x_{part}")[..., None], batch_size=500, verbose=0)
        posteriors |= {f"z_mean_{part}": z_mean, f"z_log_var_{part}": z_log_var}
    np.savez_compressed(REFERENCE / "conv_posteriors.npz", **posteriors)
    return metrics


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", choices=["mlp", "conv"], default=["mlp", "conv"])
    chosen = parser.parse_args().models
    full = profiles.PROFILES["full"]
    images = data.load(full)
    print(images.source)
    if len(images.x_train) != 60_000:
        raise SystemExit("The reference models are trained on the full set.")
    REFERENCE.mkdir(exist_ok=True)
    path = REFERENCE / "metrics.json"
    record = json.loads(path.read_text()) if path.exists() else {}
    for name in chosen:
        epochs, trained = {"mlp": (full.mlp_epochs, train_mlp), "conv": (full.conv_epochs, train_conv)}[name]
        record[name] = trained(images, epochs)
        record[name] |= {"machine": platform.machine(), "keras": keras.__version__, "python": platform.python_version()}
        path.write_text(json.dumps(record, indent=1) + "\n")
        print(name, "reaches a test negative ELBO of", record[name]["test"]["loss"][-1], "nats per image")


if __name__ == "__main__":
    main()

"""Train the four models of notebook 5 and record their curves: ``python tools/train_healthy.py``.

Two have a mistake that no learning curve shows: B uses the variance where the standard
deviation belongs when it samples (item 15 of ``docs/misconceptions.md``), C averages the KL term over
the latent dimensions (item 1). A and D are right; D has a smaller network, so that the
worst curve of the four belongs to a right model. Each trains for EPOCHS epochs on the
10,000 training images of the embedded sample, seed SEED. Writes the curves to
``vaelab/assets/reference/healthy.json``, which notebooks read, and the numbers of the formulas to
``vaelab/checks/judge/specimens.json``, which no student's kernel sees; about two minutes on two cores.
"""

import json
from pathlib import Path

import vaelab.quiet  # noqa: F401, before Keras

import keras
import numpy as np
from keras import ops

from vaelab import data, models, profiles
from vaelab.checks.student import specimens

SEED, EPOCHS, BATCH_SIZE, LATENT_DIM = 7, 12, 100, 2
PACKAGE = Path(__file__).resolve().parent.parent / "vaelab"
TARGET, FORMULAS = PACKAGE / "assets" / "reference" / "healthy.json", PACKAGE / "checks" / "judge" / "specimens.json"

# The columns are those of vaelab.checks.student.specimens.Implementation.
RIGHT_KL = [1, 0, 0.5, 0, 0, 0.5, 1, -0.5, -0.5, 0, 0, 0]
MEAN_KL = [*RIGHT_KL[:-1], -1]
RIGHT_SAMPLE, VARIANCE_SAMPLE = [1, 0.5, 0], [1, 1, 0]
MODELS = {  # name: (KL, sampling, units of the hidden layers)
    "A": (RIGHT_KL, RIGHT_SAMPLE, 256),
    "B": (RIGHT_KL, VARIANCE_SAMPLE, 256),
    "C": (MEAN_KL, RIGHT_SAMPLE, 256),
    "D": (RIGHT_KL, RIGHT_SAMPLE, 48),
}


class VAE(keras.Model):
    """Trains with the formulas of an implementation, right or wrong."""

    def __init__(self, implementation, encoder, decoder):
        super().__init__()
        self.implementation, self.encoder, self.decoder = implementation, encoder, decoder
        self.seed_generator = keras.random.SeedGenerator(SEED)

    def call(self, x):
        z_mean, z_log_var = self.encoder(x)
        noise = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        self.add_loss(ops.mean(self.implementation.kl(z_mean, z_log_var)))
        return self.decoder(self.implementation.sample(z_mean, z_log_var, noise))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return ops.mean(ops.sum(ops.binary_crossentropy(x, y_pred), axis=-1)) + sum(self.losses)


def main():
    images = data.load(profiles.PROFILES["quick"])
    x_train, x_test = (x.reshape(len(x), -1) for x in (images.x_train, images.x_test))
    right = specimens.Implementation(RIGHT_KL, RIGHT_SAMPLE)
    recorded, formulas = {}, {}
    for name, (kl_numbers, sample_numbers, units) in MODELS.items():
        keras.utils.set_random_seed(SEED)
        encoder = models.make_encoder(x_train.shape[1], units, LATENT_DIM)
        decoder = models.make_decoder(LATENT_DIM, units, x_train.shape[1])
        vae = VAE(specimens.Implementation(kl_numbers, sample_numbers), encoder, decoder)
        vae.compile(optimizer="adam")
        history = vae.fit(
            x_train, epochs=EPOCHS, batch_size=BATCH_SIZE, validation_data=(x_test, None), verbose=0
        ).history
        honest = VAE(right, encoder, decoder)
        honest.compile()
        true = np.mean(
            [honest.evaluate(x_test, batch_size=500, verbose=0, return_dict=True)["loss"] for _ in range(10)]
        )
        formulas[name] = {"kl_numbers": kl_numbers, "sample_numbers": sample_numbers}
        recorded[name] = {
            "loss": [round(v, 2) for v in history["loss"]],
            "val_loss": [round(v, 2) for v in history["val_loss"]],
            "true_val_loss": round(float(true), 2),
        }
        print(name, recorded[name]["val_loss"][-1], recorded[name]["true_val_loss"], flush=True)
    record = {
        "made_by": "tools/train_healthy.py",
        "images": images.source,
        "seed": SEED,
        "epochs": EPOCHS,
        "batch_size": BATCH_SIZE,
        "latent_dim": LATENT_DIM,
        "models": recorded,
    }
    TARGET.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    FORMULAS.write_text(json.dumps(formulas, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

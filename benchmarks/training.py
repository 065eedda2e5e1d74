"""How long until a VAE is as good as the lab's training makes it?

    python benchmarks/training.py [--seeds 3] [--full-baseline] [--torch PYTHON]
    python benchmarks/training.py --part mlp|conv|conv-0|conv-1|...|torch|scaling
    python benchmarks/training.py --plot

Baseline: the lab's loop in Keras 3, ``fit`` with batches of 100, Adam at 1e-3 and no options,
50 epochs for the MLP VAE and 15 for the convolutional one. Its seconds per epoch are measured on one
epoch per seed, after TensorFlow has traced, and multiplied by the number of epochs;
``--full-baseline`` runs them all, and reports what they reach. Ours: ``vaelab.training.fit`` on the same models, from
the call to its return, tracing and compiling included. BatchNormalization averages with a momentum of 0.9 (Keras: 0.99). A
training that ends above the lab's test −ELBO is an error. That number is
measured on all 10,000 test images with one sample of each code and a fixed seed.

The PyTorch row needs an interpreter that has PyTorch (``--torch``, or the variable VAELAB_TORCH; by default this one) and is
left out without it. Everything measured is kept in ``docs/training_bench.json``; a part may be measured again
by itself.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest import mock

import vaelab.quiet  # noqa: F401, before Keras

import numpy as np
from lab import load, make, negative_elbo
from matplotlib.figure import Figure
from table import Row, machine, markdown

from vaelab import plots
from vaelab.training import fit

RECORD = Path(__file__).resolve().parents[1] / "docs" / "training_bench.json"
PLOT = RECORD.with_name("training_scaling.png")
LAB = {"mlp": (50, 262.4), "conv": (15, 260.4)}  # epochs, test -ELBO in nats per image
EPOCHS = {"mlp": 24, "conv": 5}
PROMISE = {"mlp": 5, "conv": 4}


def lab_loop(*settings):
    """What ``lab.train`` finds for each of the settings, in a process of its own."""
    environment = {
        name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"
    }  # vaelab sets it
    command = [sys.executable, Path(__file__).with_name("lab.py"), json.dumps(settings)]
    return json.loads(
        subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    )


def our_fit(vae, x, x_test, epochs, batch_size=100):
    """Seconds of the whole training, and its history; nothing is printed or drawn."""
    started = time.perf_counter()
    with redirect_stdout(StringIO()), mock.patch.object(plots, "learning_curve"):
        history = fit(vae, x, x_test=x_test, epochs=epochs, batch_size=batch_size)
    return time.perf_counter() - started, history


def time_to_quality(kind, seed, full_baseline=False):
    """One seed of one model: seconds of the lab's training and of ours, and what is reached."""
    epochs, target = LAB[kind]
    (lab,) = lab_loop({"kind": kind, "seed": seed, "epochs": epochs if full_baseline else 1})
    found = {
        "seed": seed,
        "baseline seconds per epoch": lab["seconds"],
        "baseline seconds": sum(lab["seconds"]) if full_baseline else epochs * lab["seconds"][0],
        "baseline is": "all epochs" if full_baseline else f"1 epoch times {epochs}",
        "baseline reaches": lab["reaches"] if full_baseline else None,
    }
    x, x_test = load(kind)
    vae = make(kind, seed, momentum=0.9)
    found["seconds"], history = our_fit(vae, x, x_test, EPOCHS[kind])
    found["epochs"] = len(history.epochs)
    found["seconds per epoch"] = history.seconds
    found["test nats after each epoch"] = history.val_loss
    found["reaches"] = negative_elbo(vae, x_test)
    print(
        f"{kind}, seed {seed}: {found['seconds']:.1f} s to {found['reaches']:.2f} nats; the lab's loop: {found['baseline seconds']:.0f} s",
        flush=True,
    )
    if not found["reaches"] <= target:
        raise RuntimeError(
            f"{kind}, seed {seed}: ends at {found['reaches']:.2f} nats on the test images; the lab's loop reaches {target}."
        )
    return found


def torch_loop(python):
    """Seconds per epoch of the PyTorch loop; None without PyTorch."""
    if subprocess.run([python, "-c", "import torch"], capture_output=True).returncode:
        print(
            f"{python} has no PyTorch: its row is left out (pip install -r benchmarks/requirements-torch.txt).",
            flush=True,
        )
        return None
    x, x_test = load("conv")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        np.savez(path, x_train=x[..., 0], x_test=x_test[..., 0])
        script = Path(__file__).with_name("torch_loop.py")
        return json.loads(subprocess.run([python, script, path, "1"], stdout=subprocess.PIPE, check=True).stdout)


SCALES = {
    "latent dimension": [1, 2, 4, 8, 16, 32, 64],
    "training images": [1000, 3000, 10_000, 30_000, 60_000],
    "batch size": [25, 50, 100, 200, 400, 800],
}
ARGUMENTS = {"latent dimension": "latent_dim", "training images": "images", "batch size": "batch_size"}


def scaling():
    """Seconds per epoch of the MLP VAE as one thing grows and the others stay: 2 dimensions, 10,000 images, batches of 100.

    Returns
    -------
    dict
        For each of ``SCALES``: its values, and seconds per epoch of the lab's loop
        and of ours, without the first epoch, which compiles.
    """
    x = load("mlp")[0]
    found = {}
    for what, values in SCALES.items():
        settings = [
            {"latent_dim": 2, "images": 10_000, "batch_size": 100} | {ARGUMENTS[what]: value} for value in values
        ]
        lab = lab_loop(*({"kind": "mlp", "test": False, **setting} for setting in settings))
        found[what] = {"values": values, "baseline": [run["seconds"][0] for run in lab], "ours": []}
        for setting in settings:
            epochs = 1 + math.ceil(1200 / math.ceil(setting["images"] / setting["batch_size"]))
            vae = make("mlp", latent_dim=setting["latent_dim"])
            history = our_fit(vae, x[: setting["images"]], None, epochs, setting["batch_size"])[1]
            found[what]["ours"].append(statistics.median(history.seconds[1:]))
        print(what, found[what], flush=True)
    return found


def plot(found, path=PLOT):
    """Draw what ``scaling`` found."""
    fig = Figure(figsize=(11, 3.4), layout="constrained")
    axes = fig.subplots(1, len(found))
    for ax, (what, measured) in zip(axes, found.items(), strict=True):
        ax.loglog(measured["values"], measured["baseline"], "o--", color=plots.VERMILLION, label="Keras fit")
        ax.loglog(measured["values"], measured["ours"], "s-", color=plots.BLUE, label="vaelab.training.fit")
        ax.set(xlabel=what, xticks=measured["values"][::2], xticklabels=measured["values"][::2])
        ax.minorticks_off()
    axes[0].set_ylabel("seconds per epoch, MLP VAE")
    axes[0].legend()
    fig.savefig(path, dpi=120)


def read():
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def keep(name, found):
    record = read()
    record |= {"machine": machine(), name: found}
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def rows(record):
    """The table's rows of what has been recorded."""
    found = []
    for kind, name in (("mlp", "MLP VAE"), ("conv", "conv VAE")):
        runs = [run for key, run in sorted(record.items()) if key.startswith(f"{kind}-")]
        if not runs:
            continue
        epochs, target = LAB[kind]
        ours = [run["seconds"] for run in runs]
        title = f"{name}, time to {target} nats"
        details = {
            "every run": RECORD.name,
            "final test −ELBO of each seed": [round(run["reaches"], 2) for run in runs],
        }
        found.append(
            Row(
                title,
                f"Keras fit, {epochs} epochs",
                "s",
                [run["baseline seconds"] for run in runs],
                ours,
                promise=PROMISE[kind],
                details=details,
            )
        )
        if kind == "conv" and record.get("torch"):
            found.append(
                Row(
                    title,
                    f"PyTorch loop, {epochs} epochs",
                    "s",
                    [epochs * s for s in record["torch"]],
                    ours,
                    promise=1,
                    details={"seconds per epoch": record["torch"]},
                )
            )
    return found


def measure(seeds=3, full_baseline=False, python=None, parts=None):
    """Measure and record; see the top of this file. Returns the rows."""
    for part in parts or ("mlp", "conv", "torch", "scaling"):
        kind, _, seed = part.partition("-")
        if kind in LAB:
            for number in [int(seed)] if seed else range(seeds):
                keep(f"{kind}-{number}", time_to_quality(kind, number, full_baseline))
        elif kind == "torch":
            keep("torch", torch_loop(python or os.environ.get("VAELAB_TORCH", sys.executable)))
        else:
            keep("scaling", scaling())
            plot(read()["scaling"])
    return rows(read())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--full-baseline", action="store_true")
    parser.add_argument("--torch", metavar="PYTHON", help="an interpreter that has PyTorch")
    parser.add_argument(
        "--part", action="append", help="mlp, conv, mlp-SEED, conv-SEED, torch or scaling; may be repeated"
    )
    parser.add_argument("--plot", action="store_true", help="only draw what is recorded")
    options = parser.parse_args()
    if options.plot:
        plot(read()["scaling"])
    else:
        print(markdown(measure(options.seeds, options.full_baseline, options.torch, options.part)))

"""The doctor from a shell: what it loads, what it refuses."""

import json
from importlib.metadata import entry_points

import keras
import numpy as np
import pictures
import pytest

from vaelab import models
from vaelab.doctor.command import main

STYLE = pictures.MODELS / "compute_loss.py"


def test_the_command_examines_what_a_function_of_a_module_makes(tmp_path, capsys):
    np.savez(tmp_path / "x.npz", x=pictures.images())
    assert main([f"{STYLE}:make", "--data", str(tmp_path / "x.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["numbers"]["effective_beta"] == pytest.approx(1, rel=0.02)


def test_the_command_takes_the_step_of_a_loop_beside_the_model(tmp_path, capsys):
    (tmp_path / "both.py").write_text(
        f"import sys; sys.path.insert(0, {str(pictures.MODELS)!r}); import loop\n"
        "def make():\n    model = loop.make()\n    return model, loop.step(model)\n"
    )
    np.savez(tmp_path / "x.npz", x=pictures.images(shape=(8, 10, 1)))
    assert main([f"{tmp_path / 'both.py'}:make", "--data", str(tmp_path / "x.npz"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["numbers"]["effective_beta"] == pytest.approx(1, rel=0.02)


def test_the_command_says_what_is_wrong_with_a_request(tmp_path, capsys):
    np.save(tmp_path / "pickled.npy", np.array([{}]), allow_pickle=True)
    (tmp_path / "no.keras").write_bytes(b"PK no zip")
    for arguments, words in (
        (["model.h5"], "neither"),
        (["absent.py:make"], "does not exist"),
        ([f"{STYLE}:absent"], "has no function"),
        ([str(tmp_path / "no.keras")], "safe mode"),
        ([f"{STYLE}:make", "--data", str(tmp_path / "pickled.npy")], "cannot be read"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err


ELBO = """
import keras
from keras import ops

@keras.saving.register_keras_serializable("doctor")
class Elbo(keras.layers.Layer):
    def call(self, inputs):
        x, decoded, mean, log_var = inputs
        kl = 0.5 * ops.sum(mean**2 + ops.exp(log_var) - log_var - 1, axis=-1)
        self.add_loss(ops.mean(ops.sum(ops.binary_crossentropy(x, decoded), axis=-1) + kl))
        return decoded
"""


def test_the_command_loads_a_saved_file_with_the_classes_of_a_module_and_the_course_images(tmp_path, capsys):
    (command,) = entry_points(group="console_scripts", name="vaelab-doctor")
    module, saved = tmp_path / "elbo_of_a_student.py", tmp_path / "vae.keras"
    module.write_text(ELBO)
    scope: dict = {"__name__": "elsewhere"}
    exec(ELBO, scope)
    encoder, decoder = models.make_encoder(784, 8, 3), models.make_decoder(3, 8, 784)
    x = keras.Input((784,))
    z_mean, z_log_var = encoder(x)
    model = keras.Model(x, scope["Elbo"]()([x, decoder(models.Sampling(0)([z_mean, z_log_var])), z_mean, z_log_var]))
    model.compile(optimizer="adam")
    model.save(saved)
    del keras.saving.get_custom_objects()["doctor>Elbo"]  # as in a process of its own
    request = [str(saved), "--data", "fashion", "--images", "60", "--json"]
    assert command.load()(request) == 2 and "--import" in capsys.readouterr().err
    assert main([*request, "--import", str(module)]) == 0
    numbers = json.loads(capsys.readouterr().out)["numbers"]
    assert numbers["effective_beta"] == pytest.approx(1, rel=0.02) and numbers["pixel_mean"] > numbers["entropy_floor"]


def test_a_saved_file_that_holds_code_is_not_run(tmp_path, capsys):
    model = keras.Sequential([keras.Input((80,)), keras.layers.Lambda(lambda x: x)])
    model.save(tmp_path / "lambda.keras")
    assert main([str(tmp_path / "lambda.keras")]) == 2
    assert "safe mode" in capsys.readouterr().err

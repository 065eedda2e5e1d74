"""``training.fit`` on a tiny VAE, in this process and in a real kernel."""

import textwrap
from pathlib import Path

import keras
import nbclient
import nbformat
import numpy as np
import proofs
import pytest
from tiny_vae import TinyVAE, compiled

from vaelab import plots, training

pytestmark = pytest.mark.proof(about=proofs.of("vaelab"))


@pytest.fixture
def vae():
    return compiled(TinyVAE())


@pytest.fixture
def x():
    return np.random.default_rng(0).random((30, 16), dtype="float32")


def test_the_history_has_a_number_an_epoch_and_losses_are_sums_of_their_parts(vae, x):
    history = training.fit(vae, x, x_test=x[:5], epochs=3, batch_size=8)
    assert history.epochs == [1, 2, 3]
    assert all(len(values) == 3 for values in vars(history).values())
    assert np.isfinite(list(vars(history).values())).all()
    np.testing.assert_allclose(history.loss, np.add(history.reconstruction, history.kl), rtol=1e-3)
    np.testing.assert_allclose(history.val_loss, np.add(history.val_reconstruction, history.val_kl), rtol=1e-3)


def test_training_lowers_the_loss(vae, x):
    history = training.fit(vae, x, epochs=20, batch_size=5)
    assert history.loss[-1] < history.loss[0]


def test_without_test_images_there_is_no_test_loss(vae, x):
    history = training.fit(vae, x, epochs=1)
    assert history.val_loss == history.val_reconstruction == history.val_kl == []
    assert len(history.loss) == 1


def test_outside_notebooks_a_few_lines_are_printed_and_nothing_goes_to_stderr(x, capfd):
    training.fit(compiled(TinyVAE(), jit_compile="auto"), x, x_test=x, epochs=35, batch_size=30)
    printed = capfd.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    assert 5 <= len(lines) <= 12
    assert "35 epochs in" in lines[-1]
    assert all(word in lines[0] for word in ("epoch", "loss", "reconstruction", "KL", "test", "nats per image"))


@pytest.mark.parametrize("x_test", [True, False])
def test_the_learning_curve_is_shown_once_with_the_history(vae, x, x_test, monkeypatch):
    shown = []
    monkeypatch.setattr(plots, "learning_curve", lambda history, landmarks: shown.append((history, landmarks)))
    history = training.fit(vae, x, x_test=x if x_test else None, epochs=1, landmarks=False)
    assert shown == [(history, False)]


def test_steps_per_execution_and_a_last_part_of_a_batch_are_fine(x, capfd):
    vae = TinyVAE()
    vae.compile(optimizer="adam", steps_per_execution=4, jit_compile=False)
    assert len(training.fit(vae, x, epochs=2, batch_size=7).loss) == 2


class Recorded(TinyVAE):
    """Notes the learning rate at the beginning and the end of every epoch; may be stopped."""

    stop_in_epoch = None

    def reset_metrics(self):
        super().reset_metrics()
        self.rates = [*getattr(self, "rates", []), float(self.optimizer.learning_rate)]
        if len(self.rates) == self.stop_in_epoch:
            raise KeyboardInterrupt


@pytest.mark.parametrize("stop_in_epoch", [None, 7])
def test_the_learning_rate_rises_and_falls_and_is_the_models_own_again_afterwards(x, stop_in_epoch):
    vae = compiled(Recorded())
    vae.stop_in_epoch = stop_in_epoch
    training.fit(vae, x, epochs=10, batch_size=10)
    top = vae.rates.index(max(vae.rates))
    rising, falling = vae.rates[: top + 1], vae.rates[top:]
    assert rising == sorted(rising) and falling == sorted(falling, reverse=True)
    assert rising[0] == pytest.approx(0.001) and 0.005 < rising[-1] <= 0.008
    assert len(falling) > 3 and (stop_in_epoch or falling[-1] < 0.001)
    assert float(vae.optimizer.learning_rate) == pytest.approx(0.001)


def test_a_rate_above_the_usual_is_not_raised(x):
    vae = Recorded()
    vae.compile(optimizer=keras.optimizers.SGD(0.05))
    training.fit(vae, x, epochs=4, batch_size=30)
    assert max(vae.rates) <= 0.0501


def test_a_schedule_of_the_models_own_is_left_alone(x):
    vae = Recorded()
    vae.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.5, 1, 0.5)), jit_compile=False
    )
    training.fit(vae, x, epochs=3, batch_size=30)
    assert vae.rates == pytest.approx([0.5, 0.25, 0.125])


def test_the_stop_button_keeps_weights_and_completed_epochs(x, capsys):
    class Stopped(TinyVAE):
        epochs_begun = 0

        def reset_metrics(self):
            super().reset_metrics()
            self.epochs_begun += 1
            if self.epochs_begun == 4:
                raise KeyboardInterrupt

    vae = compiled(Stopped())
    vae(x)
    before = vae.get_weights()
    history = training.fit(vae, x, epochs=50)
    assert history.epochs == [1, 2, 3] and len(history.kl) == 3
    assert "Stopped in epoch 4 of 50" in capsys.readouterr().out
    assert not np.array_equal(before[0], vae.get_weights()[0])
    assert training.fit(vae, x, epochs=1).epochs == [1]  # the model can go on


def test_stopping_before_the_first_epoch_ends_shows_an_empty_curve(x, capsys):
    class Stopped(TinyVAE):
        def reset_metrics(self):
            raise KeyboardInterrupt

    assert training.fit(compiled(Stopped()), x, epochs=5) == training.History()
    assert "epochs completed: 0" in capsys.readouterr().out


@pytest.mark.parametrize("variable", ["NBGRADER_EXECUTION", "VAELAB_PROFILE"])
def test_nothing_is_trained_while_grading(vae, x, variable, monkeypatch, capsys):
    monkeypatch.setenv(variable, "grading")
    vae(x)
    before = vae.get_weights()
    history = training.fit(vae, x, x_test=x, epochs=0)  # the profile's own number of epochs
    assert history == training.History()
    assert all(np.array_equal(a, b) for a, b in zip(before, vae.get_weights(), strict=True))
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"vae": "a model"}, TypeError, "keras.Model"),
        ({"vae": TinyVAE()}, ValueError, "not compiled"),
        ({"epochs": 0}, ValueError, "epochs is 0"),
        ({"epochs": 2.5}, ValueError, "epochs is 2.5"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"x_train": np.zeros((4, 16), np.uint8)}, TypeError, "x_train.*uint8"),
        ({"x_train": np.zeros((4, 16))}, TypeError, "x_train.*float64"),
        ({"x_train": np.full((4, 16), np.nan, "float32")}, ValueError, "x_train.*NaN"),
        ({"x_train": np.full((4, 16), 255, "float32")}, ValueError, "x_train.*255"),
        ({"x_test": np.full((4, 16), -1, "float32")}, ValueError, "x_test.*-1"),
        ({"x_test": np.zeros((4, 15), "float32")}, ValueError, "one shape"),
    ],
)
def test_bad_input_is_refused_before_training(vae, x, change, error, message):
    with pytest.raises(error, match=message):
        training.fit(**{"vae": vae, "x_train": x, "epochs": 1, **change})


def test_images_of_another_shape_than_the_models_are_refused():
    inputs = keras.Input((16,))
    model = compiled(keras.Model(inputs, keras.layers.Dense(16)(inputs)))
    with pytest.raises(ValueError, match=r"\(3, 4, 4\).*\(None, 16\)"):
        training.fit(model, np.zeros((3, 4, 4), "float32"), epochs=1)


def test_a_loss_that_becomes_nan_stops_training_and_says_so(x):
    class Broken(TinyVAE):
        def compute_loss(self, *args, **kwargs):
            return super().compute_loss(*args, **kwargs) * float("nan")

    with pytest.raises(ValueError, match="became nan in epoch 1"):
        training.fit(compiled(Broken()), x, epochs=5)


def test_in_a_notebook_one_small_output_is_updated_in_place_and_the_curve_follows(tmp_path):
    """In a real kernel: updates while it runs, and a saved notebook that holds the last state only."""
    setup = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import numpy as np
        from tiny_vae import TinyVAE, compiled
        from vaelab import training
        vae, x = compiled(TinyVAE()), np.zeros((400, 16), "float32")
    """
    cells = [textwrap.dedent(setup), "history = training.fit(vae, x, x_test=x[:8], epochs=5, batch_size=4)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = Recording(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute()

    outputs = notebook.cells[1].outputs
    assert [output.output_type for output in outputs] == ["display_data", "display_data"]
    final, curve = (output.data for output in outputs)
    assert "5 epochs in" in final["text/html"] and len(str(final)) < 1000
    assert 'alt="Learning curve' in curve["text/html"]
    live = [text for text in client.texts if "batch" in text]
    assert live and all("of 100: loss" in text and "reconstruction" in text and "KL" in text for text in live)


class Recording(nbclient.NotebookClient):
    """Remembers the plain text of everything displayed, updates included."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.texts = []

    def process_message(self, message, cell, cell_index):
        if message["msg_type"] in ("display_data", "update_display_data"):
            self.texts.append(message["content"]["data"]["text/plain"])
        return super().process_message(message, cell, cell_index)

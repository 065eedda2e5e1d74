"""The explorer where neither kernel nor Keras is: stored programs, still figures, saved pages, and the modules of the page.

What a person does with it in a browser is tested in tests/browser.
"""

import base64
import io
import json
import re
import subprocess
import sys

import ipywidgets as widgets
import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image
from scipy.stats import norm

from vaelab import reference
from vaelab.explorer import LatentExplorer, saved
from vaelab.explorer.bundle import FOLDER, bundle
from vaelab.explorer.program import Program, export
from vaelab.explorer.program.run import run

# Programs without Keras -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["mlp", "conv"])
def test_the_stored_programs_are_the_reference_decoders(name):
    _, program = reference.programs(name)
    model = reference.load_mlp()[1] if name == "mlp" else reference.load_conv_decoder()
    z = np.random.default_rng(0).normal(0, 1.5, (200, 2)).astype("float32")
    expected = np.asarray(model(z))
    assert np.abs(run(program, z)[0] - expected).max() <= 2e-6
    assert np.abs(run(export(model, (2,)), z)[0] - expected).max() <= 2e-6


def test_the_stored_encoder_is_the_reference_encoder():
    images = np.random.default_rng(0).uniform(size=(50, 784)).astype("float32")
    for found, expected in zip(run(reference.programs("mlp")[0], images), reference.load_mlp()[0](images), strict=True):
        assert np.abs(found - np.asarray(expected)).max() <= 2e-5


def test_an_explorer_of_programs_needs_no_keras():
    _, decoder = reference.programs("mlp")
    assert isinstance(decoder, Program)
    explorer = LatentExplorer({"MLP": decoder})
    assert explorer.decoders[0].network.model is None
    assert explorer.decoders[0].shape == (28, 28, 1)


def test_opening_an_explorer_of_stored_programs_imports_neither_tensorflow_nor_keras():
    code = (
        "import sys; from vaelab import data, reference; from vaelab.explorer import LatentExplorer; "
        "encoder, decoder = reference.programs('mlp'); images = data.load(); "
        "LatentExplorer(decoder, encoder, images.x_test, images.y_test, train_images=images.x_train)._repr_mimebundle_(); "
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_numpy_says_which_step_it_does_not_run():
    program = export(keras.Sequential([keras.Input((2,)), layers.Dense(6), layers.LayerNormalization()]), (2,))
    with pytest.raises(NotImplementedError, match="normalise"):
        run(program, np.zeros((1, 2)))


# Where there is no kernel ---------------------------------------------------------------


def shown(html_text, alt):
    """Pixels of the image with that alternative text."""
    source = re.search(rf'<img alt="{alt}[^"]*" src="data:image/png;base64,([^"]+)"', html_text).group(1)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source))))


def test_without_a_kernel_there_is_a_still_figure_that_says_so(explorer):
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "A still picture" in bundle["text/html"]
    alt = re.search(r'<img alt="([^"]+)"', bundle["text/html"]).group(1)
    assert alt.startswith("Images decoded by decoder_0") and "z1 from left to right and z2 from bottom to top" in alt
    assert alt in bundle["text/plain"]
    grid = shown(bundle["text/html"], "Images")
    decoder = explorer.decoders[0]
    n = grid.shape[0] // 8
    quantiles = norm.ppf((np.arange(n) + 0.5) / n)
    for tile, z in ((grid[-8:, :8], [quantiles[0], quantiles[0]]), (grid[:8, :8], [quantiles[0], quantiles[-1]])):
        assert np.abs(tile - 255 * decoder.images([z])[0, ..., 0]).max() <= 0.51, "z1 to the right, z2 upwards"


def test_a_saved_notebook_grows_by_less_than_a_megabyte_even_with_the_state_of_all_widgets():
    existing = set(widgets.Widget.get_manager_state()["state"])
    rng = np.random.default_rng(0)
    n = 2000
    explorer = LatentExplorer(
        {"MLP": reference.programs("mlp")[1], "conv": reference.programs("conv")[1]},
        images=rng.uniform(size=(n, 28, 28)).astype("float32"),
        labels=np.arange(n) % 10,
        posterior={name: (rng.normal(size=(n, 2)), rng.normal(size=(n, 2))) for name in ("MLP", "conv")},
        train_images=rng.uniform(size=(n, 784)).astype("float32"),
    )
    state = {key: value for key, value in widgets.Widget.get_manager_state()["state"].items() if key not in existing}
    assert len(json.dumps(explorer._repr_mimebundle_())) + len(json.dumps(state)) < 1_000_000


def test_a_saved_page_has_as_many_images_as_fit(explorer, monkeypatch, tmp_path):
    path = explorer.save(tmp_path / "all.html")
    packed = json.loads(re.search(r'id="packed">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)[1])
    assert packed["header"]["images"]["indices"] == list(range(30))
    monkeypatch.setattr(saved, "LIMIT", path.stat().st_size - 5000)
    less = saved.page(explorer)
    assert len(less.encode()) <= saved.LIMIT
    packed = json.loads(re.search(r'id="packed">(.*?)</script>', less, re.DOTALL)[1])
    assert 0 < len(packed["header"]["images"]["indices"]) < 30


# The modules of the page ----------------------------------------------------------------


@pytest.mark.parametrize("entry", ["widget.js", "saved.js", "worker.js", "program.js"])
def test_a_bundle_has_every_module_once_before_it_is_used_and_imports_nothing(entry):
    source = bundle(entry)
    assert not re.search(r"^(import|export (?!const \w+ = module_))", source, re.MULTILINE)
    defined = re.findall(r"^const (module_\w+) =", source, re.MULTILINE)
    assert len(defined) == len(set(defined))
    for name in set(re.findall(r"= (module_\w+);", source)):
        assert source.index(f"const {name} =") < source.index(f"= {name};")


def test_every_function_of_the_page_is_short_and_every_module_has_one_purpose():
    for path in FOLDER.glob("*.js"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("//"), f"{path.name} begins with what it is for"
        assert len(lines) <= 300, path.name
        begun = None
        for number, line in enumerate(lines):
            if re.match(r"(export )?(async )?function |  (async )?#?\w+\(.*\) \{$", line):
                begun = number
            if begun is not None and line in ("}", "  }"):
                assert number - begun < 60, f"{path.name}, line {begun + 1}"
                begun = None

"""Every figure, outside notebooks (a Figure comes back) and in them (accessible HTML is displayed); bad input is refused."""

import base64
import io
import re

import IPython.display
import matplotlib
import numpy as np
import proofs
import pytest
from figures import FIGURES, X, Y, Z
from ipywidgets import FloatSlider
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from vaelab import plots
from vaelab.sliders import Sliders


@pytest.fixture
def displayed(monkeypatch):
    """What a notebook would show: the list of MIME bundles."""
    bundles = []
    monkeypatch.setattr("vaelab.plots.display.in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.filterwarnings("error")
def test_outside_notebooks_the_figure_is_returned_and_nothing_printed_or_left_behind(name, capfd):
    before = dict(matplotlib.rcParams)
    assert isinstance(FIGURES[name](), Figure)
    assert dict(matplotlib.rcParams) == before
    assert capfd.readouterr() == ("", "")


@pytest.mark.proof(about=proofs.of("vaelab"))
@pytest.mark.parametrize("name", FIGURES)
def test_in_notebooks_a_small_png_with_alternative_text_is_displayed(name, displayed):
    assert FIGURES[name]() is None
    (bundle,) = displayed
    alt, source = re.fullmatch(
        r'<figure.*?><img.*? alt="([^"]+)" src="data:image/png;base64,([^"]+)"></figure>', bundle["text/html"]
    ).groups()
    assert len(bundle["text/plain"]) > 15 and alt
    png = base64.b64decode(source)
    assert len(png) < 200_000
    width, height = Image.open(io.BytesIO(png)).size
    assert width <= 1200 and height <= 1000


@pytest.mark.proof(about=proofs.of("vaelab"))
@pytest.mark.parametrize("name", FIGURES)
def test_every_word_lies_within_the_figure(name):
    fig = FIGURES[name]()
    fig.draw_without_rendering()
    width, height = fig.bbox.width, fig.bbox.height
    for ax in fig.axes:
        labels = [tick.label1 for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_major_ticks()]
        for text in ax.findobj(Text):
            if text in labels or not text.get_text().strip() or not text.get_visible() or not ax.axison:
                continue
            box = text.get_window_extent()
            assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text.get_text()


def test_alternative_text_is_escaped(displayed):
    plots.latent_scatter(Z, Y, title='"q" & <p>')
    (bundle,) = displayed
    assert "&quot;q&quot; &amp; &lt;p&gt;" in bundle["text/html"]


# Bad input

BAD = {
    "flat images of another size": lambda: plots.gallery(np.zeros((3, 100))),
    "one image without a batch": lambda: plots.samples(X[0]),
    "colour images": lambda: plots.samples(np.zeros((3, 28, 28, 3))),
    "no images": lambda: plots.samples(X[:0]),
    "pixels to 255": lambda: plots.gallery(np.full((3, 28, 28), 255, np.uint8)),
    "NaN pixels": lambda: plots.samples(np.full((3, 28, 28), np.nan)),
    "n of 0": lambda: plots.gallery(X, n=0),
    "too few labels": lambda: plots.gallery(X, Y[:3]),
    "class 10": lambda: plots.gallery(X, Y + 1),
    "labels that are not integers": lambda: plots.latent_scatter(Z, Y / 2),
    "fewer reconstructions than images": lambda: plots.reconstructions(X, X[:3]),
    "rows that are not named": lambda: plots.compare(X, [X]),
    "nats for no row": lambda: plots.compare(X, {"MLP": X}, nats={"conv": np.zeros(40)}),
    "nats of another length": lambda: plots.compare(X, {"MLP": X}, nats={"MLP": np.zeros(3)}),
    "a decoder of other images": lambda: plots.manifold(lambda z: np.zeros((len(z), 100))),
    "a decoder of one image": lambda: plots.manifold(lambda z: np.zeros((1, 784))),
    "a decoder of logits": lambda: plots.manifold(lambda z: np.full((len(z), 784), -3.0)),
    "low of 0": lambda: plots.prior_quantile_grid(5, low=0),
    "one latent dimension": lambda: plots.latent_scatter(Z[:, :1], Y),
    "three latent dimensions": lambda: plots.marginals({"prior": np.zeros((5, 3))}),
    "NaN points": lambda: plots.latent_scatter(np.full_like(Z, np.nan), Y),
    "no clouds": lambda: plots.marginals({}),
    "bars with other parts": lambda: plots.bar_comparison({"MLP": {"reconstruction": 1.0}, "conv": {"kl": 1.0}}),
    "a negative bar": lambda: plots.bar_comparison({"MLP": {"reconstruction": -1.0}}),
    "an infinite mean": lambda: plots.kl_integrand(np.inf, 0),
    "a huge log variance": lambda: plots.kl_integrand(0, 100),
    "no KL at all": lambda: plots.kl_surface(lambda z_mean, z_log_var: None),
    "no gradient": lambda: plots.kl_arrows(lambda z_mean, z_log_var: (None, z_log_var)),
    "a KL for the whole batch": lambda: plots.kl_surface(lambda z_mean, z_log_var: 1.0),
    "an infinite KL": lambda: plots.kl_surface(lambda z_mean, z_log_var: np.full(len(z_mean), np.inf)),
    "one gradient": lambda: plots.kl_arrows(lambda z_mean, z_log_var: [z_mean]),
    "gradients of another shape": lambda: plots.kl_arrows(lambda z_mean, z_log_var: (z_mean[:, 0], z_log_var[:, 0])),
    "NaN gradients": lambda: plots.kl_arrows(lambda z_mean, z_log_var: (z_mean * np.nan, z_log_var)),
    "estimates of one dimension": lambda: plots.monte_carlo_convergence(np.zeros(10), 0.0),
    "NaN estimates": lambda: plots.monte_carlo_convergence(np.full((2, 10), np.nan), 0.0),
    "a grey value above 1": lambda: plots.bernoulli_floor((0.5, 2)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_a_clear_error(name):
    with pytest.raises(ValueError, match=r"expected|should|ranges|holds|returned"):
        BAD[name]()


def test_a_complaint_names_the_function_as_the_notebook_does():
    def kl_term(z_mean, z_log_var):
        z_mean + z_log_var  # the return is forgotten

    with pytest.raises(ValueError, match="^kl_term returned None: look at the last line of the function.$"):
        plots.kl_surface(kl_term)


def test_sliders_leave_the_first_figure_behind(monkeypatch):
    """For a saved notebook whose kernel is gone."""
    sliders = Sliders(plots.kl_integrand, mean=FloatSlider(value=1.0), log_var=FloatSlider(value=-1.0, min=-2, max=2))
    bundle = sliders._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<img" in bundle["text/html"] and "with mean 1.00" in bundle["text/plain"]
    monkeypatch.setenv("VAELAB_FIGURES", "described")
    assert "text/html" not in sliders._repr_mimebundle_()

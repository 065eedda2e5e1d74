"""The map and the decoded images: drawn in the browser (``stage.js``) or, without anywidget, plain images.

Both stages take the same decoders and sliders and have the same methods, so that the
explorer does not care which it has.
"""

import time
from pathlib import Path

import ipywidgets as widgets
import numpy as np
import traitlets
from scipy.stats import norm

from vaelab.explorer import pictures
from vaelab.explorer.decoding import GRID_WARP, Grid

try:
    import anywidget
except ImportError:  # the explorer then does with plain images
    anywidget = None

# Prior quantiles stop short of 0 and 1, where z is infinite.
QUANTILE_STEP = 0.002
# The kernel works on grids for so long at a time, to remain open to questions in between.
WORK_S = 0.04


class Controls:
    """What every stage is given: decoders, a pair of sliders per latent dimension, callbacks.

    Parameters
    ----------
    decoders : list of PixelDecoder
    sliders, quantile_sliders : list of ipywidgets.FloatSlider
        One per latent dimension: z itself, and its quantile under the prior N(0, 1).
    limit : float
        The sliders and the map span [-limit, limit].
    rested : callable
        Called with z and the list of exact 8-bit images when the point has come to rest.
    picked : callable
        Called with z when the user asks for the test image nearest to it.
    """

    def __init__(self, decoders, sliders, quantile_sliders, limit, rested, picked):
        self.decoders = decoders
        self.sliders = sliders
        self.quantile_sliders = quantile_sliders
        self.limit = limit
        self.rested = rested
        self.picked = picked


class PlainStage(widgets.HBox):
    """One ``ipywidgets.Image`` per decoder, decoded in the kernel at every step of a slider."""

    def __init__(self, controls):
        self._controls = controls
        self._images = [
            widgets.Image(format="png", width=280, height=280, tooltip=f"Image decoded by {decoder.name}")
            for decoder in controls.decoders
        ]
        super().__init__(self._images, layout=widgets.Layout(flex_flow="row wrap"))
        self._linking = False
        for z, quantile in zip(controls.sliders, controls.quantile_sliders, strict=True):
            z.observe(lambda change, other=quantile: self._moved(other, norm.cdf(change.new)), "value")
            quantile.observe(lambda change, other=z: self._moved(other, norm.ppf(change.new)), "value")
        self._draw()

    def show_unit(self, unit):
        pass

    def show_posterior(self, decoder, posterior, labels, class_names):
        pass

    def show_image(self, mean, std):
        pass

    def show_path(self, path):
        pass

    def _moved(self, other, value):
        if self._linking:
            return
        self._linking = True
        try:
            other.value = value
        finally:
            self._linking = False
        self._draw()

    def _draw(self):
        z = [slider.value for slider in self._controls.sliders]
        exact = [decoder(z) for decoder in self._controls.decoders]
        for image, pixels in zip(self._images, exact, strict=True):
            image.value = pictures.png(pixels)
        self._controls.rested(z, exact)


if anywidget is not None:

    class BrowserStage(anywidget.AnyWidget):
        """The stage that ``stage.js`` draws.

        Pixels, points and grids travel as custom messages, not as traits: they are asked
        for by each view that appears and never saved with the notebook. The messages are
        listed at the head of ``stage.js``.
        """

        _esm = Path(__file__).with_name("stage.js")
        _css = Path(__file__).with_name("stage.css")

        sliders = traitlets.List().tag(sync=True)
        quantile_sliders = traitlets.List().tag(sync=True)
        limit = traitlets.Float().tag(sync=True)
        unit = traitlets.Enum(["latent", "quantile"], "latent").tag(sync=True)
        decoders = traitlets.List().tag(sync=True)  # name and shape of each
        active = traitlets.Int(0).tag(sync=True)  # the decoder whose posterior the map shows
        classes = traitlets.List().tag(sync=True)  # name, colour and marker of each
        image = traitlets.Dict().tag(sync=True)  # mean and std of the picked image, if there is one
        path = traitlets.List().tag(sync=True)  # the two ends of the interpolation, if there is one

        def __init__(self, controls):
            self._controls = controls
            self._points = None
            self._grids = {}
            self._grids_to_come = self._build_grids()
            super().__init__(
                sliders=[_reference(slider) for slider in controls.sliders],
                quantile_sliders=[_reference(slider) for slider in controls.quantile_sliders],
                limit=controls.limit,
                decoders=[{"name": decoder.name, "shape": list(decoder.shape)} for decoder in controls.decoders],
            )
            self.add_class("vl-host")
            self.on_msg(self._answer)

        def show_unit(self, unit):
            self.unit = unit

        def show_posterior(self, decoder, posterior, labels, class_names):
            """Show the posterior means of ``posterior`` (or none) on the map, for the decoder of that index."""
            self.active = decoder
            if posterior is None:
                self._points, self.classes = None, []
            else:
                labels = np.zeros(len(posterior.z_mean), np.uint8) if labels is None else labels.astype(np.uint8)
                self._points = (np.ascontiguousarray(posterior.z_mean), labels)
                self.classes = pictures.class_styles(class_names)
            self._send_points()

        def show_image(self, mean, std):
            """Draw the 1-σ ellipse of a posterior."""
            self.image = {"mean": [float(v) for v in mean], "std": [float(v) for v in std]}

        def show_path(self, path):
            """Draw a straight line between two latent points."""
            self.path = [[float(v) for v in end] for end in path]

        def _answer(self, _, message, __):
            kind = message.get("kind")
            if kind == "hello":
                self._send_points()
                for index in self._grids:
                    self._send_grid(index)
                self.send({"kind": "working", "view": message["view"]})
            elif kind == "work":
                self._work(message["view"])
            elif kind == "decode":
                exact = [decoder(message["z"]) for decoder in self._controls.decoders]
                self.send(
                    {"kind": "exact", "view": message["view"], "ticket": message["ticket"]},
                    [pixels.tobytes() for pixels in exact],
                )
                if message["rest"]:
                    self._controls.rested(message["z"], exact)
            elif kind == "pick":
                self._controls.picked(message["z"])

        def _send_points(self):
            if self._points is None:
                self.send({"kind": "points", "count": 0}, [b"", b""])
            else:
                z_mean, labels = self._points
                self.send({"kind": "points", "count": len(z_mean)}, [z_mean.tobytes(), labels.tobytes()])

        def _work(self, view):
            """Work on the grids for a moment; the view asks for more when it has drawn."""
            start = time.perf_counter()
            for index, grid in self._grids_to_come:
                if grid is not None:
                    self._grids[index] = grid
                    self._send_grid(index)
                if time.perf_counter() - start > WORK_S:
                    self.send({"kind": "working", "view": view})
                    return
            self.send({"kind": "done"})

        def _send_grid(self, index):
            grid = self._grids[index]
            header = {"kind": "grid", "decoder": index, "n": len(grid.pixels), "warp": GRID_WARP, "error": grid.error}
            self.send(header, [grid.pixels.tobytes()])

        def _build_grids(self):
            """All grids of all decoders as ``(index, grid or None)``, the coarse ones first."""
            decoders = self._controls.decoders
            if decoders[0].latent_dim != 2:
                return
            builds = {index: Grid.build(decoder, self.limit) for index, decoder in enumerate(decoders)}
            while builds:
                for index in list(builds):
                    grid = None
                    while grid is None:
                        try:
                            grid = next(builds[index])
                        except StopIteration:
                            del builds[index]
                            break
                        yield index, grid


def make_stage(controls):
    """The best stage that this installation can show."""
    return PlainStage(controls) if anywidget is None else BrowserStage(controls)


def _reference(widget):
    """How anywidget's ``host.getModel`` is told which widget is meant."""
    return f"anywidget:{widget.model_id}"

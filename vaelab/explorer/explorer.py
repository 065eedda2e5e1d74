"""``LatentExplorer``: the controls, and what happens when they move."""

import html

import ipywidgets as widgets
import numpy as np
from scipy.stats import norm

from vaelab import metrics, profiles
from vaelab.data import CLASS_NAMES
from vaelab.explorer import pictures
from vaelab.explorer.decoding import PixelDecoder
from vaelab.explorer.posterior import Posterior
from vaelab.explorer.stage import QUANTILE_STEP, Controls, make_stage
from vaelab.pixels import check_pixels

# The map reaches this far without a posterior: 99.95 % of the prior in each dimension.
PRIOR_LIMIT = 3.5
LIMITS = (3.0, 6.0)
STEP = 0.02

PATH_STEPS = 40
FRAME_MS = 100
NEIGHBOURS = 6
LATENT_UNITS, PRIOR_QUANTILES = "latent units", "prior quantiles"


class LatentExplorer(widgets.VBox):
    """Sliders through a decoder's latent space, with the decoded image following.

    With a decoder alone: sliders, an empty map and the decoded image. Images with a
    posterior add the map of their posterior means, a panel on any one image, and the
    interpolation between two; labels add classes; training images add the ones nearest
    to what is decoded.

    Parameters
    ----------
    decoder : keras.Model, or dict of str to keras.Model
        From ``(batch, latent_dim)`` to pixel values in [0, 1], as ``(batch, pixels)``,
        ``(batch, height, width)`` or ``(batch, height, width, channels)``, 1 or 3 channels.
        Several, by name, are shown side by side on the same z; they need the same latent_dim.
    encoder : keras.Model, or dict of str to keras.Model, optional
        From images to ``[z_mean, z_log_var]``, each ``(batch, latent_dim)``.
        A dict has the names of the decoders.
    images : array_like, optional
        Images to encode, ``(N, ...)``, in [0, 1], of the size that is decoded.
    labels : array_like of int, (N,), optional
        Classes of the images, 0 to len(class_names) - 1.
    posterior : tuple of array_like, or dict of str to tuple, optional
        ``(z_mean, z_log_var)`` of the images, each ``(N, latent_dim)``, in place of an encoder.
    train_images : array_like, optional
        Images among which the neighbours of the decoded image are sought.
    class_names : sequence of str, optional
        By default those of Fashion-MNIST.
    image_shape : tuple of int, optional
        ``(height, width)`` or ``(height, width, channels)``, if a flat output is no grey square.
    latent_dim : int, optional
        For decoders that do not know it (subclasses of keras.Model without an input shape).

    Attributes
    ----------
    z : numpy.ndarray, (latent_dim,)
        Where the sliders are. Can be set.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit together; the message says which and what is expected.

    Notes
    -----
    Under the grading profile the arguments are checked and nothing else happens.
    """

    def __init__(
        self,
        decoder,
        encoder=None,
        images=None,
        labels=None,
        *,
        posterior=None,
        train_images=None,
        class_names=None,
        image_shape=None,
        latent_dim=None,
    ):
        self._decoders = _decoders(decoder, image_shape, latent_dim)
        shape = self._decoders[0].shape
        self._images = _images(images, shape, "images")
        self._train_images = _images(train_images, shape, "train_images")
        self._class_names = tuple(class_names or CLASS_NAMES) if labels is not None else None
        self._labels = _labels(labels, self._images, self._class_names)
        self._graded = not profiles.current().trains
        if self._graded:
            super().__init__([widgets.Label("The explorer is not shown while grading.")])
            return
        self._posteriors = self._make_posteriors(encoder, posterior)
        self._active = 0
        self._picked = 0
        limit = self._limit()
        self._make_sliders(limit)
        self._neighbours = widgets.HTML()
        if self._train_images is not None:
            flat = self._train_images.reshape(len(self._train_images), -1)
            self._norms = np.einsum("ij,ij->i", flat, flat)
        controls = Controls(
            self._decoders, self._sliders, self._quantile_sliders, limit, self._rested, self._pick_nearest
        )
        self._stage = make_stage(controls)
        # stage.css places these in two columns where there is room.
        below = [self._neighbours] if self._train_images is not None else []
        layout = widgets.Box([self._make_header(), self._stage, *below, *self._make_cards()])
        layout.layout.flex_flow = "column"
        layout.add_class("vl-layout")
        self._neighbours.add_class("vl-near")
        super().__init__([layout])
        self.add_class("vl-explorer")
        self._activate(0)
        self._go_to_picked()

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and for where there is none, a static figure (or, grading, one sentence)."""
        if self._graded:
            return {"text/plain": self.children[0].value}
        bundle = dict(super()._repr_mimebundle_(**kwargs))
        bundle["text/html"] = pictures.static_figure(self._decoders[0])
        bundle["text/plain"] = "LatentExplorer: " + pictures.static_alt(self._decoders[0])
        return bundle

    # Where the point is --------------------------------------------------------------

    @property
    def z(self):
        """Where the sliders are, ``(latent_dim,)``."""
        return np.array([slider.value for slider in self._sliders])

    @z.setter
    def z(self, z):
        z = np.asarray(z, np.float64)
        if z.shape != (len(self._sliders),) or not np.isfinite(z).all():
            raise ValueError(f"z is {z}; expected {len(self._sliders)} finite number(s).")
        for slider, value in zip(self._sliders, z, strict=True):
            # Rounded as the slider in the browser would round it, so that it need not answer back.
            slider.value = float(np.clip(np.round(value / STEP) * STEP, slider.min, slider.max))

    # Construction --------------------------------------------------------------------

    def _make_posteriors(self, encoder, posterior):
        """One Posterior, or None, per decoder."""
        if encoder is not None and posterior is not None:
            raise ValueError("Both an encoder and a posterior are given; expected one of them.")
        if encoder is not None and self._images is None:
            raise ValueError("An encoder is given, but no images for it to encode; pass images as well.")
        n_images = None if self._images is None else len(self._images)
        dim = self._decoders[0].latent_dim
        made = []
        for name, given in self._by_decoder(encoder if encoder is not None else posterior):
            if given is None:
                made.append(None)
            elif encoder is not None:
                made.append(Posterior.encoded(given, self._images, dim, name))
            else:
                made.append(Posterior.given(given, dim, n_images, name))
        return made

    def _by_decoder(self, given):
        names = [decoder.name for decoder in self._decoders]
        if isinstance(given, dict):
            if unknown := set(given) - set(names):
                raise ValueError(f"There is no decoder called {', '.join(sorted(unknown))}; the decoders are {names}.")
            return [(name, given.get(name)) for name in names]
        if given is not None and len(names) > 1:
            raise ValueError(f"There are several decoders; expected a dict by name, with names among {names}.")
        return [(names[0], given)] + [(name, None) for name in names[1:]]

    def _limit(self):
        """How far the map reaches: to nearly all posterior means, rounded up to halves."""
        extents = [np.quantile(np.abs(p.z_mean), 0.999) for p in self._posteriors if p is not None]
        if not extents:
            return PRIOR_LIMIT
        return float(np.clip(np.ceil(2 * max(extents)) / 2, *LIMITS))

    def _make_sliders(self, limit):
        def slider(dim, unit, **options):
            return widgets.FloatSlider(
                description=f"z{dim}",
                description_allow_html=False,
                tooltip=f"z{dim}, {unit}",
                layout=widgets.Layout(width="auto"),
                style={"description_width": "24px"},
                **options,
            )

        dims = range(1, self._decoders[0].latent_dim + 1)
        low = float(np.ceil(norm.cdf(-limit) / QUANTILE_STEP) * QUANTILE_STEP)
        self._sliders = [
            slider(dim, "latent units", min=-limit, max=limit, step=STEP, value=0.0, readout_format=".2f")
            for dim in dims
        ]
        self._quantile_sliders = [
            slider(
                dim, "quantile of the prior", min=low, max=1 - low, step=QUANTILE_STEP, value=0.5, readout_format=".3f"
            )
            for dim in dims
        ]

    def _make_header(self):
        latent = widgets.VBox(self._sliders)
        quantile = widgets.VBox(self._quantile_sliders, layout=widgets.Layout(display="none"))
        unit = widgets.ToggleButtons(
            options=[LATENT_UNITS, PRIOR_QUANTILES],
            description="Sliders in",
            tooltips=["z itself", "the share of the prior N(0, 1) below z"],
            style={"description_width": "auto", "button_width": "auto"},
            layout=widgets.Layout(width="auto"),
        )

        def switch(change):
            quantiles = change.new == PRIOR_QUANTILES
            latent.layout.display = "none" if quantiles else None
            quantile.layout.display = None if quantiles else "none"
            self._stage.show_unit("quantile" if quantiles else "latent")

        unit.observe(switch, "value")
        choices = [unit]
        if len(self._decoders) > 1:
            which = widgets.ToggleButtons(
                options=[(decoder.name, index) for index, decoder in enumerate(self._decoders)],
                description="Map of",
                style={"description_width": "auto", "button_width": "auto"},
                layout=widgets.Layout(width="auto"),
            )
            which.observe(lambda change: self._activate(change.new), "value")
            choices.append(which)
        header = widgets.VBox([latent, quantile, _row(choices)])
        header.add_class("vl-controls")
        return header

    def _make_cards(self):
        """The panels on one image and between two: there if there are images with posteriors."""
        if self._images is None or all(posterior is None for posterior in self._posteriors):
            return []
        cards = widgets.Box([self._make_image_card(), self._make_path_card()])
        cards.add_class("vl-cards")
        return [cards]

    def _make_image_card(self):
        self._number = widgets.BoundedIntText(
            value=0, min=0, max=len(self._images) - 1, description="Image", layout=widgets.Layout(width="150px"),
            style={"description_width": "auto"},
        )  # fmt: skip
        self._number.observe(lambda change: self._pick(change.new), "value")
        another = widgets.Button(
            description="Another one", tooltip="Pick an image at random", layout=widgets.Layout(width="auto")
        )
        self._rng = np.random.default_rng(0)
        another.on_click(lambda _: self._pick_random())
        back = widgets.Button(
            description="Go to its z_mean",
            tooltip="Move the sliders to the image's z_mean",
            layout=widgets.Layout(width="auto"),
        )
        back.on_click(lambda _: self._go_to_picked())
        row = [self._number, another, back]
        if self._labels is not None:
            present = np.unique(self._labels)
            self._class = widgets.Dropdown(
                options=[("any class", -1)] + [(self._class_names[label], int(label)) for label in present],
                description="Class", layout=widgets.Layout(width="190px"), style={"description_width": "auto"},
            )  # fmt: skip
            self._class.observe(lambda _: self._pick_random(), "value")
            row.insert(0, self._class)
        self._about = widgets.HTML()
        return _card("A test image", [_row(row), self._about])

    def _make_path_card(self):
        start = widgets.Button(
            description="From this image",
            tooltip="Start the path at the picked image",
            layout=widgets.Layout(width="auto"),
        )
        end = widgets.Button(
            description="To this image", tooltip="End the path at the picked image", layout=widgets.Layout(width="auto")
        )
        start.on_click(lambda _: self._set_ends(self._picked, self._ends[1]))
        end.on_click(lambda _: self._set_ends(self._ends[0], self._picked))
        # To begin with: the first image, and of those on the map the one that is farthest from it.
        z_mean = next(posterior for posterior in self._posteriors if posterior is not None).z_mean
        on_map = (np.abs(z_mean) < self._sliders[0].max).all(axis=1)
        self._ends = (0, int((np.square(z_mean - z_mean[0]).sum(axis=1) * on_map).argmax()))
        self._play = widgets.Play(min=0, max=PATH_STEPS, interval=FRAME_MS, description="Play", show_repeat=False)
        self._share = widgets.IntSlider(
            min=0, max=PATH_STEPS, readout=False, description="Along", tooltip="Place along the path",
            style={"description_width": "auto"}, layout=widgets.Layout(width="min(100%, 220px)"),
        )  # fmt: skip
        widgets.jslink((self._play, "value"), (self._share, "value"))
        self._share.observe(lambda _: self._along(), "value")
        self._between = widgets.HTML()
        return _card("Between two images", [_row([start, end]), _row([self._play, self._share]), self._between])

    # What happens --------------------------------------------------------------------

    def _activate(self, index):
        """Show the posterior of that decoder on the map and in the cards."""
        self._active = index
        posterior = self._posteriors[index]
        self._stage.show_posterior(index, posterior, self._labels, self._class_names)
        if hasattr(self, "_about"):
            self._show_picked()
            self._show_path()

    def _pick(self, index):
        self._picked = index
        self._show_picked()
        self._go_to_picked()

    def _pick_random(self):
        wanted = self._class.value if self._labels is not None else -1
        choices = np.arange(len(self._images)) if wanted < 0 else np.flatnonzero(self._labels == wanted)
        self._number.value = int(self._rng.choice(choices))

    def _pick_nearest(self, z):
        posterior = self._posteriors[self._active]
        if posterior is not None and self._images is not None:
            self._number.value = posterior.nearest(z)

    def _go_to_picked(self):
        posterior = self._posteriors[self._active]
        if posterior is not None:
            self.z = posterior.z_mean[self._picked]

    def _show_picked(self):
        posterior, index = self._posteriors[self._active], self._picked
        decoder = self._decoders[self._active]
        if posterior is None:
            self._about.value = (
                f'<p class="vl-note">{html.escape(decoder.name)} has no posterior: no encoder was given for it.</p>'
            )
            return
        mean, std, kl = posterior.z_mean[index], posterior.std[index], posterior.kl(index)
        image = self._images[index]
        decoded = decoder.images(mean)[0]
        nats = float(metrics.bernoulli_nll(image[None], decoded[None])[0])
        what = self._name_of(index)
        pair = pictures.row(
            [
                pictures.figure(pictures.to_pixels(image), f"Test image {index}, {what}", 112, "original"),
                pictures.figure(pictures.to_pixels(decoded), f"Its reconstruction by {decoder.name}", 112, "decoded"),
            ]
        )
        table = pictures.posterior_table(mean, std, kl, nats)
        self._about.value = (
            f'<p class="vl-note">Test image {index}: <b>{html.escape(what)}</b>, encoded for {html.escape(decoder.name)}</p>'
            f'<div class="vl-about">{pair}<div>{table}</div></div>'
        )
        self._stage.show_image(mean, std)

    def _set_ends(self, start, end):
        self._ends = (start, end)
        self._play.value = self._share.value = 0
        self._show_path()

    def _show_path(self):
        posterior = self._posteriors[self._active]
        if posterior is not None:
            self._stage.show_path(posterior.z_mean[list(self._ends)])
        self._show_between()

    def _along(self):
        posterior = self._posteriors[self._active]
        if posterior is not None:
            self.z = self._point_on_path(posterior)
        self._show_between()

    def _point_on_path(self, posterior):
        t = self._share.value / PATH_STEPS
        start, end = posterior.z_mean[list(self._ends)]
        return (1 - t) * start + t * end

    def _show_between(self):
        t = self._share.value / PATH_STEPS
        (a, b), decoder = self._ends, self._decoders[self._active]
        start, end = self._images[a], self._images[b]
        fade = pictures.to_pixels((1 - t) * start + t * end)
        figures = [
            pictures.figure(pictures.to_pixels(start), f"Start: test image {a}, {self._name_of(a)}", 56, "from"),
            pictures.figure(fade, f"Mixture of the two images, {t:.0%} of the second", 116, "cross-fade of pixels"),
            pictures.figure(pictures.to_pixels(end), f"End: test image {b}, {self._name_of(b)}", 56, "to"),
        ]
        posterior = self._posteriors[self._active]
        if posterior is not None:
            decoded, alt = (
                decoder(self._point_on_path(posterior)),
                f"Decoded {t:.0%} of the way, straight in latent space",
            )
            figures.insert(1, pictures.figure(decoded, alt, 116, "line in latent space"))
        self._between.value = pictures.row(figures)

    def _name_of(self, index):
        return "unlabelled" if self._labels is None else self._class_names[self._labels[index]]

    def _rested(self, z, exact):
        """Show the training images nearest to the decoded one, in Euclidean distance of pixels."""
        if self._train_images is None:
            return
        decoded = exact[self._active].astype(np.float32).ravel() / 255
        flat = self._train_images.reshape(len(self._train_images), -1)
        distances = self._norms - 2 * flat @ decoded
        count = min(NEIGHBOURS, len(flat))
        nearest = np.argpartition(distances, count - 1)[:count]
        nearest = nearest[np.argsort(distances[nearest])]
        figures = [
            pictures.figure(pictures.to_pixels(self._train_images[i]), f"Training image {i}", 56) for i in nearest
        ]
        of = f" ({html.escape(self._decoders[self._active].name)})" if len(self._decoders) > 1 else ""
        self._neighbours.value = f'<p class="vl-note">Nearest training images{of}</p>' + pictures.row(figures)


def _row(children):
    return widgets.Box(children, layout=widgets.Layout(flex_flow="row wrap", align_items="center"))


def _card(title, children):
    card = widgets.VBox([widgets.HTML(f'<h4 class="vl-title">{title}</h4>'), *children])
    card.add_class("vl-card")
    return card


def _decoders(given, image_shape, latent_dim):
    named = given if isinstance(given, dict) else {getattr(given, "name", "decoder"): given}
    if not named:
        raise ValueError("decoder is an empty dict; expected at least one decoder.")
    decoders = [PixelDecoder(model, str(name), image_shape, latent_dim) for name, model in named.items()]
    first = decoders[0]
    for other in decoders[1:]:
        if (other.latent_dim, other.shape) != (first.latent_dim, first.shape):
            raise ValueError(
                f"{first.name} decodes {first.latent_dim} latent dimension(s) to {first.shape}, "
                f"{other.name} {other.latent_dim} to {other.shape}; side by side they need to be the same."
            )
    return decoders


def _images(given, shape, name):
    """Images as float32 ``(N, height, width, channels)``, checked."""
    if given is None:
        return None
    images = np.asarray(given)
    size = int(np.prod(shape))
    if images.ndim < 2 or len(images) == 0 or images[0].size != size:
        raise ValueError(
            f"{name} has shape {images.shape}; expected (N, ...) with {size} values an image, as the decoder gives {shape}."
        )
    return check_pixels(images, name).reshape(len(images), *shape).astype(np.float32, copy=False)


def _labels(given, images, class_names):
    if given is None:
        return None
    if images is None:
        raise ValueError("labels are given, but no images; pass images as well.")
    labels = np.asarray(given)
    if labels.shape != (len(images),) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"labels has shape {labels.shape} and type {labels.dtype}; expected ({len(images)},) integers."
        )
    if labels.min() < 0 or labels.max() >= len(class_names):
        raise ValueError(
            f"labels range from {labels.min()} to {labels.max()}, but there are {len(class_names)} class names; "
            "pass class_names as well."
        )
    return labels

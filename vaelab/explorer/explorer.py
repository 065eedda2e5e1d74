"""``LatentExplorer``: what it accepts, and what it answers to the page."""

from pathlib import Path

import anywidget
import numpy as np
import traitlets

from vaelab import profiles
from vaelab.data import CLASS_NAMES
from vaelab.explorer import contents, pictures
from vaelab.explorer.bundle import bundle, style
from vaelab.explorer.networks import Network, PixelDecoder
from vaelab.explorer.posterior import Posterior, encoder_shape
from vaelab.pixels import check_pixels

# The map reaches this far without a posterior: 99.95 % of the prior in each dimension.
PRIOR_LIMIT = 3.5
LIMITS = (3.0, 6.0)
NEIGHBOURS = 6


class LatentExplorer(anywidget.AnyWidget):
    """Sliders through a decoder's latent space, with the decoded image following.

    The page (``vaelab/explorer/page``) does all of it, with the decoder's own program; the kernel looks for
    neighbours among the training images, and decodes where a decoder has a layer that no program knows.

    With a decoder alone: sliders, a map of decoded images and the image. An encoder adds an image to draw on.
    Images with an encoder or a posterior add the map of their posterior means, a panel on any one image, and
    the interpolation between two; labels add classes; training images add the ones nearest to what is decoded.

    Parameters
    ----------
    decoder : keras.Model or Program, or dict of str to them
        From ``(batch, latent_dim)`` to pixel values in [0, 1], as ``(batch, pixels)``,
        ``(batch, height, width)`` or ``(batch, height, width, channels)``, 1 or 3 channels.
        Several, by name, are shown side by side on the same z; they need the same latent_dim.
    encoder : keras.Model or Program, or dict of str to them, optional
        From images to ``[z_mean, z_log_var]``, each ``(batch, latent_dim)``; further outputs are ignored.
        A dict has the names of the decoders.
    images : array_like, optional
        Images to encode, ``(N, ...)``, in [0, 1], of the size that is decoded.
    labels : array_like of int, (N,), optional
        Classes of the images, 0 to len(class_names) - 1.
    posterior : tuple of array_like, or dict of str to tuple, optional
        ``(z_mean, z_log_var)`` of the images, each ``(N, latent_dim)``, where there is no encoder.
        A dict has the names of the decoders; each name may have an encoder or a posterior.
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
        Where the point is. Can be set.

    Raises
    ------
    TypeError, ValueError
        If the arguments do not fit together; the message says which and what is expected.

    Notes
    -----
    Under the grading profile the arguments are checked and nothing else happens.
    """

    _esm = bundle("widget.js") + "export default widget;\n"
    _css = style()
    _z = traitlets.List(traitlets.Float()).tag(sync=True)

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
        self.decoders = _decoders(decoder, image_shape, latent_dim)
        shape = self.decoders[0].shape
        self.images = _images(images, shape, "images")
        self.train_images = _images(train_images, shape, "train_images")
        names = tuple(class_names or CLASS_NAMES) if labels is not None else None
        self.labels = _labels(labels, self.images, names)
        self.classes = pictures.class_styles(names)
        self._graded = not profiles.current().trains
        if self._graded:
            super().__init__()
            return
        self._make_posteriors(encoder, posterior)
        self.limit = self._limit()
        first = next((one for one in self.posteriors[:1] if one is not None), None)
        start = np.zeros(self.decoders[0].latent_dim) if first is None else first.z_mean[0]
        super().__init__(_z=self._inside(start))
        if self.train_images is not None:
            self._flat = self.train_images.reshape(len(self.train_images), -1)
            self._norms = np.einsum("ij,ij->i", self._flat, self._flat)
        self.on_msg(self._answer)

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and for where there is none, a static figure (or, grading, one sentence)."""
        if self._graded:
            return {"text/plain": "The explorer is not shown while grading."}
        bundle = super()._repr_mimebundle_(**kwargs)
        bundle = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        bundle["text/html"] = pictures.static_figure(self.decoders[0])
        bundle["text/plain"] = "LatentExplorer: " + pictures.static_alt(self.decoders[0])
        return bundle

    def save(self, path):
        """Write the explorer as one HTML file that needs neither a kernel nor a network.

        It holds the decoders, the codes of all images and as many of the images and training images as fit into
        2.5 MB; the page says how many. Where one is stands in its address.

        Parameters
        ----------
        path : str or pathlib.Path

        Returns
        -------
        pathlib.Path

        Raises
        ------
        ValueError
            If a decoder has a part that no program knows; the message names it.
        """
        from vaelab.explorer.saved import page

        text = page(self)
        path = Path(path)
        path.write_text(text, encoding="utf-8")
        return path

    # Where the point is --------------------------------------------------------------

    @property
    def z(self):
        """Where the point is, ``(latent_dim,)``."""
        return np.array(self._z)

    @z.setter
    def z(self, z):
        z = np.asarray(z, np.float64)
        if z.shape != (len(self._z),) or not np.isfinite(z).all():
            raise ValueError(f"z is {z}; expected {len(self._z)} finite number(s).")
        self._z = self._inside(z)

    def _inside(self, z):
        return [float(value) for value in np.clip(z, -self.limit, self.limit)]

    # Construction --------------------------------------------------------------------

    def _make_posteriors(self, encoder, posterior):
        """One encoder, or None, and one Posterior, or None, per decoder."""
        n_images = None if self.images is None else len(self.images)
        shape, dim = self.decoders[0].shape, self.decoders[0].latent_dim
        self.encoders, self.posteriors = [], []
        pairs = zip(self._by_decoder(encoder), self._by_decoder(posterior), strict=True)
        for (name, network), (_, given) in pairs:
            if network is not None and given is not None:
                raise ValueError(f"Both an encoder and a posterior are given for {name}; expected one of them.")
            network = network and Network(network, encoder_shape(network, shape, name), 2)
            self.encoders.append(network)
            if network is not None and self.images is not None:
                self.posteriors.append(Posterior.given(_encode(network, self.images), dim, n_images, name))
            else:
                self.posteriors.append(None if given is None else Posterior.given(given, dim, n_images, name))

    def _by_decoder(self, given):
        names = [decoder.name for decoder in self.decoders]
        if isinstance(given, dict):
            if unknown := set(given) - set(names):
                raise ValueError(f"There is no decoder called {', '.join(sorted(unknown))}; the decoders are {names}.")
            return [(name, given.get(name)) for name in names]
        if given is not None and len(names) > 1:
            raise ValueError(f"There are several decoders; expected a dict by name, with names among {names}.")
        return [(names[0], given)] + [(name, None) for name in names[1:]]

    def _limit(self):
        """How far the map reaches: to nearly all posterior means, rounded up to halves."""
        extents = [np.quantile(np.abs(p.z_mean), 0.999) for p in self.posteriors if p is not None]
        if not extents:
            return PRIOR_LIMIT
        return float(np.clip(np.ceil(2 * max(extents)) / 2, *LIMITS))

    # What the page asks for ----------------------------------------------------------

    def _answer(self, _, message, buffers):
        """One message of the page (``page/widget.js`` lists them)."""
        kind, reply = message.get("kind"), {"view": message.get("view"), "ticket": message.get("ticket")}
        if kind == "hello":
            header, parts = contents.whole(self)
            self.send({"kind": "contents", "header": header, **reply}, parts)
        elif kind == "run":
            networks = [one.network for one in self.decoders] if message["what"] == "decoder" else self.encoders
            outputs = networks[message["index"]](np.frombuffer(buffers[0], "<f4"))
            self.send({"kind": "ran", **reply}, [part.astype("<f4").tobytes() for part in outputs])
        elif kind == "neighbours" and self.train_images is not None:
            nearest = self.nearest_training_images(np.frombuffer(buffers[0], "<f4"))
            found = self.train_images[nearest].astype("<f4").tobytes()
            self.send({"kind": "neighbours", "indices": nearest.tolist(), **reply}, [found])

    def nearest_training_images(self, decoded):
        """Numbers of the training images nearest to an image, in Euclidean distance of pixels, nearest first."""
        distances = self._norms - 2 * self._flat @ np.asarray(decoded, np.float32).ravel()
        count = min(NEIGHBOURS, len(self._flat))
        nearest = np.argpartition(distances, count - 1)[:count]
        return nearest[np.argsort(distances[nearest])]


def _encode(network, images, batch=500):
    """z_mean and z_log_var of many images."""
    parts = [network(images[start : start + batch]) for start in range(0, len(images), batch)]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


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

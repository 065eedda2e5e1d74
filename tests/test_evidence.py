"""Exact evidence: equal to quadrature, with an error estimate that holds, or an error that says why not."""

import numpy as np
import proofs
import pytest
import tensorflow as tf
from scipy.integrate import quad
from scipy.special import logsumexp

from vaelab import evidence, metrics

pytestmark = pytest.mark.proof(about=proofs.of("vaelab"))


class Decoder:
    """A small decoder made from arrays: logits = tanh(z @ first + bias) @ second + constants."""

    def __init__(self, first, bias, second, constants=0.0, activation=tf.tanh):
        self.first, self.bias, self.second, self.constants = (
            np.asarray(a, "float32") for a in (first, bias, second, constants)
        )
        self.activation, self.input_shape, self.name = activation, (None, len(self.first)), "small"

    def __call__(self, z, training=False):
        return tf.sigmoid(self.activation(z @ self.first + self.bias) @ self.second + self.constants)

    @classmethod
    def random(cls, seed, latent_dim, gain):
        """A network of 12 pixels; the larger the gain, the narrower the posteriors."""
        rng = np.random.default_rng(seed)
        activation = (tf.tanh, tf.nn.relu, tf.sin)[seed % 3]
        return cls(rng.normal(size=(latent_dim, 8)), rng.normal(size=8), gain * rng.normal(size=(8, 12)), 0, activation)

    def draw(self, seed, count):
        """Grey images that the decoder can make."""
        z = np.random.default_rng(seed).normal(size=(count, self.input_shape[1])).astype("float32")
        return np.asarray(self(z))


def log_joint(decoder, x, z):
    """log p(x, z) of one image at codes ``(n, latent_dim)``, from the definition."""
    nll = metrics.bernoulli_nll(np.broadcast_to(x, (len(z), len(x))), np.asarray(decoder(z.astype("float32"))))
    return -nll - 0.5 * np.square(z).sum(axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi)


def uniform(decoder, x, spacing, low, high):
    """log p(x) from a uniform grid between two corners."""
    axes = [np.arange(a + spacing / 2, b, spacing) for a, b in zip(low, high, strict=True)]
    z = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))
    f = log_joint(decoder, x, z)
    return logsumexp(f) + len(axes) * np.log(spacing), z[f.argmax()]


NETWORKS = [(seed, 1 + seed % 2, gain) for seed, gain in enumerate(np.geomspace(0.3, 8, 20))]


@pytest.mark.parametrize("seed, latent_dim, gain", NETWORKS)
def test_evidence_is_within_its_error_of_a_much_finer_grid(seed, latent_dim, gain):
    decoder = Decoder.random(seed, latent_dim, gain)
    x = decoder.draw(seed, 3)
    found = evidence.Plane(decoder).log_evidence(x)
    corner = np.full(latent_dim, 6.0)
    exact = np.array(
        [uniform(decoder, image, 1 / (64 if latent_dim == 2 else 4096), -corner, corner)[0] for image in x]
    )
    assert np.all(abs(found.log_p - exact) <= found.error + 5e-4)
    assert np.all(found.error <= 0.01)


@pytest.mark.parametrize("seed", range(4))
def test_evidence_on_a_line_is_what_adaptive_quadrature_gives(seed):
    decoder = Decoder.random(seed, 1, 1.0)
    (x,) = decoder.draw(seed, 1)
    shift = max(log_joint(decoder, x, np.linspace(-6, 6, 999)[:, None]))
    total, _ = quad(
        lambda z: np.exp(log_joint(decoder, x, np.array([[z]]))[0] - shift), -6, 6, epsabs=0, epsrel=1e-5, limit=300
    )
    found = evidence.Plane(decoder).log_evidence(x[None], tolerance=1e-4)
    assert found.log_p[0] == pytest.approx(np.log(total) + shift, abs=1e-4)


def narrow(centre, std, pixels=16):
    """A decoder whose posterior for grey ½ images is a peak of about this standard deviation at `centre`."""
    centre = np.asarray(centre, "float32")
    slope = np.sqrt(4 / pixels * len(centre)) / std  # a pixel of logit s (z - c) adds s²/4 to the precision
    first = np.repeat(np.eye(len(centre)), pixels // len(centre), axis=1)
    return Decoder(first, -centre @ first, slope * np.eye(pixels), 0, tf.identity)


@pytest.mark.parametrize("centre", [(0.313, -1.27), (2.0, 2.0), (-5.31, 0.4), (0.71,)])
@pytest.mark.parametrize("std", [0.01, 0.03, 0.3])
def test_narrow_posteriors_and_those_near_the_edge_are_found(centre, std):
    decoder, x = narrow(centre, std), np.full((1, 16), 0.5, "float32")
    found = evidence.Plane(decoder).log_evidence(x)
    peak = np.array(centre) * (1 - std**2)
    exact, _ = uniform(decoder, x[0], std / 8, peak - 7 * std, np.minimum(peak + 7 * std, 6))
    assert abs(found.log_p[0] - exact) <= found.error[0] + 5e-4
    assert found.error[0] <= 0.01


def test_every_one_of_several_narrow_modes_counts():
    """The code enters through |z| only: four equal peaks hold four times as much as one."""
    decoder, x = narrow((0.913, 1.37), 0.02), np.full((1, 16), 0.5, "float32")
    mirrored = Decoder(decoder.first, decoder.bias, decoder.second)
    mirrored.__class__ = type("Mirrored", (Decoder,), {"__call__": lambda self, z, **_: Decoder.__call__(self, abs(z))})
    one, four = (evidence.Plane(d).log_evidence(x, tolerance=1e-3).log_p[0] for d in (decoder, mirrored))
    assert four - one == pytest.approx(np.log(4), abs=2e-3)


def test_a_looser_tolerance_gives_a_larger_error_which_still_holds():
    x, errors, offs = np.full((1, 16), 0.5, "float32"), [], []
    for std in np.geomspace(0.01, 0.1, 13):
        plane = evidence.Plane(narrow((0.313,), std))
        fine, coarse = plane.log_evidence(x, tolerance=1e-4), plane.log_evidence(x, tolerance=0.5)
        errors.append(coarse.error[0])
        offs.append(abs(coarse.log_p - fine.log_p)[0])
    assert max(errors) > 0.2 and max(offs) > 0.05
    assert np.all(np.array(offs) <= np.array(errors) + 5e-4)


@pytest.mark.parametrize("centre", [(6.95, 0.0), (0.1, -8.2), (8.4,)])
def test_a_plane_that_does_not_hold_the_mass_is_refused_and_a_larger_one_taken(centre):
    decoder, x = narrow(centre, 0.1), np.full((3, 16), 0.5, "float32")
    with pytest.raises(
        evidence.EvidenceError, match="does not hold .* image 0: .* 3 of 3 images.* larger extent than 7"
    ):
        evidence.Plane(decoder).log_evidence(x)
    found = evidence.Plane(decoder, extent=10).log_evidence(x)
    peak = np.array(centre) * (1 - 0.01)
    exact, _ = uniform(decoder, x[0], 1 / 80, peak - 0.8, peak + 0.8)
    assert found.log_p == pytest.approx([exact] * 3, abs=0.01)


def test_a_sum_that_does_not_converge_is_refused():
    decoder = Decoder.random(0, 2, 2.0)
    decoder.activation = tf.sign  # steps, which a grid cannot resolve to six digits
    with pytest.raises(evidence.EvidenceError, match="image 0 has not converged .* tolerance of 1e-06"):
        evidence.Plane(decoder).log_evidence(decoder.draw(0, 1), tolerance=1e-6)


@pytest.mark.parametrize(
    "x, said",
    [
        (np.full((2, 15), 0.5), "15 pixels; the decoder makes 12"),
        (np.full((2, 12), 7.0), "Pixels range from 7 to 7"),
        (np.full((2, 12), np.nan), "expected \\[0, 1\\]"),
        (np.full(12, 0.5), "image index first"),
    ],
)
def test_images_that_do_not_fit_are_refused(x, said):
    with pytest.raises(evidence.EvidenceError, match=said):
        evidence.Plane(Decoder.random(0, 2, 1.0)).log_evidence(x)


def test_more_than_two_latent_dimensions_are_refused():
    with pytest.raises(evidence.EvidenceError, match="None, 3.*importance sampling"):
        evidence.Plane(Decoder.random(0, 3, 1.0))


@pytest.mark.parametrize("extent", [0, 2.5, 21])
def test_an_extent_that_makes_no_whole_tiles_is_refused(extent):
    with pytest.raises(evidence.EvidenceError, match="whole number from 1 to 20"):
        evidence.Plane(Decoder.random(0, 1, 1.0), extent=extent)


# The posterior


@pytest.mark.parametrize("latent_dim, gain", [(1, 1.0), (2, 0.5), (2, 6.0)])
def test_posterior_is_a_density_with_the_values_of_the_definition(latent_dim, gain):
    decoder = Decoder.random(5, latent_dim, gain)
    (x,) = decoder.draw(2, 1)
    found = evidence.Plane(decoder).posterior(x)
    assert found.density.shape == tuple(len(axis) for axis in found.axes)
    area = np.prod([axis[1] - axis[0] for axis in found.axes])
    assert found.density.sum() * area == pytest.approx(1)
    z = np.stack(np.meshgrid(*found.axes, indexing="ij"), -1).reshape(-1, latent_dim)
    expected = np.exp(log_joint(decoder, x, z) - found.log_p)
    likely = expected > 0.05 * expected.max()
    assert found.density.ravel()[likely] == pytest.approx(expected[likely], rel=0.02)


def test_first_axis_of_the_posterior_is_the_first_latent_dimension():
    found = evidence.Plane(narrow((2.0, -1.0), 0.05)).posterior(np.full(16, 0.5))
    peak = np.unravel_index(found.density.argmax(), found.density.shape)
    assert [axis[i] for axis, i in zip(found.axes, peak, strict=True)] == pytest.approx([2.0, -1.0], abs=0.05)


def test_posterior_has_the_evidence_of_the_image():
    decoder = Decoder.random(8, 2, 2.0)
    x, plane = decoder.draw(1, 5), evidence.Plane(decoder)
    alone = [plane.posterior(image).log_p for image in x]
    assert alone == pytest.approx(plane.log_evidence(x).log_p, abs=1e-3)


def test_narrow_modes_far_apart_fit_on_one_grid_of_bearable_size():
    decoder = narrow((2.5, 2.5), 0.01)
    mirrored = Decoder(decoder.first, decoder.bias, decoder.second)
    mirrored.__class__ = type("Mirrored", (Decoder,), {"__call__": lambda self, z, **_: Decoder.__call__(self, abs(z))})
    found = evidence.Plane(mirrored).posterior(np.full(16, 0.5))
    assert max(found.density.shape) <= 1025
    area = np.prod([axis[1] - axis[0] for axis in found.axes])
    quarter = found.density[found.axes[0] > 0][:, found.axes[1] > 0].sum() * area
    assert quarter == pytest.approx(0.25, abs=0.01)

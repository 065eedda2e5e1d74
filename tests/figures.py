"""Every figure of the course on small data, by name, and the data."""

import numpy as np
from matplotlib.text import Text
from scipy.stats import norm

from vaelab import plots
from vaelab.data import CLASS_NAMES
from vaelab.evidence import GridPosterior
from vaelab.training import History

rng = np.random.default_rng(0)
X = rng.random((40, 28, 28), dtype="float32")
Y = np.arange(40) % 10
Z = rng.normal(size=(40, 2))
Z_AXIS = np.linspace(-3, 3, 61)


def history(epochs=50, test=True, end=262.0):
    """A history that falls from about 340 to ``end``."""
    e = np.arange(1, epochs + 1)
    loss, kl = end + 10 / e + 70 * np.exp(-(e - 1.0)), 6.5 - 3 * np.exp(-e / 4)
    made = History(
        epochs=e.tolist(),
        loss=loss.tolist(),
        kl=kl.tolist(),
        reconstruction=(loss - kl).tolist(),
        seconds=[1.0] * epochs,
    )
    if test:
        made.val_loss, made.val_kl = (loss + 0.5).tolist(), kl.tolist()
        made.val_reconstruction = (loss + 0.5 - kl).tolist()
    return made


def bowl(z_mean, z_log_var):
    """Any function with its minimum at (0, 0) will do."""
    return (z_mean**2 / 2 + z_log_var**2)[:, 0]


def gradient(z_mean, z_log_var):
    """The gradient of the bowl."""
    return z_mean, 2 * z_log_var


def smooth_images(z):
    """As a decoder makes them: no two pixels alike, neighbours close."""
    place = np.linspace(-1, 1, 784)
    return norm.cdf(z[:, :1] * np.cos(9 * place) + z[:, 1:] * np.sin(7 * place + 1))


def posterior(places):
    """A true posterior with a narrow spot at each of some places."""
    axis = np.linspace(-2, 2, 161)
    density = sum(np.outer(norm.pdf(axis, a, 0.08), norm.pdf(axis, b, 0.05)) for a, b in places) / len(places)
    return GridPosterior((axis, axis), density, -250.0, 0.001)


def case(*places):
    q = {"z_mean": np.zeros(2), "z_log_var": np.log([0.01, 0.02]), "elbo": -254.3}
    return {"name": "7: somewhere", "x": X[0], "posterior": posterior(places), **q}


FIGURES = {
    "joint": lambda: plots.joint(Z_AXIS, -50 * np.add.outer((Z_AXIS - 1) ** 2, Z_AXIS**2) - 200),
    "grid convergence": lambda: plots.grid_convergence([21, 41, 81], {"wide": [-2, -1, -1], "narrow": [-9, 1, -3]}),
    "true posterior": lambda: plots.true_posterior([case((0.1, 0))]),
    "true posterior in two far places": lambda: plots.true_posterior([case((0.1, 0)), case((1.5, 1), (-1, 1))], 1),
    "gap shares": lambda: plots.gap_shares(np.geomspace(0.1, 100, 200)),
    "climbing bound": lambda: plots.climbing_bound([1, 10, 1000], [-260, -258, -257.5], [0.1, 0.1, 0.2], -256.6, "all"),
    "estimates": lambda: plots.estimates(np.linspace(-262, -255, 300), -257.0, -260.0),
    "two gaps": lambda: plots.two_gaps(CLASS_NAMES, np.linspace(4, 0.5, 10), np.full(10, 0.1)),
    "gallery": lambda: plots.gallery(X, Y),
    "gallery without labels": lambda: plots.gallery(X.reshape(-1, 784), n=4),
    "samples": lambda: plots.samples(X[..., None][:12]),
    "one sample": lambda: plots.samples(X[:1]),
    "reconstructions": lambda: plots.reconstructions(X, X, Y),
    "compare": lambda: plots.compare(
        X, {"MLP": X, "conv": X}, nats={"MLP": np.full(40, 262.4), "conv": np.full(40, 260.4)}
    ),
    "manifold": lambda: plots.manifold(smooth_images),
    "small manifold": lambda: plots.manifold(smooth_images, n=4),
    "large manifold": lambda: plots.manifold(smooth_images, n=30),
    "learning curve": lambda: plots.learning_curve(history()),
    "learning curve of 3 epochs": lambda: plots.learning_curve(history(3)),
    "learning curve of 1 epoch": lambda: plots.learning_curve(history(1)),
    "learning curve without test": lambda: plots.learning_curve(history(test=False)),
    "learning curve without landmarks": lambda: plots.learning_curve(history(), landmarks=False),
    "learning curve of a collapse": lambda: plots.learning_curve(history(end=385.2)),
    "learning curve of a loss far too small": lambda: plots.learning_curve(history(end=0.49)),
    "learning curve of no epoch": lambda: plots.learning_curve(History()),
    "bars": lambda: plots.bar_comparison(
        {"MLP": {"reconstruction": 256.4, "kl": 6.6}, "conv": {"reconstruction": 253.2, "kl": 6.5}}
    ),
    "latent scatter": lambda: plots.latent_scatter(Z, Y, title="Test set"),
    "marginals": lambda: plots.marginals({"prior samples": Z, "aggregated posterior samples": Z, "posterior means": Z}),
    "kl integrand": lambda: plots.kl_integrand(1.0, -1.0),
    "kl integrand, extreme": lambda: plots.kl_integrand(-3.0, -3.0),
    "kl surface": lambda: plots.kl_surface(bowl),
    "parts of a VAE": lambda: plots.vae_parts(X[:1]),
    "kl surface of a constant": lambda: plots.kl_surface(lambda z_mean, z_log_var: np.zeros(len(z_mean))),
    "kl arrows": lambda: plots.kl_arrows(gradient),
    "monte carlo": lambda: plots.monte_carlo_convergence(rng.normal(0.7, 0.5, (6, 2000)), 0.7),
    "bernoulli floor": lambda: plots.bernoulli_floor(),
}


def texts(fig):
    return " | ".join(text.get_text() for text in fig.findobj(Text) if text.get_text() and text.get_visible())

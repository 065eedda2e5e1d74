"""The course's figures: arrays in, one accessible figure out.

In a notebook every function displays its figure as HTML with an alternative text and
returns None; elsewhere it returns the ``matplotlib.figure.Figure`` and prints nothing.
Figures are made without pyplot, so they leave no global state behind, and in the
packaged style, which is applied for the time of drawing only.

Functions take arrays, never models (``manifold`` and ``kl_arrows`` take a function that
they call once). Images are (N, 784), (N, 28, 28) or (N, 28, 28, 1) in [0, 1].
"""

from vaelab.plots.bounds import climbing_bound, estimates, gap_shares, two_gaps
from vaelab.plots.diagram import vae_parts
from vaelab.plots.display import STYLE, figure, in_notebook, png, show
from vaelab.plots.evidence import grid_convergence, joint, true_posterior
from vaelab.plots.explaining import bernoulli_floor, kl_arrows, kl_integrand, kl_surface, monte_carlo_convergence
from vaelab.plots.latent import latent_scatter, marginals
from vaelab.plots.losses import LANDMARKS, bar_comparison, learning_curve
from vaelab.plots.palette import BLACK, BLUE, CLASS_COLOURS, CLASS_MARKERS, GREEN, VERMILLION
from vaelab.plots.pictures import compare, gallery, manifold, prior_quantile_grid, reconstructions, samples

__all__ = [
    "BLACK", "BLUE", "CLASS_COLOURS", "CLASS_MARKERS", "GREEN", "LANDMARKS", "STYLE", "VERMILLION", "bar_comparison",
    "bernoulli_floor", "climbing_bound", "compare", "estimates", "figure", "gallery", "gap_shares",
    "grid_convergence", "in_notebook", "joint", "kl_arrows", "kl_integrand", "kl_surface", "latent_scatter",
    "learning_curve", "manifold", "marginals", "monte_carlo_convergence", "png", "prior_quantile_grid",
    "reconstructions", "samples", "show", "true_posterior", "two_gaps", "vae_parts",
]  # fmt: skip

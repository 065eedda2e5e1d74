"""Exact log p(x) for decoders with one or two latent dimensions, by adding up a grid of codes.

With so few dimensions the evidence p(x) = ∫ p(x|z) p(z) dz is an integral over a line or a plane, and can be
added up: what the ELBO and the importance-weighted bound only bound from below. p(x|z) is the Bernoulli
likelihood of the course (`vaelab.metrics.bernoulli_nll`), p(z) is N(0, I).

It works for any Keras decoder with Bernoulli pixels and a standard Gaussian prior, of this course or not::

    plane = evidence.Plane(decoder)
    log_p, error = plane.log_evidence(x)      # (N,) each, in nats
    axes, density, *_ = plane.posterior(x[0])  # p(z|x) of one image, on a grid

The plane is cut into tiles of 8 x 8 codes. For each image, the tiles that may hold some of its posterior are
replaced by tiles of half the spacing until the sum has converged. The sum over a lattice of spacing h is the mean
of the sums over its sublattices of spacing 2h (four in the plane, two on a line), and it was preceded by a sum of
spacing 2h at other places. By Richardson's rule for a method of second order, each of three disagreements, times a
third (or, of the sublattices one level earlier, a twelfth), estimates the error that is left at spacing h. Any one
of them is small by chance now and then, where a network has kinks, so the error given is half the sum of the three.
For smooth integrands that vanish at the ends such sums converge much faster (Trefethen and Weideman, 2014).

What no grid can see is a peak between its codes from which nothing reaches them. Where an image is likely within
1/1000 and equally unlikely everywhere else, the peak is missed. Networks trained on images have no such posteriors.
"""

from vaelab.evidence.plane import Evidence, EvidenceError, GridPosterior, Plane

__all__ = ["Evidence", "EvidenceError", "GridPosterior", "Plane"]

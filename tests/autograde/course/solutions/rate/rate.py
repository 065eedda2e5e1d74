# %% [markdown]
# # The exercises of notebook 7 alone, for the grader's own tests

# %%
import numpy as np
from scipy.cluster.vq import kmeans2

from vaelab import metrics
from vaelab.checks import check


# %% nbgrader={"grade": false, "grade_id": "active_units", "locked": false, "schema_version": 3, "solution": true, "task": false}
def active_units(z_mean, threshold=0.01):
    """Number of latent dimensions whose variance over the images exceeds the threshold."""
    ### BEGIN SOLUTION
    return int((np.var(z_mean, axis=0) > threshold).sum())
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_active_units_counts", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Active dimensions are counted (1 point).
check("active_units.counts", active_units)

# %% nbgrader={"grade": true, "grade_id": "test_active_units_threshold", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# When you submit: other thresholds and other sizes (1 point).
### BEGIN HIDDEN TESTS
check("active_units.threshold", active_units)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "effective_beta", "locked": false, "schema_version": 3, "solution": true, "task": false}
def effective_beta(loss, x, x_decoded, z_mean, z_log_var):
    """The weight of the KL in a loss, relative to that of the reconstruction."""

    ### BEGIN SOLUTION
    def reconstruction(p):
        return -(x * np.log(p) + (1 - x) * np.log(1 - p)).sum(axis=1).mean()

    grey, zero = np.full_like(x_decoded, 0.5), np.zeros_like(z_mean)
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1 - z_log_var).sum(axis=1).mean()
    full = float(loss(x, x_decoded, z_mean, z_log_var))
    of_kl = (full - float(loss(x, x_decoded, zero, zero))) / kl
    of_reconstruction = (full - float(loss(x, grey, z_mean, z_log_var))) / (
        reconstruction(x_decoded) - reconstruction(grey)
    )
    return of_kl / of_reconstruction
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_effective_beta_sums", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A weight on the KL, the reconstruction, or both (1 point).
check("effective_beta.sums", effective_beta)

# %% nbgrader={"grade": true, "grade_id": "test_effective_beta_averages", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Averages in place of sums (1 point).
check("effective_beta.averages", effective_beta)

# %% nbgrader={"grade": true, "grade_id": "test_effective_beta_unseen", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# When you submit: constants, signs and other sizes (2 points).
### BEGIN HIDDEN TESTS
check("effective_beta.unseen", effective_beta)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "fit_prior", "locked": false, "schema_version": 3, "solution": true, "task": false}
def fit_prior(codes):
    """A function sample(n, seed) that draws new codes, (n, latent_dim), from where the codes are."""
    ### BEGIN SOLUTION
    _, group = kmeans2(codes, 20, minit="++", seed=0)
    large = [k for k in range(20) if (group == k).sum() > 2 * codes.shape[1]]
    members = group[np.isin(group, large)]  # a random one of these is a group with the right probability
    mean = {k: codes[group == k].mean(axis=0) for k in large}
    factor = {k: np.linalg.cholesky(np.cov(codes[group == k].T) + 1e-6 * np.eye(codes.shape[1])) for k in large}

    def sample(n, seed):
        rng = np.random.default_rng(seed)
        noise = rng.normal(size=(n, codes.shape[1]))
        return np.stack([mean[k] + factor[k] @ e for k, e in zip(rng.choice(members, n), noise)])

    return sample
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_fit_prior_samples", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# A function of n and a seed (1 point).
check("fit_prior.samples", fit_prior)

# %% nbgrader={"grade": true, "grade_id": "test_fit_prior_precise", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Samples lie where codes lie (2 points).
check("fit_prior.precise", fit_prior)

# %% nbgrader={"grade": true, "grade_id": "test_fit_prior_covers", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# When you submit: all groups of codes, and new codes (1 point).
### BEGIN HIDDEN TESTS
check("fit_prior.covers", fit_prior)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "anomaly_score", "locked": false, "schema_version": 3, "solution": true, "task": false}
def anomaly_score(x, encoder, decoder):
    """How strange each image is to the model: (N,), larger for stranger."""
    ### BEGIN SOLUTION
    z_mean, _ = metrics.encode(encoder, x)
    error = ((x - metrics.decode(decoder, z_mean)) ** 2).sum(axis=1)
    return error / np.maximum((x**2).sum(axis=1), 1e-6)  # what is wrong, compared with what there is
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_anomaly_score_obvious", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# Higher for inverted images and shuffled pixels (1 point).
check("anomaly_score.obvious", anomaly_score)

# %% nbgrader={"grade": true, "grade_id": "test_anomaly_score_ink", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
# Higher for black and darkened images (2 points).
check("anomaly_score.ink", anomaly_score)

# %% nbgrader={"grade": true, "grade_id": "test_anomaly_score_unseen", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
# When you submit: strange images of other kinds (1 point).
### BEGIN HIDDEN TESTS
check("anomaly_score.unseen", anomaly_score)
### END HIDDEN TESTS

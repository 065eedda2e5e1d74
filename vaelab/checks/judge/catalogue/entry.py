"""One entry of the catalogue, and the sections of the notebooks that entries point to."""

from typing import NamedTuple


class Section(NamedTuple):
    """A heading of a notebook: where something is taught."""

    assignment: str
    heading: str

    @property
    def words(self):
        """As a sentence names it: "notebook 1, Exercise: `kl_term`"."""
        return f"notebook {int(self.assignment[:2])}, {self.heading.partition(' — ')[0]}"

    @property
    def link(self):
        """From a notebook of the course to the heading, as JupyterLab addresses it."""
        anchor = self.heading.replace("`", "").replace(" ", "-")
        return f"../{self.assignment}/{self.assignment}.ipynb#{anchor}"


NOTATION = Section("01_kl_term", "Notation")
MEANING = Section("01_kl_term", "What the KL divergence measures")
KL_TERM = Section("01_kl_term", "Exercise: `kl_term` — 10 points")
PULL = Section("01_kl_term", "Which way it pulls")
TRICK = Section("02_vae", "The reparameterisation trick")
ELBO = Section("02_vae", "The loss: negative ELBO")
MINIATURE = Section("02_vae", "A smaller model first: an autoencoder")
MAKE_VAE = Section("02_vae", "Exercise: `make_vae` — 12 points")
CONV = Section("03_conv_vae", "Exercise: `make_conv_encoder` — 10 points")
NEEDS = Section("05_looks_healthy", "What a test needs")
WEIGHTS = Section("06_how_tight", "Weights")
LOG_WEIGHT = Section("06_how_tight", "Exercise: `log_weight` — 7 points")
AVERAGE = Section("06_how_tight", "From weights to the evidence")
LOG_LIKELIHOOD = Section("06_how_tight", "Exercise: `log_likelihood` — 5 points")
UNITS = Section("07_rate_distortion", "Exercise: `active_units` — 2 points")
WHICH_BETA = Section("07_rate_distortion", "Exercise: `effective_beta` — 4 points")
HOLES = Section("07_rate_distortion", "Exercise: `fit_prior` — 4 points")
ODD = Section("07_rate_distortion", "Exercise: `anomaly_score` — 4 points")


class Mistake(NamedTuple):
    """A misconception that the checks can recognise.

    Attributes
    ----------
    id : str
        ``"kl.no_half"``: the part of a VAE, then the mistake.
    items : tuple of int
        Numbers of ``docs/misconceptions.md``; none for a near miss that was added here.
    name : str
        In a few words, for reports to instructors.
    formula : str
        What numbers are compared with, or the test that is made: for people who work on the checks.
    message, next_step : str
        For students; they give no formula away. The message goes on after a colon.
    taught : Section
    """

    id: str
    items: tuple
    name: str
    formula: str
    message: str
    next_step: str
    taught: Section


def entries(taught: Section, *rows: tuple[str, str, str, str, str]) -> tuple[Mistake, ...]:
    """Entries that stand for no item of the collected list, all taught in one section."""
    return tuple(
        Mistake(id_, (), name, formula, message, next_step, taught) for id_, name, formula, message, next_step in rows
    )

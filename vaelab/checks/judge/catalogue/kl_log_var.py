"""Mistakes in what the KL term takes z_log_var for."""

from vaelab.checks.judge.catalogue.entry import NOTATION, Mistake

MISTAKES = (
    Mistake(
        "kl.std_for_variance",
        (6,),
        "standard deviation where the variance belongs",
        "exp(0.5 * v) in place of exp(v)",
        "the numbers fit a standard deviation standing where the variance belongs.",
        "Work out what the exponential of z_log_var is, and what the formula asks for.",
        NOTATION,
    ),
    Mistake(
        "kl.log_std",
        (10,),
        "log standard deviation and log variance mixed up",
        "exp(2 * v)",
        "the numbers fit z_log_var being read as the logarithm of the standard deviation.",
        "Look up in the notation table what z_log_var is the logarithm of.",
        NOTATION,
    ),
    Mistake(
        "kl.clipped_log_var",
        (11,),
        "abs or clip at zero of z_log_var",
        "abs(v) or max(v, 0)",
        "negative values of z_log_var seem to be clipped or made positive, so the standard deviation could never be below 1.",
        "z_log_var may have any sign. What would a negative value mean?",
        NOTATION,
    ),
    Mistake(
        "kl.softplus",
        (12,),
        "softplus and then exp",
        "exp(softplus(v))",
        "z_log_var seems to go through a softplus as well as the exponential.",
        "One map from the real line to positive numbers is enough; see which of the two belongs to a logarithm.",
        NOTATION,
    ),
    Mistake(
        "kl.raw_log_var",
        (),
        "log variance where the variance belongs",
        "v in place of exp(v)",
        "z_log_var seems to be used where the variance itself belongs.",
        "Which of the terms contains the variance and which its logarithm?",
        NOTATION,
    ),
    Mistake(
        "kl.log_var_as_std",
        (),
        "z_log_var taken for the standard deviation",
        "log(v^2), v^2",
        "z_log_var seems to be taken for a standard deviation or a variance, not for a logarithm.",
        "Look up in the notation table what z_log_var is; it can be negative.",
        NOTATION,
    ),
    Mistake(
        "kl.softplus_std",
        (12,),
        "standard deviation by a softplus",
        "std = softplus(v)",
        "z_log_var seems to go through a softplus to become a standard deviation, as in some models; here it is a logarithm.",
        "Look up in the notation table what z_log_var is the logarithm of.",
        NOTATION,
    ),
)

"""Mistakes in the log weight of a code (notebook 6)."""

from vaelab.checks.judge.catalogue.entry import LOG_WEIGHT, WEIGHTS, entries

MISTAKES = (
    # --- log p(x|z)
    *entries(
        WEIGHTS,
        (
            "iw.pixels_averaged",
            "averaged over the pixels",
            "mean over the last axis in log p(x|z)",
            "it looks as if log p(x|z) was averaged over the pixels; independent pixels have log probabilities that add up.",
            "See what the loss function that you call does with the last axis, and count the pixels.",
        ),
        (
            "iw.fixed_pixels",
            "784 pixels assumed",
            "784 * mean over pixels",
            "the number of pixels seems to be written down as 784; here the images have another size.",
            "Take the number from the shape of x, or use a reduction that needs no number.",
        ),
        (
            "iw.reconstruction_sign",
            "cross-entropy in place of log likelihood",
            "+ BCE in place of - BCE",
            "log p(x|z) has the wrong sign: a cross-entropy is what a loss uses, and a likelihood grows where it falls.",
            "Which codes should get the larger weight, those that explain the image well or badly?",
        ),
        (
            "iw.no_reconstruction",
            "log p(x|z) missing",
            "log p(z) - log q(z|x)",
            "the likelihood of the image is missing, so that the weights know nothing of the pixels.",
            "Three parts belong to a log weight: which of your arguments is not used?",
        ),
        (
            "iw.half_formula",
            "half of the cross-entropy",
            "x log p alone, or (1 - x) log(1 - p) alone",
            "only the white or only the black part of the pixels counts in log p(x|z).",
            "A coin shows one of two sides: write down the probability of each.",
        ),
        (
            "iw.exchanged",
            "image and reconstruction exchanged",
            "p log x + (1 - p) log(1 - x)",
            "the image and its reconstruction have changed places in log p(x|z).",
            "Which of the two is a probability, and which is what was seen?",
        ),
        (
            "iw.other_likelihood",
            "another likelihood",
            "squared or absolute error",
            "log p(x|z) is not the Bernoulli likelihood of this course, but something like a squared or absolute error.",
            "See in the section on weights what p(x|z) is.",
        ),
        (
            "iw.rounded_pixels",
            "pixels rounded",
            "black and white in place of grey",
            "pixels of the image or of its reconstruction are rounded to black and white before log p(x|z) is worked out.",
            "A grey pixel counts as a little of both: take the numbers as they come.",
        ),
        # --- log p(z)
        (
            "iw.no_prior",
            "prior forgotten",
            "log p(x|z) - log q(z|x)",
            "the prior is missing: codes far out are not made to pay for it.",
            "Three parts belong to a log weight: which one says where codes come from?",
        ),
        (
            "iw.prior_sign",
            "prior with the wrong sign",
            "- log p(z)",
            "the log density of the prior enters with the wrong sign: it should fall away from zero.",
            "Is a code at (4, 4) more or less likely under the prior than one at (0, 0)?",
        ),
        (
            "iw.prior_part",
            "another prior",
            "another function of z in place of log N(z; 0, I)",
            "all is right but the part with the prior.",
            "Write down the log density of a standard Gaussian for one dimension, then for several.",
        ),
        # --- log q(z|x)
        (
            "iw.no_q",
            "q(z|x) forgotten",
            "log p(x|z) + log p(z)",
            "log q(z|x) is missing: codes that are drawn often would count as often as they are drawn.",
            "The weight makes up for drawing codes from q(z|x) and not from the prior. What does it have to be divided by?",
        ),
        (
            "iw.q_sign",
            "log q added",
            "+ log q(z|x)",
            "log q(z|x) is added where a weight is divided by q.",
            "What becomes of a division when you take the logarithm?",
        ),
        (
            "iw.std_for_variance",
            "standard deviation where the variance belongs",
            "exp(0.5 v) in place of exp(v) in q",
            "in log q(z|x) the numbers fit a standard deviation standing where the variance belongs.",
            "Work out what the exponential of z_log_var is, and what the density of a Gaussian divides by.",
        ),
        (
            "iw.log_std",
            "log variance read as log standard deviation",
            "exp(2 v), or sum of v in place of half of it",
            "in log q(z|x) z_log_var seems to be read as the logarithm of the standard deviation.",
            "Look up in the notation table of notebook 1 what z_log_var is the logarithm of.",
        ),
        (
            "iw.no_log_det",
            "width of q left out of its normalisation",
            "log variance missing, or with the wrong sign, in log q",
            "the part of log q(z|x) that says how wide q is, outside the square, is missing or has the wrong sign.",
            "A wide Gaussian has a lower peak than a narrow one: which term of the log density says so?",
        ),
        (
            "iw.q_at_mean",
            "q at its mean in place of the sample",
            "log q(z_mean|x)",
            "log q(z|x) seems to be taken at z_mean, not at the code z that was drawn.",
            "The second argument has one code for each sample and image; where should it enter?",
        ),
        (
            "iw.entropy",
            "entropy in place of log q",
            "entropy of q",
            "in place of log q(z|x) at the code there is its average over all codes, the entropy of q.",
            "A weight belongs to one code: evaluate the density there.",
        ),
        (
            "iw.q_part",
            "another density for q",
            "another function of z, z_mean and z_log_var",
            "all is right but the part with q(z|x).",
            "Set z to z_mean: what should log q(z|x) be there? Then move one standard deviation away.",
        ),
    ),
    *entries(
        LOG_WEIGHT,
        (
            "iw.no_half",
            "the factor of the square is missing",
            "sum of squares without the factor",
            "in the log density of a Gaussian the factor in front of the square is missing.",
            "Take the logarithm of a Gaussian density step by step.",
        ),
        (
            "iw.dims_averaged",
            "averaged over the latent dimensions",
            "mean over the last axis in log p(z) or log q(z|x)",
            "it looks as if a log density was averaged over the latent dimensions; independent dimensions add up.",
            "Compare one dimension with the same dimension twice.",
        ),
        (
            "iw.constant",
            "a constant is off",
            "log(2 pi) in one of the two Gaussians only, or not once for each dimension",
            (
                "all weights are off by the same constant: it belongs to each dimension of a Gaussian density, and it has to "
                "stand in both densities or in neither."
            ),
            "Put the prior's parameters in for q: prior and q should then cancel exactly.",
        ),
        (
            "iw.samples_reused",
            "one sample used for all",
            "z[0] for every sample",
            "a part of the weight is the same for all samples of an image, as if only the first code was used.",
            "The first axis of z counts samples: is it used everywhere?",
        ),
        (
            "iw.kl",
            "closed-form KL in place of two densities",
            "log p(x|z) - KL(q || p)",
            (
                "in place of the two densities at the code there is the KL divergence, their average over all codes: right for "
                "the ELBO, but not for the weight of one code."
            ),
            "Evaluate both densities at z itself.",
        ),
        (
            "iw.negative",
            "the whole with the wrong sign",
            "- log w",
            "the size is right and the sign of everything is flipped.",
            "A weight is large where the model explains the image better than q expected.",
        ),
        (
            "iw.not_logged",
            "weights in place of their logarithms",
            "exp(log w)",
            "these are weights, not their logarithms; for real images they are too small for any floating-point number.",
            "Stay with sums of logarithms from the beginning to the end.",
        ),
        (
            "iw.normalised",
            "weights normalised over the samples",
            "log_softmax over axis 0",
            "the weights were divided by their sum over the samples, which takes away what they say about the image.",
            "Return the weight of each code by itself.",
        ),
        (
            "iw.averaged",
            "reduced over samples or images",
            "mean or sum over an axis that should stay",
            "the weights were reduced over the samples or over the images; each code of each image has a weight of its own.",
            "Print the shape of each part: which axis should be left at the end?",
        ),
        (
            "iw.transposed",
            "samples and images exchanged",
            "(batch, n_samples)",
            "the values are there, but with the images first and the samples second.",
            "See in the text of the exercise which axis comes first.",
        ),
        (
            "iw.keepdims",
            "an axis kept",
            "keepdims=True",
            "the weights are there but an axis of length 1 is left over.",
            "Look at the options of the reductions.",
        ),
        (
            "iw.base",
            "logarithm to another base",
            "log2 or log10",
            "the logarithms have another base than e, so that the unit is not the nat.",
            "See which logarithm you call.",
        ),
        (
            "iw.factor",
            "a wrong constant factor",
            "c * log w",
            "it is the right value times a constant.",
            "Work out one weight by hand, for one image of one pixel and one latent dimension.",
        ),
        (
            "iw.precision",
            "computed with too few digits",
            "float16 or bfloat16 on the way",
            "ordinary weights are right to two or three digits only, as if numbers had 16 bits or something small were added.",
            "Look for a conversion, for rounding, and for a small constant that is not in the formula.",
        ),
        (
            "iw.random",
            "random",
            "two equal calls differ",
            "two calls with the same codes give different weights.",
            "The codes are given: nothing needs to be drawn.",
        ),
    ),
)

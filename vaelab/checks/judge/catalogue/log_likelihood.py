"""Mistakes in the estimate of log p(x) from log weights (notebook 6)."""

from vaelab.checks.judge.catalogue.entry import AVERAGE, LOG_LIKELIHOOD, entries

MISTAKES = (
    *entries(
        AVERAGE,
        (
            "ll.mean_of_logs",
            "mean of the logarithms",
            "mean(log_w)",
            "it is the mean of the logarithms, which estimates the ELBO; the logarithm of the mean is wanted.",
            "See which of the two has the evidence as its expectation before the logarithm is taken.",
        ),
        (
            "ll.sum_of_weights",
            "the number of samples forgotten",
            "logsumexp without log K",
            "the weights were added up but not divided by their number, so that the estimate grows with more samples.",
            "What should come out if all weights are equal?",
        ),
        (
            "ll.count",
            "another number than that of the samples",
            "log B, log(K - 1), or added",
            "the sum of the weights is divided by a number that is not the number of samples.",
            "What should come out if all weights are equal? Try it with two and with three samples.",
        ),
        (
            "ll.count_after_log",
            "divided after the logarithm",
            "logsumexp / K",
            "the logarithm itself was divided by the number of samples; it is the sum that has to be divided.",
            "Put the division inside the logarithm, and see what becomes of it outside.",
        ),
        (
            "ll.maximum",
            "the largest weight alone",
            "max, or one sample",
            "only one sample of each image counts, the largest or a fixed one.",
            "A mean takes all of them into account.",
        ),
        (
            "ll.weighted_logs",
            "logarithms averaged with the weights",
            "sum of softmax(log_w) * log_w",
            "the logarithms are averaged with the weights; the weights themselves are to be averaged.",
            "Write down the estimate before any logarithm is taken.",
        ),
        (
            "ll.other_average",
            "another average",
            "median, or a sum of logarithms",
            "the samples are put together in another way than by the mean of their weights.",
            "Write down the estimate before any logarithm is taken.",
        ),
        (
            "ll.not_logged",
            "the logarithm forgotten",
            "mean of exp(log_w)",
            "this is the mean weight; its logarithm is wanted.",
            "The result should be in nats, like what goes in.",
        ),
        (
            "ll.negative",
            "sign flipped",
            "- log p",
            "the size is right and the sign is flipped: a log likelihood is wanted, not a loss.",
            "What should come out for a single sample?",
        ),
    ),
    *entries(
        LOG_LIKELIHOOD,
        (
            "ll.wrong_axis",
            "averaged over the images",
            "axis 1 in place of axis 0",
            "it looks as if the average goes over the images and not over the samples.",
            "Which axis of log_w counts samples?",
        ),
        (
            "ll.no_axis",
            "one number for everything",
            "no axis, or averaged over the images as well",
            "everything was reduced to a single number; each image has an estimate of its own.",
            "Tell each reduction which axis to remove.",
        ),
        (
            "ll.unreduced",
            "not reduced over the samples",
            "(n_samples, batch) comes back",
            "there is still one value for each sample.",
            "An image has one estimate, from all its samples together.",
        ),
        (
            "ll.keepdims",
            "an axis kept",
            "keepdims=True",
            "the estimates are there but an axis of length 1 is left over.",
            "Look at the options of the reductions.",
        ),
        (
            "ll.shift",
            "the largest value not added again",
            "log of mean of exp(log_w - max)",
            "a value was subtracted from the logarithms and not added again at the end, or the other way round.",
            "What should come out for a single sample?",
        ),
        (
            "ll.base",
            "logarithm to another base",
            "log2 or log10",
            "the result has another base than e, so that the unit is not the nat.",
            "See which logarithm and which exponential you call: they belong together.",
        ),
        (
            "ll.unstable",
            "overflow or underflow",
            "exp of numbers far from zero",
            "for small numbers all is right, but the exponential of numbers far from zero becomes 0 or infinite.",
            (
                "See what happens to log_w = -1000. Which number can you take out of each image's mean, and put back "
                "after the logarithm?"
            ),
        ),
        (
            "ll.clipped",
            "cut at a fixed value",
            "clip, or a small number added inside the logarithm",
            (
                "far from zero the result sticks to a fixed value, as if numbers were clipped or a small one added in the "
                "logarithm."
            ),
            (
                "Find a way that needs no limit: which number can you take out of each image's mean, and put back after "
                "the logarithm?"
            ),
        ),
        (
            "ll.precision",
            "computed with too few digits",
            "float16 or bfloat16 on the way",
            "the estimates are right to two or three digits only, as if numbers had 16 bits or something small were added.",
            "Look for a conversion, for rounding, and for a small constant that is not in the formula.",
        ),
        (
            "ll.random",
            "random",
            "two equal calls differ",
            "two calls with the same weights give different estimates.",
            "The weights are given: nothing needs to be drawn.",
        ),
    ),
)

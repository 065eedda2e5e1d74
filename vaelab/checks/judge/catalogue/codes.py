"""Mistakes in drawing codes and in scoring how strange an image is."""

from vaelab.checks.judge.catalogue.entry import HOLES, ODD, Mistake


def _entry(id, name, formula, message, next_step, taught):
    """An entry that stands for no item of the collected list."""
    return Mistake(id, (), name, formula, message, next_step, taught)


_FIT_PRIOR = (
    _entry(
        "prior.no_function",
        "no function returned",
        "an array",
        "what it returns should be a function, to be called later with n and seed.",
        "Define a function inside fit_prior, and return it without calling it.",
        HOLES,
    ),
    _entry(
        "prior.not_repeatable",
        "seed not used",
        "global random state",
        "the samples depend on something other than n and the seed.",
        "Make a generator from the seed inside the function, and draw from it alone.",
        HOLES,
    ),
    _entry(
        "prior.ignores_seed",
        "the same samples for every seed",
        "a fixed seed",
        "the seed seems to be ignored.",
        "See where your generator gets its seed.",
        HOLES,
    ),
    _entry(
        "prior.repeats",
        "samples repeat",
        "few different rows",
        "the same samples come again and again.",
        "Every sample should be drawn anew, from a density.",
        HOLES,
    ),
    _entry(
        "prior.standard_normal",
        "N(0, I)",
        "N(0, I)",
        "the samples have the mean and covariance of N(0, I), and the codes do not.",
        "Use the codes: where do they lie, and where do they not?",
        HOLES,
    ),
    _entry(
        "prior.one_gaussian",
        "one Gaussian",
        "N(mean, cov) of the codes",
        "the samples have the mean and the covariance of the codes, and miss them as often as one Gaussian does: "
        "it cannot leave a hole in the middle.",
        "Plot two dimensions of the codes: how many Gaussians would you need?",
        HOLES,
    ),
    _entry(
        "prior.independent",
        "dimensions drawn independently",
        "product of the marginals",
        "each dimension has the right spread by itself, but they do not go together: their correlations are lost.",
        "Which values of one dimension occur with which of another? Plot two of them.",
        HOLES,
    ),
    _entry(
        "prior.uniform",
        "uniform in a box",
        "uniform between the extremes",
        "the samples fill the box between the smallest and the largest codes evenly.",
        "Most of such a box holds no code at all.",
        HOLES,
    ),
    _entry(
        "prior.too_wide",
        "too wide",
        "a bandwidth as wide as the holes",
        "the samples lie around the codes, but too far from them: the noise, or the bandwidth, is as wide as the holes.",
        "Compare the noise with the distance between groups of codes, and not with the spread of all codes.",
        HOLES,
    ),
    _entry(
        "prior.copies",
        "copies of codes",
        "resampled codes",
        "the samples are the codes themselves, or hardly differ from them: nothing new would be decoded.",
        "A density gives new points between neighbouring codes.",
        HOLES,
    ),
    _entry(
        "prior.drops_a_group",
        "a group of codes without samples",
        "a mode dropped",
        "a whole group of codes is never drawn.",
        "Use more components, and check that each group has one.",
        HOLES,
    ),
    _entry(
        "prior.wrong_shares",
        "wrong shares",
        "equal weights",
        "the groups are not drawn in the shares that they have among the codes.",
        "With which probability is a component chosen? See how many codes belong to it.",
        HOLES,
    ),
    _entry(
        "prior.too_narrow",
        "too narrow",
        "centres without spread",
        "the samples crowd in the middle of the groups.",
        "See which spread your components have: is a variance used where a standard deviation belongs, or none?",
        HOLES,
    ),
)

_ANOMALY_SCORE = (
    _entry(
        "anomaly.one_number",
        "one number for all images",
        "mean over everything",
        "it is one number for all images together.",
        "Keep the axis of the images when you reduce.",
        ODD,
    ),
    _entry(
        "anomaly.per_pixel",
        "one number for each pixel",
        "no reduction",
        "there is still one number for each pixel.",
        "Reduce over the pixels of each image.",
        ODD,
    ),
    _entry(
        "anomaly.over_images",
        "reduced over the images",
        "reduction over axis 0",
        "the images have been added up, and the pixels are still there.",
        "Print the shapes: which axis is that of the images?",
        ODD,
    ),
    _entry(
        "anomaly.constant",
        "the same score for all",
        "a constant",
        "a score has to differ between images.",
        "Look at the scores of an ordinary and of an inverted image.",
        ODD,
    ),
    _entry(
        "anomaly.sign",
        "sign flipped",
        "the negative of a score",
        "the sign is flipped: larger should mean stranger.",
        "A log-likelihood is large for what the model knows well.",
        ODD,
    ),
    _entry(
        "anomaly.chance",
        "no better than chance",
        "AUROC near 0.5",
        "that is hardly better than chance.",
        "Which quantity do you expect to be larger for a strange image? Look at it for a few of each kind.",
        ODD,
    ),
    _entry(
        "anomaly.beside",
        "depends on the other images",
        "AUROC below the bound where each kind is scored by itself",
        "the score of an image seems to depend on the images beside it.",
        "Score one image alone, and again among others: which numbers are taken from all images together?",
        ODD,
    ),
    _entry(
        "anomaly.ink",
        "measures ink",
        "AUROC of black and dark images below 0.45",
        "dark images come out as less strange than ordinary ones, as where a score grows with the ink in an image.",
        "There is little to get wrong in a dark image. Compare what is wrong with what there is.",
        ODD,
    ),
    _entry(
        "anomaly.dark",
        "dark images not found",
        "AUROC of black or dark images too low",
        "the score does not tell dark images from ordinary ones.",
        "What does the model make of a dark image, and how does that compare with the image itself?",
        ODD,
    ),
    _entry(
        "anomaly.misses",
        "a kind of strange image not found",
        "AUROC below the bound",
        "the score does not sort these well enough.",
        "Look at such images and at what the model makes of them: what differs, compared with an ordinary image?",
        ODD,
    ),
)

MISTAKES = (*_FIT_PRIOR, *_ANOMALY_SCORE)

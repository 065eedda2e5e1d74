"""The rules of `make_conv_encoder`, each on numbers that are right but for the one thing that it is about."""

import numpy as np
import pytest

from vaelab.checks.judge.make_conv_encoder import heads, maps, sizes
from vaelab.checks.judge.make_conv_encoder.request import COURSE, change, run, spread
from vaelab.checks.judge.make_conv_encoder.seen import AGAIN, BENT, COUNT, Seen, State
from vaelab.checks.judge.problem import Problem

CONVOLUTION = {
    "in": [COUNT, 28, 28, 1],
    "out": [COUNT, 14, 14, 8],
    "strides": [2, 2],
    "kernel": [3, 3],
    "variables": [0],
}
CONVOLUTION |= {"type": "Conv2D", "padding": "same", "only": False, "shared": True}
FLATTEN = {"in": [COUNT, 14, 14, 8], "out": [COUNT, 1568], "strides": [], "kernel": [], "variables": []}
FLATTEN |= {"type": "Reshape", "padding": "", "only": True, "shared": False}
NORMALISED = {"shape": [COUNT, 14, 14, 8], "alone": 2.0, "axes": [*[{"size": 14, "mean": 0.8, "spread": 3.0}] * 2]}
NORMALISED["axes"].append({"size": 8, "mean": 1e-7, "spread": 1.0})


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def state(rng, **other):
    def draw():
        both = [rng.normal(size=(COUNT, 2)) for _ in range(2)]
        for head in both:
            head[AGAIN] = head[0]
        return both

    right = {"before": draw(), "after": draw(), "pixels": np.ones((28, 28)), "through": np.ones((28, 28))}
    return State(words="with other weights", bent=BENT, **{**right, **other})


def seen(rng, **other):
    right = {
        "operations": [CONVOLUTION, FLATTEN],
        "maps": 1,
        "states": [state(rng), state(rng)],
        "train": {"changed": [0.1], "moments": [NORMALISED]},
        "alone": 1.0,
        "fixed": 2,
    }
    return Seen(**{**right, **other})


def told(rules, looked_at):
    """The mistake that the first broken rule names, with its message; (None, "") if all hold."""
    for rule in rules:
        try:
            rule(looked_at)
        except Problem as problem:
            return problem.mistake, problem.message
    return None, ""


def test_a_right_network_breaks_no_rule(rng):
    assert told(maps.RULES, seen(rng)) == (None, "")


def part(rows, value):
    pixels = np.ones((28, 28))
    pixels[rows] = value
    return pixels


def moments(*means):
    axes = [{"size": 8, "mean": mean, "spread": 1.0} for mean in means]
    return {"changed": [0.1], "moments": [{**NORMALISED, "axes": axes}]}


NETWORKS = {
    "no convolution": ({"operations": [FLATTEN]}, "encoder.no_convolution"),
    "1×1 only": ({"operations": [{**CONVOLUTION, "kernel": [1, 1], "shared": False}]}, "encoder.no_convolution"),
    "as large as the map": (
        {"operations": [{**CONVOLUTION, "kernel": [28, 28], "shared": False}]},
        "encoder.no_convolution",
    ),
    "no small map": ({"maps": 0}, "encoder.no_downsampling"),
    "no average moves": ({"train": {"changed": [0.0], "moments": [NORMALISED]}}, "encoder.no_normalisation"),
    "no company": ({"alone": 0.01}, "encoder.no_normalisation"),
    "no normalised map": ({"train": moments(0.5, 0.5, 0.5)}, "encoder.normalisation_place"),
    "rows normalised": ({"train": moments(1e-7, 0.5, 0.5)}, "encoder.normalisation_axis"),
}
STATES = {
    "all equal": ({"before": [np.ones((COUNT, 2))] * 2}, "encoder.no_gradient"),
    "places that matter": ({"before": [np.arange(2.0 * COUNT).reshape(COUNT, 2)] * 2}, "encoder.not_alone"),
    "no gradient": ({"pixels": np.zeros((28, 28))}, "encoder.no_gradient"),
    "a part unseen": ({"pixels": part(np.s_[20:], 1e-5)}, "encoder.ignored_pixels"),
    "a part past the convolutions": ({"through": part(np.s_[:4], 0.1)}, "encoder.past_convolutions"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_missing_in_a_network_is_named(name, rng):
    other, mistake = NETWORKS[name]
    assert told(maps.RULES, seen(rng, **other))[0] == mistake


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("name", STATES)
def test_each_state_of_the_weights_counts(name, which, rng):
    other, mistake = STATES[name]
    states = [state(rng), state(rng)]
    states[which] = state(rng, **other)
    assert told(maps.RULES, seen(rng, states=states))[0] == mistake


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize(
    "share, mistake", [(0.0, "encoder.no_gradient"), (0.01, "encoder.past_convolutions"), (0.5, None)]
)
def test_convolutions_have_to_change_a_fair_share_of_the_outputs(share, mistake, which, rng):
    states = [state(rng), state(rng)]
    before = states[which].before
    after = [head + share * rng.normal(size=head.shape) for head in before]
    states[which] = states[which]._replace(after=after)
    assert told(maps.RULES, seen(rng, states=states))[0] == mistake


def test_an_affine_map_is_linear_and_a_bend_of_a_tenth_is_not(rng):
    straight = rng.normal(size=(COUNT, 2))
    straight[2::3] = (straight[0::3] + straight[1::3]) / 2
    bent = straight + 0.1 * spread(straight) * rng.normal(size=straight.shape)
    assert told([maps.bends], seen(rng, states=[state(rng, before=[straight + 3, straight])]))[0] == "encoder.linear"
    assert told([maps.bends], seen(rng, states=[state(rng, before=[straight, bent])]))[0] is None


def test_a_change_is_a_share_of_the_spread_and_shifts_are_none(rng):
    a = rng.normal(size=(50, 2))
    assert change(a, a + 7) < 1e-12
    assert change(a, 1.1 * a) == pytest.approx(0.1)


def both(rng, size=32):
    return [rng.normal(size=(size, 2)) * 20, rng.normal(size=(size, 2)) * 20]


def outputs(rng, **other):
    right = {name: both(rng) for name in ("start", "training", "perturbed", "trained")}
    right["start"][1] /= 20
    right["training"][1] /= 20
    right |= {"redrawn": [both(rng) for _ in range(8)], "names": ({"z_mean"}, {"z_log_var"})}
    return heads.Seen(**{**right, **other})


def drawn(rng, change_one):
    """Eight pairs of which one function has changed each."""
    return [change_one(*both(rng)) for _ in range(8)]


HEADS = {
    "twice the same": (lambda a, b: [a, a], "encoder.same_head"),
    "one from the other": (lambda a, b: [a, a @ np.array([[1.0, 2.0], [0.5, -1.0]]) + 1], "encoder.same_head"),
    "one dimension, repeated": (lambda a, b: [np.repeat(a[:, :1], 2, axis=1), b], "encoder.fixed_sizes"),
    "never negative": (lambda a, b: [np.abs(a), np.abs(b)], "encoder.relu_heads"),
    "a positive log variance": (lambda a, b: [a, np.abs(b)], "encoder.relu_log_var"),
    "a bounded mean": (lambda a, b: [np.tanh(a), b], "encoder.tanh_mean"),
    "a bounded log variance": (lambda a, b: [a, np.clip(b, -2, 2)], "encoder.bounded_log_var"),
}


def test_right_heads_break_no_rule(rng):
    assert told(heads.RULES, outputs(rng)) == (None, "")


@pytest.mark.parametrize("name", HEADS)
def test_what_is_wrong_with_heads_is_named(name, rng):
    change_one, mistake = HEADS[name]
    assert told(heads.RULES, outputs(rng, redrawn=drawn(rng, change_one)))[0] == mistake


def test_heads_that_training_cannot_move_do_not_vary(rng):
    constant = [np.zeros((32, 2)), np.zeros((32, 2))]
    assert told(heads.RULES, outputs(rng, start=constant))[0] is None  # heads may start at zero
    assert told(heads.RULES, outputs(rng, start=constant, perturbed=constant))[0] == "encoder.no_gradient"


ARGS = (40, 20, 3, 2, 29)


def widths(**other):
    return {"all": [29, 400, 2], "hidden": [29], "open": False, **other}


@pytest.mark.parametrize(
    "told_widths, refused",
    [
        (widths(), False),
        (widths(all=[16, 400, 2], hidden=[16]), True),
        (widths(all=[400, 2], hidden=[], open=True), False),
        (widths(all=[8, 400, 2], hidden=[8], open=True), False),
        (widths(all=[64, 29, 400, 2], hidden=[64]), False),
    ],
)
def test_the_dense_layer_before_the_heads_has_the_size_that_was_asked_for(told_widths, refused, rng):
    before, after = both(rng), both(rng)
    if refused:
        with pytest.raises(Problem) as caught:
            sizes._units(told_widths, before, after, ARGS)
        assert caught.value.mistake == "encoder.intermediate_dim" and "16 units" in caught.value.message
    else:
        sizes._units(told_widths, before, after, ARGS)


def test_a_layer_of_the_right_size_that_hardly_counts_is_no_such_layer(rng):
    before = both(rng)
    with pytest.raises(Problem, match="has a hand in"):
        sizes._units(widths(), before, [head + 1e-3 * rng.normal(size=head.shape) for head in before], ARGS)


def test_each_part_of_an_image_is_replaced_once(rng):
    images, parts = sizes._with_parts_replaced(rng, ARGS, 11)
    x = images["x"]
    differs = {name: (x[i] != x[0]).mean() for name, i in parts.items()}
    assert len(parts) == 7 and all(0.2 < share < 0.4 for share in differs.values()), differs


@pytest.mark.parametrize(
    "lost, mistake",
    [
        (np.s_[26:], None),
        (np.s_[:, 26:], None),
        (np.s_[20:], "encoder.ignored_pixels"),
        (np.s_[:2], "encoder.ignored_pixels"),
    ],
)
def test_pooling_may_leave_the_last_rows_and_columns_over_and_no_others(lost, mistake, rng):
    pooling = {**FLATTEN, "in": [COUNT, 11, 11, 8], "out": [COUNT, 5, 5, 8], "type": "MaxPool"}
    pooling |= {"strides": [2, 2], "padding": "valid"}
    states = [state(rng, pixels=part(lost, 0.0), through=part(lost, 0.0)) for _ in range(2)]
    assert told(maps.RULES, seen(rng, states=states, operations=[CONVOLUTION, pooling, FLATTEN]))[0] == mistake
    assert told(maps.RULES, seen(rng, states=states))[0] == "encoder.ignored_pixels"


def test_an_array_that_takes_the_name_of_the_judges_images_is_refused():
    """A graph that had them as a constant would know them without looking."""

    class Asked:
        def __call__(self, question, arrays):
            return {"model": {"is_model": True}, "graphs": [{}], "variables": []}, {"x": np.zeros(3)}

        def once(self, what, find):
            return find()

        def replay(self, question, arrays):
            pytest.fail("nothing of it is run")

    images = {"x": np.zeros((COUNT, 28, 28, 1))}
    with pytest.raises(Problem, match="not in the form"):
        run(Asked(), COURSE, images, [{"do": "outputs"}])

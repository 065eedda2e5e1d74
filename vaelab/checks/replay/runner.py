"""A session with the encoder's variables in it, and the states that these are put into.

Three states matter to a judge: the weights *as they were handed in*; these, *lightly
perturbed*, because heads and branches may rightly start at zero; and weights that were
*drawn anew*, because a property of the network holds for nearly all weights.
"""

import numpy as np

from vaelab.checks.replay.claims import Step

#: No honest run of an encoder on some images takes longer, however busy the machine, in seconds.
PATIENCE = 60
#: A perturbation, as a share of a weight's size.
LIGHT = 0.1
#: Weights that start at zero one behind the other, at most.
ROUNDS = 4
#: A weight with fewer numbers is small: a scale, a bias of few units, or a switch.
SMALL = 8
#: A weight below this size has no size of its own.
ZERO = 1e-6


class Runner:
    """Runs graphs and sets variables.

    Parameters
    ----------
    session : tf.compat.v1.Session
    variables : Variables
    graphs : list of Graph
    """

    def __init__(self, session, variables, graphs):
        import tensorflow as tf

        self.session, self.variables, self.graphs = session, variables, graphs
        self.options = tf.compat.v1.RunOptions(timeout_in_ms=1000 * PATIENCE)
        self.assign(dict(enumerate(variables.values)))

    def assign(self, values: dict[int, np.ndarray]) -> None:
        """Set variables, by number."""
        v = self.variables
        if values:
            self.session.run(
                [v.assigned[i] for i in values],
                {v.fed[i]: value.astype(v.dtypes[i].as_numpy_dtype) for i, value in values.items()},
            )

    def fetch(self, tensors, graph=None, x=None, others=()) -> list:
        """Values of `tensors`, for the images `x`; ``others`` are more placeholders with their values."""
        if not tensors:
            return []
        return self.session.run(tensors, {} if graph is None else {graph.x: x, **dict(others)}, options=self.options)

    def state(self, which=None) -> dict[int, np.ndarray]:
        """The values of all variables (or of those in `which`), by number."""
        which = range(len(self.variables.read)) if which is None else list(which)
        return dict(zip(which, self.fetch([self.variables.read[i] for i in which])))

    # --- states ----------------------------------------------------------------------------

    def redraw(self, step: Step) -> None:
        """Draw kernels anew, ``gain`` times as large as usual; biases become zero, all else is as handed in.

        With ``keep_small`` biases and kernels of a few numbers are as handed in, too. With a
        ``size`` only those weights are drawn that have an axis of this length.
        """
        v = self.variables
        if "size" in step:
            self.assign(self.drawn(step, [i for i, shape in enumerate(v.shapes) if step["size"] in shape]))
            return
        keep = step.get("keep_small", False)
        drawn = self.drawn(
            step, [i for i, shape in enumerate(v.shapes) if not (keep and np.prod(shape, dtype=int) < SMALL)]
        )
        rest = {i: v.values[i] for i in range(len(v.shapes)) if i not in drawn}
        if not keep:
            rest |= {i: np.zeros(v.shapes[i]) for i in rest if v.trainable[i] and v.names[i] == "bias"}
        self.assign({**rest, **drawn})

    def drawn(self, step: Step, which) -> dict[int, np.ndarray]:
        """New values for those variables of `which` that are kernels, by number."""
        rng, v = np.random.default_rng(step["seed"]), self.variables
        return {i: rng.normal(size=v.shapes[i]) * step["gain"] / v.fan_in(i) ** 0.5 for i in which if v.is_kernel(i)}

    def alike(self, step: Step, which) -> dict[int, np.ndarray]:
        """Values for `which` as large as those that are there, but others."""
        rng = np.random.default_rng(step["seed"])
        return {i: rng.normal(size=value.shape) * _size(value) for i, value in self.state(which).items()}

    def perturb(self, graph, step: Step, x: np.ndarray) -> None:
        """The weights as handed in, each lightly changed as training would change them.

        A weight without a gradient stays as it is. More rounds reach weights whose gradient
        was zero because others, such as a head's kernel, were.
        """
        v, rng = self.variables, np.random.default_rng(step["seed"])
        self.assign(dict(enumerate(v.values)))
        made = [(i, g) for i, g in zip(graph.differentiated, graph.gradients) if g is not None]
        waiting = dict(made)
        for _ in range(ROUNDS):
            gradients = self.fetch(list(waiting.values()), graph, x, self.weights(graph, x))
            moving = [i for i, g in zip(waiting, gradients) if np.isfinite(g).all() and g.any()]
            values = self.state(moving)
            self.assign(
                {
                    i: value + LIGHT * self._typical(i, value) * rng.normal(size=value.shape)
                    for i, value in values.items()
                }
            )
            waiting = {i: g for i, g in waiting.items() if i not in values}
            if not (waiting and values):
                break

    def _typical(self, i: int, value: np.ndarray) -> float:
        return _size(value) or self.variables.fan_in(i) ** -0.5

    def weights(self, graph, x: np.ndarray, choice=None) -> dict:
        """Values for the graph's ``weights``: fixed random ones, in units of each output's spread over the images."""
        rng, fed = np.random.default_rng(0), {}
        for j, (place, value) in enumerate(zip(graph.weights, self.fetch(graph.weighed, graph, x))):
            spread = float(np.std(value.astype("float64") - value.mean(0)))
            scale = 1 / spread if np.isfinite(spread) and spread > 0 else 1.0
            fed[place] = rng.normal(size=value.shape) * scale * (1.0 if choice is None else choice[j])
        return fed


def _size(value: np.ndarray) -> float:
    """Root of the mean square; 0 for a weight that is as good as zero."""
    size = float(np.sqrt(np.mean(np.square(value.astype("float64"))))) if value.size else 0.0
    return size if size > ZERO else 0.0

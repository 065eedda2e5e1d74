"""Draw the pictures of expected results that the exercises show.

    python tools/expected_pictures.py

writes ``solutions/NN/expected_*.png``, from the solutions and the recorded training.
nbgrader copies them into ``course/`` beside the notebooks.
"""

from pathlib import Path

import vaelab.quiet  # noqa: F401, before Keras

import keras
from matplotlib import style
from matplotlib.figure import Figure
from train_reference import solution

from vaelab import plots, reference

SOLUTIONS = Path(__file__).resolve().parent.parent / "solutions"


def save(figure, assignment, name):
    (SOLUTIONS / assignment / f"expected_{name}.png").write_bytes(plots.png(figure))


def encoder_shapes():
    """The shapes inside the solution's convolutional encoder, as boxes."""
    encoder = solution("03_conv_vae", "make_conv_encoder")(28, 28, 1, 2, 128)
    body, heads = encoder.layers[:-2], encoder.layers[-2:]
    steps = [body[0]]
    for layer in body[1:]:
        if layer.output.shape == steps[-1].output.shape:  # normalisation keeps the shape
            steps[-1] = layer
        else:
            steps.append(layer)

    def label(layer):
        return " × ".join(str(n) for n in layer.output.shape[1:])

    with style.context(plots.STYLE, after_reset=True):
        fig = Figure(figsize=(9, 2.2))
        ax = fig.add_axes([0, 0, 1, 1])
        ax.set(xlim=(0, len(steps) + 1.2), ylim=(-1.2, 1.2))
        ax.set_axis_off()

        def box(x, y, text, colour):
            frame = {"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": colour, "linewidth": 2}
            return ax.text(x, y, text, ha="center", va="center", bbox=frame, zorder=3)

        def arrow(start, end):
            ends = {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(), "shrinkA": 4, "shrinkB": 4}
            ax.annotate("", end.get_position(), start.get_position(), arrowprops={"arrowstyle": "->"} | ends)

        boxes = [box(i + 0.6, 0, label(layer), plots.BLUE) for i, layer in enumerate(steps)]
        outputs = [
            box(len(steps) + 0.6, y, f"{head.name}\n{label(head)}", plots.VERMILLION)
            for head, y in zip(heads, (0.6, -0.6))
        ]
        for start, end in [*zip(boxes, boxes[1:]), *((boxes[-1], output) for output in outputs)]:
            arrow(start, end)
    return fig


def main():
    save(plots.kl_surface(solution("01_kl_term", "kl_term")), "01_kl_term", "kl_term")
    save(plots.learning_curve(reference.history("mlp")), "02_vae", "learning_curve")
    save(encoder_shapes(), "03_conv_vae", "conv_encoder")


if __name__ == "__main__":
    keras.utils.disable_interactive_logging()
    main()

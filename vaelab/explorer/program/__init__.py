"""A network as a short list of steps and float32 weights, to be run without Keras: in a browser, or in NumPy.

>>> from vaelab.explorer.program import export
>>> program = export(decoder, (2,))                                # doctest: +SKIP
>>> program.steps[0]["op"], program.output_shapes            # doctest: +SKIP
('dense', [(784,)])

``build.py`` is the format and what writes it; ``graph.py`` walks through a Keras model and asks ``layers.py``
and ``operations.py`` for the steps of each node. ``page/program.js`` runs a program in the browser, ``run.py``
the steps of the course's own networks in NumPy.
"""

from vaelab.explorer.program.build import Builder, NotExportable, Program

__all__ = ["Builder", "NotExportable", "Program", "export"]


def export(model, input_shape, outputs=None):
    """The program of a Keras model of one input of that shape, as ``graph.export``; imports Keras only when called."""
    from vaelab.explorer.program import graph

    return graph.export(model, input_shape, outputs)

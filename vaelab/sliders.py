"""Sliders for a figure that leave the figure behind when the kernel is gone."""

from ipywidgets import interactive

from vaelab.plots.display import described, markup


class Sliders(interactive):
    """A figure of `vaelab.plots` that is drawn anew whenever a slider is moved.

    Parameters
    ----------
    plot : callable
        A figure of ``vaelab.plots``.
    **sliders : ipywidgets.Widget
        One for each of its arguments.
    """

    def __init__(self, plot, **sliders):
        super().__init__(plot, **sliders)
        self._plot, self._start = plot, {name: slider.value for name, slider in sliders.items()}

    def _repr_mimebundle_(self, **kwargs):
        """The widget, and the figure at the first setting for where there is none."""
        fig, alt = self._plot.__wrapped__(**self._start)
        if described():
            return {"text/plain": alt}
        bundle = dict(super()._repr_mimebundle_(**kwargs))
        note = "<div>Run the cell to move the sliders.</div>"
        bundle.update({"text/html": markup(fig, alt) + note, "text/plain": alt})
        return bundle

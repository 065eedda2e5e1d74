"""Sphinx's settings for the site. ``tools/build_site.py`` puts the sources together and calls Sphinx."""

import latex2mathml.converter
from docutils.nodes import SkipNode

project = "Variational autoencoders, by doing"
extensions = ["myst_nb"]
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_extra_path = ["extra"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True}
# Links to files of the project that are not part of the site, such as a weight file.
suppress_warnings = ["myst.xref_missing", "mystnb.unknown_mime_type", "myst.header"]


def _math(self, node, display):
    """A formula as MathML, which browsers show by themselves: no script, no font from elsewhere."""
    kind = "block" if display else "inline"
    self.body.append(latex2mathml.converter.convert(node.astext(), display=kind))


def _inline(self, node):
    _math(self, node, display=False)
    raise SkipNode


def _block(self, node):
    self.body.append('<div class="math" tabindex="0" role="group" aria-label="formula" style="overflow-x: auto">')
    _math(self, node, display=True)
    self.body.append("</div>")
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))

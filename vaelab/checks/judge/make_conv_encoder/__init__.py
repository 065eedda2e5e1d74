"""Checks of ``make_conv_encoder(img_rows, img_cols, img_chns, latent_dim, intermediate_dim)``.

Nothing here depends on trained weights or on the class of a layer. The student's process
only says which graph its model is (`vaelab.checks.student.trace`); what that graph does is
seen by running it where no student's code has run (`vaelab.checks.replay`). Numbers
decide: what the outputs do when kernels, images or their company change.

`docs/encoder_rules.md` lists the rules, what each measures, and which honest styles it was
tried on. Modules: `request` (what the checks share), `sizes` (``builds``, ``shapes``),
`seen` and `maps` (``convolutional``), `heads` (``unbounded``), `flow` (``gradients``).
"""

from vaelab.checks.judge.make_conv_encoder.flow import gradients
from vaelab.checks.judge.make_conv_encoder.heads import unbounded
from vaelab.checks.judge.make_conv_encoder.maps import convolutional
from vaelab.checks.judge.make_conv_encoder.sizes import builds, shapes

CHECKS = {f"make_conv_encoder.{f.__name__}": f for f in (builds, shapes, convolutional, unbounded, gradients)}

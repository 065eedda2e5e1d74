"""A saved page of the explorer in Chromium, as tests use it, and what NumPy says of its numbers."""

import re

import canvas
import numpy as np

from vaelab import metrics
from vaelab.explorer.program.run import run

STEP = 0.02  # of a slider in latent units
ROUNDING = 0.5 + 1e-3  # of a pixel of 0 to 255
FRAME = {"left": 34, "top": 8, "width": 358, "height": 362}  # of the map, in its 400 pixels
REACH = 3.5  # of the map of the reference models


class Page:
    """A saved page in Chromium, offline."""

    def __init__(self, browser, path, address="", size=(1100, 900), dark=False):
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light", offline=True
        )
        self.page = self.context.new_page()
        self.problems, self.requests = [], []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri() + address)
        self.page.wait_for_selector(".vl-explorer")

    @property
    def z(self):
        return np.array([float(part) for part in self.page.locator(".vl-decoded").get_attribute("data-z").split()])

    def pixels(self, selector=".vl-screen", nth=0):
        return canvas.pixels(self.page.locator(selector).nth(nth))[..., 0]

    def press(self, name):
        self.page.get_by_role("button", name=name, exact=True).click()

    def slider(self, name):
        return self.page.get_by_role("slider", name=name)

    def card(self, title):
        return self.page.locator(".vl-card", has=self.page.get_by_role("heading", name=title))

    def number(self, card, pattern):
        return float(re.search(pattern, self.card(card).inner_text().replace("−", "-")).group(1))

    def on_map(self, z):
        box = self.page.locator(".vl-plot").bounding_box()
        share = [(float(v) / REACH + 1) / 2 for v in z]
        return (
            box["x"] + FRAME["left"] + share[0] * FRAME["width"],
            box["y"] + FRAME["top"] + (1 - share[1]) * FRAME["height"],
        )

    def draw(self, *places):
        """A stroke through places of the drawing, in shares of its width and height."""
        drawing = self.page.locator(".vl-drawing")
        drawing.scroll_into_view_if_needed()
        box = drawing.bounding_box()
        for k, (u, v) in enumerate(places):
            self.page.mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"], steps=5)
            if k == 0:
                self.page.mouse.down()
        self.page.mouse.up()

    def close(self):
        assert self.problems == []
        self.context.close()


def decoded(program, z):
    return 255 * run(program, [z])[0].reshape(28, 28)


def nats(program, x, z):
    return float(metrics.bernoulli_nll(x.reshape(1, -1), run(program, [z])[0].clip(0, 1))[0])

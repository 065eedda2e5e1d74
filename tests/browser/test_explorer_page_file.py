"""The saved page as a file: small, still without JavaScript, whole at every size, and usable by everybody."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from saved_page import Page

from vaelab.explorer import LatentExplorer
from vaelab.explorer.saved import LIMIT

pytestmark = pytest.mark.browser


def test_it_is_small_asks_for_nothing_and_is_still_without_javascript(opened, saved_pages, browser):
    for name in ("mine", "two", "bare"):
        path = saved_pages / f"{name}.html"
        assert path.stat().st_size <= LIMIT
        page = opened(name)
        page.page.wait_for_timeout(300)
        assert [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))] == []
        context = browser.new_context(java_script_enabled=False)
        still = context.new_page()
        still.goto(path.as_uri())
        expect(still.get_by_alt_text("equally spaced quantiles of the prior")).to_be_visible()
        expect(still.get_by_text("A still picture")).to_be_visible()
        context.close()


def test_a_title_with_markup_closes_nothing(tmp_path, mlp, browser):
    from vaelab.explorer.saved import page as html_of

    names = {"</script><script>window.harm = 1</script>": mlp[1]}
    (tmp_path / "odd.html").write_text(html_of(LatentExplorer(names), title="<b>&"), encoding="utf-8")
    page = Page(browser, tmp_path / "odd.html")
    assert page.page.title() == "<b>&" and page.page.evaluate("() => window.harm") is None
    page.close()


@pytest.mark.parametrize("size", [(1100, 900), (640, 450), (400, 800)], ids=["1100", "200 %", "400 px"])
def test_nothing_is_cut_off(opened, size):
    for name in ("mine", "two"):
        page = opened(name, size=size)
        assert page.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        outside = page.page.evaluate(
            """() => [...document.querySelectorAll(".vl-explorer :is(button, input, select, canvas, p, td, th, figcaption, .vl-box)")]
            .filter(e => e.getClientRects().length && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert outside == []


@pytest.mark.parametrize("name", ["mine", "two", "bare"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing(browser, saved_pages, name, dark):
    context = browser.new_context(color_scheme="dark" if dark else "light", bypass_csp=True)  # to put axe into the page
    page = context.new_page()
    page.goto((saved_pages / f"{name}.html").as_uri())
    page.wait_for_selector(".vl-explorer")
    found = Axe().run(page)
    assert [(one["impact"], one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    context.close()


INTERACTIVE = {"button", "slider", "combobox", "spinbutton", "textbox", "application", "checkbox", "radio", "switch"}


def test_every_control_and_picture_has_a_name_and_the_tab_key_reaches_the_controls(opened):
    page = opened("two")
    session = page.context.new_cdp_session(page.page)
    root = session.send("Runtime.evaluate", {"expression": "document.querySelector('.vl-explorer')"})
    nodes = session.send("Accessibility.queryAXTree", {"objectId": root["result"]["objectId"]})["nodes"]
    nodes = [node for node in nodes if not node["ignored"]]
    controls = [node for node in nodes if node["role"]["value"] in INTERACTIVE]
    assert len(controls) > 20
    assert [json.dumps(node["role"]) for node in controls if not node["name"]["value"].strip()] == []
    pictures = [node for node in nodes if node["role"]["value"] in ("image", "img")]
    assert pictures and all(node["name"]["value"] for node in pictures)
    page.page.locator("body").focus()
    reached = set()
    for _ in range(60):
        page.page.keyboard.press("Tab")
        reached.add(
            page.page.evaluate(
                "() => { const at = document.activeElement; return at.ariaLabel || at.labels?.[0]?.textContent || at.textContent; }"
            )
            .split(" of the latent")[0]
            .split(" at z1")[0]
        )
    wanted = {"z1, latent units", "prior quantiles", "conv", "Map", "Trouser", "Another one", "Resample ε", "Play"}
    assert wanted <= reached

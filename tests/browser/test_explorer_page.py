"""The saved page, opened from a file with the network off: moving through latent space; numbers against NumPy."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from saved_page import REACH, ROUNDING, STEP, decoded
from scipy.special import ndtr, ndtri

from vaelab import reference

pytestmark = pytest.mark.browser


def test_every_step_of_a_slider_shows_the_decoders_own_image_at_once(opened, mlp):
    page = opened(address="#z=0.5,-0.5")
    page.slider("z1, latent units").focus()
    for number in range(1, 6):
        page.page.keyboard.press("ArrowLeft")
        assert page.z == pytest.approx([0.5 - number * STEP, -0.5])
        assert np.abs(page.pixels() - decoded(mlp[1], page.z)).max() <= ROUNDING
    expect(page.page.locator(".vl-status")).to_contain_text("Exact: the decoder runs in this page")
    expect(page.page.locator(".vl-screen")).to_have_accessible_name(re.compile(r"z1 = 0\.40, z2 = −0\.50"))


def test_a_value_can_be_typed_and_is_kept_within_the_map(opened):
    page = opened()
    readout = page.page.get_by_role("spinbutton", name="z2, type a value")
    readout.fill("-1.234")
    readout.press("Enter")
    assert page.z[1] == pytest.approx(-1.234)
    readout.fill("99")
    readout.press("Enter")
    assert page.z[1] == pytest.approx(REACH)
    readout.fill("")
    readout.press("Enter")
    assert page.z[1] == pytest.approx(REACH), "nothing typed, nothing moved"


def test_a_value_that_is_deleted_comes_back(opened):
    page = opened()
    number = page.page.get_by_role("spinbutton", name="z1, type a value")
    for value in ("0.00", "0.50"):
        number.fill(value)
        number.press("Enter")
        number.fill("")
        number.press("Enter")
        assert number.input_value() == value


def test_dragging_and_arrow_keys_on_the_map_move_the_point(opened, mlp):
    page = opened()
    page.page.mouse.move(*page.on_map([0, 0]))
    page.page.mouse.down()
    page.page.mouse.move(*page.on_map([1.2, 0.9]), steps=4)
    page.page.mouse.up()
    assert page.z == pytest.approx([1.2, 0.9], abs=0.011)
    start = page.z
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        page.page.keyboard.press(key)
    assert page.z == pytest.approx(start + [6 * STEP, -STEP])
    assert np.abs(page.pixels() - decoded(mlp[1], page.z)).max() <= ROUNDING


def test_prior_quantiles_step_through_the_prior(opened):
    page = opened(address="#z=0.4,-0.3")
    page.press("prior quantiles")
    page.slider("z1, quantile of the prior").focus()
    before = page.z[0]
    for _ in range(4):
        page.page.keyboard.press("ArrowRight")
    assert page.z[0] == pytest.approx(ndtri(round(ndtr(before) / 0.002) * 0.002 + 4 * 0.002), abs=0.003)
    page.press("latent units")
    assert float(page.page.get_by_role("spinbutton", name="z1").input_value()) == pytest.approx(page.z[0], abs=0.006)


def test_a_decoder_alone_has_its_images_for_a_map(opened):
    page = opened("bare")
    page.page.wait_for_timeout(500)
    assert page.pixels(".vl-plot canvas").std() > 50, "decoded images, black and white, instead of an empty map"
    assert page.page.locator(".vl-card").count() == 0


def test_two_decoders_on_the_same_z(opened, mlp):
    page = opened("two", address="#z=-0.8,0.7")
    _, conv = reference.programs("conv")
    for nth, program in enumerate((mlp[1], conv)):
        assert np.abs(page.pixels(nth=nth) - decoded(program, [-0.8, 0.7])).max() <= ROUNDING
    before = page.pixels(".vl-plot canvas")
    page.press("conv")
    assert (np.abs(page.pixels(".vl-plot canvas") - before) > 50).mean() > 0.02
    expect(page.card("An image")).to_contain_text("encoded for conv")


def test_the_legend_hides_a_class(opened):
    page = opened()
    before = page.pixels(".vl-plot canvas")
    trouser = page.page.get_by_role("button", name="Trouser", exact=True)
    trouser.click()
    expect(trouser).to_have_attribute("aria-pressed", "false")
    assert 0.001 < (np.abs(page.pixels(".vl-plot canvas") - before) > 30).mean() < 0.2
    trouser.click()
    assert np.array_equal(page.pixels(".vl-plot canvas"), before)


def test_a_place_is_sent_by_its_address(opened):
    page = opened("two", address="#z=0.25,-0.75&image=3&decoder=1&unit=quantile")
    assert page.z.tolist() == [0.25, -0.75]
    expect(page.card("An image")).to_contain_text("Test image 3")
    expect(page.page.get_by_role("button", name="conv", exact=True)).to_have_attribute("aria-pressed", "true")
    page.slider("z2, quantile of the prior").focus()
    page.page.keyboard.press("ArrowRight")
    page.page.wait_for_timeout(400)
    address = page.page.evaluate("() => location.hash")
    again = opened("two", address=address)
    assert again.z == pytest.approx(page.z, abs=6e-4)
    assert "image=3" in address and "decoder=1" in address and "unit=quantile" in address
    page.page.evaluate("() => (location.hash = '#z=1,1&image=5')")
    expect(page.card("An image")).to_contain_text("Test image 5")
    assert page.z.tolist() == [1, 1]


@pytest.mark.parametrize("address", ["#z=1", "#z=a,b", "#z=1e999,0&image=-4&decoder=7&unit=x", "#image=99999", "#%00"])
def test_an_address_that_says_nothing_is_passed_over(opened, address):
    page = opened(address=address)
    assert np.isfinite(page.z).all() and len(page.z) == 2

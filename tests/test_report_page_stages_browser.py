"""The slider of bit rates in a real browser, from the disk, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_browser import ONE_OR_BOTH, WIDTHS, browsing

SCREENSHOTS = Path(__file__).parents[1] / "build" / "page"  # ignored by git
COMMONEST = "openCode(table().codes.frames.indexOf(Math.max(...table().codes.frames)))"


@pytest.fixture(scope="module")
def page(demo_run):
    return demo_run[0] / "page.html"


@pytest.fixture(params=WIDTHS)
def browser(request, page, launched):
    with browsing(width=request.param, within=launched) as opened:
        opened.width = request.param
        opened.open(page)
        yield opened
        assert opened.complaints == []


def press(browser, key, times=1):
    browser.page.focus("#bits")
    for _ in range(times):
        browser.page.keyboard.press(key)
        browser.settle()
        browser.page.wait_for_function("() => rungOf(state.table) === Number(byId('bits').value)")


def brush(browser, first, last):
    page = browser.page
    page.fill("#brush-from", str(first))
    page.fill("#brush-to", str(last))
    page.click("#brush button[type=submit]")
    page.wait_for_function(f"() => state.brush[0] === {first} && state.brush[1] === {last}")


@pytest.mark.parametrize("browser", ONE_OR_BOTH, indirect=True)
def test_the_keyboard_goes_through_all_bit_rates(browser):
    page = browser.page
    assert page.input_value("#bits") == "6"
    assert page.text_content("#bits-said").startswith("8: 256 codes, PNMI 0.")
    for bits in (7, 6, 5, 4, 3, 2):
        press(browser, "ArrowLeft")
        assert page.evaluate("table().size") == 2**bits
        assert page.text_content("#bits-said").startswith(f"{bits}: {2**bits} codes")
        assert page.get_attribute("#bits", "aria-valuetext").startswith(f"{bits}: ")
        for figure in ("ribbon", "groups", "phones", "meanings", "plane"):
            assert browser.drawn(figure) > 300, (bits, figure)
        assert page.evaluate("model('ribbon_source').data.index.length") == 2**bits
        assert page.evaluate("model('groups_lines_source').data.xs[0].length") == 2**bits
        assert page.evaluate("model('corners_source').data.x.length") == 2**bits
    assert page.input_value("#brush-to") == "3"
    press(browser, "End")
    assert page.evaluate("table().size") == 256


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_a_brushed_part_maps_to_its_children_and_comes_back(browser):
    page = browser.page
    brush(browser, 41, 121)
    press(browser, "ArrowLeft", 3)
    assert page.evaluate("state.brush") == [5, 15]
    spans = page.evaluate("[model('groups').x_range.start, model('groups').x_range.end]")
    assert spans == [4.5, 15.5]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.locator("#axis").scroll_into_view_if_needed()
    page.screenshot(path=SCREENSHOTS / f"{browser.width}_bits.png")
    press(browser, "ArrowRight", 3)
    assert page.evaluate("state.brush") == [41, 121]  # as it was brushed
    press(browser, "ArrowLeft", 4)
    brush(browser, 2, 3)
    press(browser, "ArrowRight")
    assert page.evaluate("state.brush") == [4, 7]
    press(browser, "End")
    assert page.evaluate("state.brush") == [32, 63]


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_only_brushed_indices_of_a_stage_stand_out_in_the_utterance(browser):
    page = browser.page
    page.check("#only-brushed")
    press(browser, "ArrowLeft", 3)
    brush(browser, 5, 15)
    browser.settle()
    dots = page.evaluate("model('index_0_dots_source').data")
    for index, alpha in zip(dots["y"], dots["alpha"], strict=True):
        assert (alpha == 1) == (40 <= index <= 127), index
    said = page.text_content("#utterance-note")
    assert "those at 8 bits: 5 to 15 above are 40 to 127 here" in said
    name, _ = browser.saved(page.locator("[data-csv=utterance]"))
    assert name.startswith("sfvq_")
    assert "bits" not in name
    name, _ = browser.saved(page.locator("[data-csv=groups]"))
    assert name.startswith("sfvq_bits5_")


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_the_whole_axis_stays_the_whole_axis(browser):
    press(browser, "ArrowLeft", 2)
    assert browser.page.evaluate("state.brush") == [0, 63]
    assert browser.page.text_content("#brush-said").startswith("whole axis")


@pytest.mark.parametrize("browser", ONE_OR_BOTH, indirect=True)
def test_the_utterance_stays_where_it_was(browser):
    page = browser.page
    page.click("#time-in")
    before = page.evaluate("[model('time').start, model('time').end]")
    press(browser, "ArrowLeft")
    assert page.evaluate("[model('time').start, model('time').end]") == before


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_cards_are_of_the_stage_and_say_where_examples_are(browser):
    page = browser.page
    page.evaluate(COMMONEST)
    assert page.locator("#card .play").count() > 0
    press(browser, "ArrowLeft", 4)
    assert page.locator("#card").is_hidden()
    page.evaluate(COMMONEST)
    assert page.locator("#card .play").count() == 0
    assert "Examples are of the indices at 8 bits" in page.text_content("#card-body")


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_a_click_on_the_ladder_shows_that_bit_rate(browser):
    page = browser.page
    page.locator("#figure-ladder").scroll_into_view_if_needed()
    x = page.evaluate(
        "(() => { const v = viewOf('ladder').frame; "
        "return v.bbox.left + v.x_scale.compute(5) - v.x_scale.compute(2)"
        " + (v.x_scale.compute(2) - v.bbox.left); })()"
    )
    box = page.locator("#figure-ladder").bounding_box()
    page.mouse.click(box["x"] + x, box["y"] + 0.4 * box["height"])
    page.wait_for_function("() => state.table === 'sfvq.bits5'")
    assert page.evaluate("model('ladder_now').location") == 5


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_a_table_without_stages_has_no_slider(browser):
    page = browser.page
    press(browser, "ArrowLeft")
    page.select_option("#table", "1")
    browser.settle()
    assert page.evaluate("state.table") == "vq"
    assert page.locator("#bits-choice").is_hidden()
    assert page.locator("#ladder-panel").is_hidden()
    page.select_option("#table", "0")
    browser.settle()
    assert page.input_value("#bits") == "6"
    assert page.evaluate("state.brush") == [0, 255]


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_the_ladder_is_saved_and_files_name_the_stage(browser):
    page = browser.page
    _, saved = browser.saved(page.locator("[data-svg=ladder]"))
    assert saved.startswith(b"<svg")
    name, saved = browser.saved(page.locator("[data-csv=ladder]"))
    assert name == "sfvq_bits.csv"
    assert saved.count(b"\n") == 8
    press(browser, "ArrowLeft")
    name, saved = browser.saved(page.locator("[data-csv=ribbon]"))
    assert name == "sfvq_bits7_axis.csv"
    assert saved.count(b"\n") == 129

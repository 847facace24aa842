"""The comparison of a page in a real browser, from the disk, without a network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from nasty_page import NASTY, nasty_table
from page_browser import ONE_OR_BOTH, WIDTHS, browsing

from sfvq_analysis.report.page import write_page
from sfvq_analysis.tables import Simulation, simulated_table

SCREENSHOTS = Path(__file__).parents[1] / "build" / "page"  # ignored by git
FIGURES = ("differences", "together", "differing")


def as_plain(table):
    """A table as one of a plain codebook."""
    nothing = {"curve_segment": np.int32(-1), "t": np.float32(np.nan)}
    return replace(table, frames=table.frames.assign(**nothing))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    kinds = {"sfvq": (0.02, True), "coarse": (0.06, True), "vq": (0.02, False)}
    tables = {
        name: simulated_table(Simulation(n_speakers=6, frame_spread=spread, ordered=ordered))
        for name, (spread, ordered) in kinds.items()
    }
    tables["vq"] = as_plain(tables["vq"])
    return write_page(tables, tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture(params=WIDTHS)
def browser(request, page, launched):
    with browsing(width=request.param, within=launched) as opened:
        opened.width = request.param
        opened.open(page)
        yield opened
        assert opened.complaints == []


def rows_of(page):
    return {
        row.locator("b").text_content(): [cell.text_content() for cell in row.locator("td").all()]
        for row in page.locator("#differences-table tbody tr:has(th)").all()
    }


def test_figures_are_drawn_and_fit_the_width(browser):
    for name in FIGURES:
        assert browser.drawn(name) > 300, name
    assert browser.page.evaluate("document.documentElement.scrollWidth") <= browser.width
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{browser.width}_comparison.png"
    browser.page.locator("#comparison").screenshot(path=path)


@pytest.mark.parametrize("browser", ONE_OR_BOTH, indirect=True)
def test_who_is_better_is_said_in_words_and_drawn_to_the_right(browser):
    page = browser.page
    said = page.text_content("#compared-said")
    assert "sfvq is better in" in said
    rows = rows_of(page)
    assert rows["PNMI of 16 arcs"][0] == "sfvq is better"
    assert rows["step"][0] == "sfvq is better"
    assert rows["step"][3].startswith("\u2212")  # lower is better
    assert rows["PNMI"][0] == "no difference shown"
    assert rows["PNMI"][3] == "0.000[0.000, 0.000]"  # not what rounding leaves
    assert rows["adjacent peaks"][0].startswith("not defined here")
    drawn = page.evaluate("model('differences_source').data")
    places = [one["measure"] for one in page.evaluate("pair().rows")]
    for name in ("arcs", "relative_step"):
        at = places.index(name)
        assert drawn["x"][at] > drawn["low"][at] > 0
        assert drawn["high"][at] == pytest.approx(1)


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_another_pair_is_shown_everywhere(browser):
    page = browser.page
    assert page.locator("#pair option").all_text_contents() == ["sfvq less vq", "coarse less vq"]
    before = rows_of(page)
    page.select_option("#pair", "1")
    browser.settle()
    assert rows_of(page) != before
    assert "coarse" in page.text_content("#compared-said")
    assert page.locator("#comparison .name-of-one").first.text_content() == "coarse"
    copied = page.locator("#comparison [data-csv=together] ~ [data-copy]")
    assert "coarse" in copied.get_attribute("data-copy")
    assert model_label(page) == "index, coarse"


def model_label(page):
    return page.evaluate("model('together').below[0].axis_label")


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_the_brush_narrows_the_joint_counts_of_the_table_shown(browser):
    page = browser.page
    page.fill("#brush-from", "10")
    page.fill("#brush-to", "20")
    page.click("#brush button[type=submit]")
    browser.settle()
    page.wait_for_function("() => model('together_across').start === 9.5")
    assert page.evaluate("model('together_across').end") == 20.5
    assert page.evaluate("model('together_up').start") == -0.5  # codes of vq are in no order
    page.select_option("#table", "2")
    browser.settle()
    assert page.evaluate("model('together_across').start") == -0.5


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_a_click_on_joint_counts_opens_the_index_of_the_curve(browser):
    page = browser.page
    page.select_option("#table", "2")
    page.locator("#figure-together").scroll_into_view_if_needed()
    box = page.locator("#figure-together").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_selector("#card:not([hidden])")
    assert 15 < int(page.text_content("#card-title").split()[1]) < 45
    assert page.evaluate("state.table") == "sfvq"
    assert page.input_value("#table") == "0"


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_phones_by_either_measure_and_their_cards(browser):
    page = browser.page
    page.check("input[name=phone-measure][value=width]")
    browser.settle()
    assert "share of the axis less by sfvq" in page.evaluate(
        "model('differing').below[0].axis_label"
    )
    page.click("#comparison details:last-of-type summary >> nth=-1")
    first = page.locator("#differing-table button").first
    name = first.text_content()
    first.click()
    assert page.text_content("#card-title") == name
    page.keyboard.press("Escape")
    page.locator("#figure-differing").scroll_into_view_if_needed()
    box = page.locator("#figure-differing").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 30)
    page.wait_for_selector("#card:not([hidden])")


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_all_is_saved(browser):
    page = browser.page
    for name in FIGURES:
        for kind, start in (("png", b"\x89PNG"), ("svg", b"<svg")):
            _, saved = browser.saved(page.locator(f"[data-{kind}={name}]"))
            assert saved.startswith(start)
            assert len(saved) > 2000
    name, saved = browser.saved(page.locator("[data-csv=differences]"))
    assert saved.count(b"\n") == 1 + 2 * 13  # of both pairs
    assert saved.startswith(b"table,baseline,family,measure,better,effect")
    _, saved = browser.saved(page.locator("[data-csv=differing]"))
    assert saved.count(b"\n") > 40
    _, saved = browser.saved(page.locator("[data-csv=together]"))
    frames = sum(int(line.rsplit(b",", 1)[1]) for line in saved.splitlines()[1:])
    assert frames == page.evaluate("DATA.tables.sfvq.frames")


def test_nasty_names_are_shown_as_they_are(tmp_path, launched):
    table = nasty_table()
    tables = {NASTY[0]: table, "_{{b}}": table, NASTY[6]: table}
    path = write_page(tables, tmp_path / "page.html")
    with browsing(within=launched) as browser:
        browser.open(path)
        page = browser.page
        assert page.locator("#comparison img").count() == 0
        assert page.locator("#comparison .name-of-baseline").first.text_content() == NASTY[0]
        page.select_option("#pair", "1")
        browser.settle()
        assert NASTY[6] in page.text_content("#compared-note")
        assert browser.complaints == []


def test_what_cannot_be_paired_leaves_a_sentence_and_no_error(tmp_path, launched):
    tables = {name: simulated_table(Simulation(n_speakers=n)) for name, n in (("a", 2), ("b", 3))}
    path = write_page(tables, tmp_path / "page.html")
    with browsing(within=launched) as browser:
        browser.open(path)
        assert "b can't be paired with a" in browser.page.text_content("#comparison")
        browser.page.select_option("#table", "1")
        browser.settle()
        assert browser.complaints == []

"""The page on paper, with the keyboard alone, under forced colours and beside its ribbon."""

from __future__ import annotations

import pytest
from page_browser import browsing

from sfvq_analysis.report.page import write_page
from sfvq_analysis.tables import Simulation, simulated_table

PAPER_WIDTH = 703  # CSS pixels of A4 between margins of 12 mm
TALL, LOW = 900, 700


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    tables = {
        "sfvq": simulated_table(Simulation(n_speakers=6)),
        "vq": simulated_table(Simulation(n_speakers=6, ordered=False)),
    }
    return write_page(tables, tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture
def browser(written, request, launched):
    height = getattr(request, "param", TALL)
    with browsing(height=height, within=launched) as opened:
        opened.open(written)
        yield opened
        assert opened.complaints == []


FIGURES = "[...document.querySelectorAll('.figure')].map((one) => {})"


def test_on_paper_every_figure_fits_and_what_is_folded_opens(browser):
    page = browser.page
    folded = page.locator("details:not([open])").count()
    assert folded > 0
    widths = page.evaluate(FIGURES.format("one.clientWidth"))
    assert max(widths) > PAPER_WIDTH
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    zooms = page.evaluate(FIGURES.format("Number(one.style.zoom) || 1"))
    assert max(width * zoom for width, zoom in zip(widths, zooms, strict=True)) <= PAPER_WIDTH
    assert min(zooms) > 0.5
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert set(page.evaluate(FIGURES.format("one.style.zoom"))) == {""}
    assert page.locator("details:not([open])").count() == folded


def test_what_only_a_screen_can_do_isnt_printed(browser):
    page = browser.page
    page.emulate_media(media="print")
    for place in ("#brush", "nav", "#claims .tools", "#histograms .controls"):
        assert not page.locator(place).first.is_visible(), place
    for place in ("#claims-table", "#groups-key", "#codes"):
        assert page.locator(place).is_visible(), place
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_the_ribbon_stays_in_sight_and_hides_no_heading_that_is_gone_to(browser):
    page = browser.page
    for place in ("histograms", "matrices", "speech"):
        page.click(f"nav a[href='#{place}']")
        ribbon = page.locator("#master").bounding_box()
        heading = page.locator(f"#{place}-title").bounding_box()
        assert -1 <= ribbon["y"] < 1
        assert ribbon["y"] + ribbon["height"] < heading["y"] < 0.6 * TALL
        page.evaluate("scrollTo(0, 0)")


@pytest.mark.parametrize("browser", [LOW], indirect=True)
def test_in_a_low_window_the_ribbon_makes_room(browser):
    page = browser.page
    page.click("nav a[href='#matrices']")
    assert page.locator("#master").bounding_box()["y"] < 0
    assert page.locator("#matrices-title").bounding_box()["y"] < 100


def test_arrows_turn_over_cards_and_are_left_to_fields(browser):
    page = browser.page
    page.fill("#code-number", "7")
    page.press("#code-number", "Enter")
    assert page.text_content("#card-title") == "Index 7"
    page.keyboard.press("ArrowRight")
    assert page.text_content("#card-title") == "Index 8"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.text_content("#card-title") == "Index 6"
    page.keyboard.press("Shift+ArrowRight")
    page.focus("#code-number")
    page.keyboard.press("ArrowRight")
    assert page.text_content("#card-title") == "Index 6"


def test_what_takes_the_focus_has_a_name_and_can_be_seen(browser):
    page = browser.page
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, [role=dialog], .figure")]
        .filter((one) => !one.textContent.trim() && !one.getAttribute("aria-label")
            && !one.getAttribute("aria-labelledby") && !(one.labels && one.labels.length))
        .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    covered = []
    page.locator("#speech button").last.focus()
    for _ in range(90):  # backwards, things come into sight at the top, where the ribbon is
        page.keyboard.press("Shift+Tab")
        covered += page.evaluate(
            """() => {
            const one = document.activeElement, ribbon = document.getElementById("master");
            if (one === document.body || ribbon.contains(one) || one.matches(".skip")) return [];
            const { top, bottom } = one.getBoundingClientRect();
            const edge = ribbon.getBoundingClientRect();
            return edge.top <= 0 && bottom > 0 && bottom <= edge.bottom ? [one.outerHTML] : [];
        }"""
        )
    assert covered == []


def test_the_page_is_light_in_a_dark_room_and_keeps_its_marks_under_forced_colours(browser):
    page = browser.page
    page.emulate_media(color_scheme="dark")
    style = "getComputedStyle(document.{}).{}"
    assert page.evaluate(style.format("body", "backgroundColor")) == "rgb(255, 255, 255)"
    assert "light" in page.evaluate(style.format("documentElement", "colorScheme"))
    page.emulate_media(forced_colors="active")
    mark = "document.querySelector('#ranges button')"
    shown = page.evaluate(f"getComputedStyle({mark}).borderLeftColor")
    assert shown == page.evaluate(f"{mark}.style.borderLeftColor")

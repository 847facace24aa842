"""The page in a real browser, from the disk, without a network; skipped where there is none."""

import re
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from nasty_page import NASTY, nasty_table
from page_browser import ONE_OR_BOTH, WIDTHS, browsing

from sfvq_analysis import load_table, plots, stats
from sfvq_analysis.report.page import write_page

FIGURES = (
    "ribbon", "plane", "groups", "phones", "meanings", "transitions", "distances", "wave",
    "spectrogram", "tiers", "index_0", "index_1", "distortion",
)  # fmt: skip
SCREENSHOTS = Path(__file__).parents[1] / "build" / "page"  # ignored by git


@pytest.fixture(scope="module")
def tables(demo_run):
    return {name: load_table(demo_run[0] / "tables" / name) for name in ("sfvq", "vq")}


@pytest.fixture(scope="module")
def demo(demo_run):
    return demo_run[0] / "page.html"


@pytest.fixture(params=WIDTHS)
def browser(request, demo, launched):
    with browsing(width=request.param, within=launched) as opened:
        opened.width = request.param
        opened.open(demo)
        yield opened
        assert opened.complaints == []


def shot(browser, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    browser.page.screenshot(path=SCREENSHOTS / f"{browser.width}_{name}.png")


def test_every_figure_is_drawn_and_fits_the_width(browser):
    for name in FIGURES:
        assert browser.drawn(name) > 300, name
    assert browser.page.evaluate("document.documentElement.scrollWidth") <= browser.width


@pytest.mark.parametrize("browser", ONE_OR_BOTH, indirect=True)
def test_find_the_fricatives_open_an_index_play_it_and_export_its_figure(browser):
    page = browser.page
    shot(browser, "0_opened")
    page.click("button[data-range*=fricative] >> nth=0")  # 1
    browser.settle()
    first, last = (int(page.input_value(f"#brush-{end}")) for end in ("from", "to"))
    assert 0 < first < last < 255
    shot(browser, "1_fricatives")
    page.locator("#codes [data-code]").nth(3).click()  # 2
    assert page.text_content("#card-title").startswith("Index ")
    assert first <= int(page.text_content("#card-title").split()[1]) <= last
    shot(browser, "2_index")
    page.locator("#card .play").first.click()  # 3
    page.wait_for_function("() => player.currentTime > 0.05 && !player.error")
    shot(browser, "3_played")
    name, saved = browser.saved(page.locator("[data-svg=ribbon]"))  # 4
    assert name == "sfvq_ribbon.svg"
    assert saved.startswith(b"<svg")
    shot(browser, "4_exported")


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_the_brush_filters_all_that_stands_below(browser):
    page = browser.page
    page.locator("#figure-ribbon").scroll_into_view_if_needed()
    box = page.locator("#figure-ribbon").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 60, steps=5)
    page.mouse.up()
    browser.settle()
    page.wait_for_function("() => state.brush[0] > 0")
    first, last = page.evaluate("state.brush")
    assert 40 < first < last < 150
    codes = [int(one) for one in page.locator("#codes [data-code]").all_text_contents()]
    assert codes
    assert first <= min(codes) <= max(codes) <= last
    faint = page.evaluate("model('corners_source').data.alpha.map((one) => one < 0.5)")
    assert [at for at, one in enumerate(faint) if not one] == list(range(first, last + 1))
    for figure in ("groups", "phones", "meanings", "transitions", "distances"):
        span = page.evaluate(f"[model('{figure}').x_range.start, model('{figure}').x_range.end]")
        assert span == [first - 0.5, last + 0.5]
    page.click("#brush-all")
    browser.settle()
    assert page.evaluate("state.brush") == [0, 255]


@pytest.mark.parametrize("browser", ONE_OR_BOTH, indirect=True)
def test_a_click_on_an_index_opens_its_card_and_escape_closes_it(browser):
    page = browser.page
    page.locator("#figure-ribbon").scroll_into_view_if_needed()
    box = page.locator("#figure-ribbon").bounding_box()
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 60)
    page.wait_for_selector("#card:not([hidden])")
    index = int(page.text_content("#card-title").split()[1])
    assert 60 < index < 120
    page.locator("#card .bar button").first.click()
    assert "Index over normalised time" in page.text_content("#card-body")
    shot(browser, "5_phone")
    page.keyboard.press("Escape")
    assert page.locator("#card").is_hidden()


@pytest.mark.parametrize("browser", ONE_OR_BOTH, indirect=True)
def test_all_can_be_reached_with_the_keyboard(browser):
    page = browser.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.focus("#code-number")
    page.keyboard.type("999")
    page.keyboard.press("Enter")
    assert page.locator("#card").is_hidden()
    assert page.text_content("#status") == "There is no such index: they are 0 to 255."
    page.fill("#code-number", "70")
    page.keyboard.press("Enter")
    assert page.text_content("#card-title") == "Index 70"
    page.focus("#card-after")
    page.keyboard.press("Enter")
    assert page.text_content("#card-title") == "Index 71"


FOCUSABLE = """() => {
    const found = [];
    const walk = (root) => {
        for (const one of root.querySelectorAll("*")) {
            const said = one.ariaLabel || one.title || one.textContent.trim();
            const tagged = one.matches("button, a, select, input, summary, [tabindex]");
            const named = said || one.labels?.length;
            if (tagged && one.tabIndex >= 0 && !named) found.push(one.outerHTML.slice(0, 80));
            if (one.shadowRoot) walk(one.shadowRoot);
        }
    };
    walk(document);
    return found;
}"""


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_all_that_tab_stops_at_has_a_name(browser):
    assert browser.page.evaluate(FOCUSABLE) == []


def test_an_open_card_stands_beside_the_axis_where_its_index_is_marked(browser):
    page = browser.page
    top = "document.querySelector('#histograms-title').getBoundingClientRect().top"
    page.evaluate("document.querySelector('#histograms').scrollIntoView()")
    page.fill("#code-number", "70")
    before = page.evaluate(top)
    page.keyboard.press("Enter")
    browser.settle()
    assert page.evaluate(top) == pytest.approx(before, abs=60)  # what is read stays in view
    ribbon = page.locator("#figure-ribbon").bounding_box()
    card = page.locator("#card").bounding_box()
    beside = ribbon["x"] + ribbon["width"] <= card["x"]
    assert beside if browser.width > 1000 else card["y"] > 0.4 * page.viewport_size["height"]
    marked = "[model('open_box').left, model('open_box').right, model('open_box').visible]"
    assert page.evaluate(marked) == [69.5, 70.5, True]
    page.click("#card-after")
    assert page.evaluate(marked) == [70.5, 71.5, True]
    shot(browser, "6_beside")
    page.emulate_media(media="print")  # no room is left for a card that isn't printed
    body = "getComputedStyle(document.body)"
    room = page.evaluate(f"[{body}.marginRight, {body}.paddingBottom]")
    assert room == [f"{page.evaluate(f'{body}.marginLeft')}", "0px"]
    page.emulate_media(media="screen")
    page.keyboard.press("Escape")
    assert page.evaluate("model('open_box').visible") is False


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_labels_of_what_is_in_view_are_shown_however_near(browser):
    page = browser.page
    assert re.match(r"These are 12 of \d+ utterances", page.text_content("#utterance-note"))
    for _ in range(3):
        page.click("#time-in")
    browser.settle()
    near = page.evaluate("[model('time').start, model('time').end]")
    page.check("#only-brushed")
    browser.settle()
    assert page.evaluate("[model('time').start, model('time').end]") == near
    data = page.evaluate("model('tiers_source').data")
    words = [
        (label, middle)
        for label, middle, bottom, left, right in zip(
            data["label"], data["middle"], data["bottom"], data["left"], data["right"], strict=True
        )
        if bottom == 1 and left < near[1] and right > near[0]
    ]
    assert words
    assert any(label for label, _ in words)
    assert all(near[0] <= middle <= near[1] for _, middle in words)


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_every_download_has_something_in_it(browser):
    """Of PNG every third: all are drawn by one function, and each takes its time."""
    page = browser.page
    for kind, start, step in (("png", b"\x89PNG", 3), ("svg", b"<svg", 1), ("csv", b"", 1)):
        buttons = page.locator(f"[data-{kind}]")
        for at in range(0, buttons.count(), step):
            name, saved = browser.saved(buttons.nth(at))
            assert saved.startswith(start), name
            assert len(saved) > 100, name
            assert kind != "csv" or saved.count(b"\n") > 5, name
    name, saved = browser.saved(page.locator("#utterance-textgrid"))
    assert b"IntervalTier" in saved


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_the_other_table_and_every_way_to_draw_histograms(browser):
    page = browser.page
    page.select_option("#table", "1")
    browser.settle()
    assert page.locator("#no-order").is_visible()
    for name in ("counts", "paper"):
        page.check(f"input[name=measure][value={name}]")
    for name in ("48", "39", "group"):
        page.check(f"input[name=set][value='{name}']")
    assert page.locator("#phones-panel").is_hidden()
    page.select_option("#utterance", "1")
    browser.settle()
    assert browser.drawn("groups") > 300


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_the_python_of_histograms_makes_what_is_shown(browser, tables):
    page = browser.page
    names = {"table": tables["sfvq"], "stats": stats, "plots": plots}

    def compare(panel):
        line = page.get_attribute(f"[data-csv={panel}] ~ [data-copy]", "data-copy")
        made = [one.get_ydata() for one in eval(line, names).get_lines()]  # noqa: S307
        shown = page.evaluate(f"model('{panel}_lines_source').data.ys")
        np.testing.assert_allclose(made, shown, atol=1e-12)
        plt.close("all")

    page.locator("#groups-toggles button[data-key]").first.click()  # no longer drawn
    for phones, measure in product(("61", "39", "group"), ("density", "counts", "paper")):
        page.check(f"input[name=set][value='{phones}']")
        page.check(f"input[name=measure][value={measure}]")
        for panel in ("groups",) if phones == "group" else ("groups", "phones"):
            compare(panel)
    line = page.get_attribute("[data-csv=meanings] ~ [data-copy]", "data-copy")
    assert eval(line, names).get_title() is not None  # noqa: S307
    plt.close("all")
    page.check("input[name=set][value='61']")
    for value in page.locator("#phones-of option").evaluate_all("(all) => all.map((o) => o.value)"):
        page.select_option("#phones-of", value)
        compare("phones")
    for button in page.locator("#phones-toggles button[data-key]").all():
        button.click()
    line = page.get_attribute("[data-csv=phones] ~ [data-copy]", "data-copy")
    assert len(eval(line, names))  # noqa: S307 -- nothing is drawn, so it is the frame


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_an_utterance_is_heard_by_a_click_on_its_interval(browser):
    page = browser.page
    page.locator("#figure-tiers").scroll_into_view_if_needed()
    box = page.locator("#figure-tiers").bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.7 * box["height"])
    page.wait_for_function("() => player.currentTime > 0 && !player.error")
    assert page.evaluate("tiersOf(shownUtterance())[byId('interval').value].tier") == "phone"
    page.wait_for_timeout(500)  # two clicks in short order are something else
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    assert page.evaluate("tiersOf(shownUtterance())[byId('interval').value].tier") == "word"


@pytest.mark.parametrize("browser", WIDTHS[:1], indirect=True)
def test_an_interval_is_heard_by_the_keyboard(browser):
    page = browser.page
    page.focus("#interval")
    page.keyboard.press("ArrowDown")
    page.wait_for_function("() => player.currentTime > 0 && !player.error")
    first, last = page.evaluate("[playsFrom, playsUntil]")
    box = page.evaluate("tiersOf(shownUtterance())[1]")
    from_start = page.evaluate("shownUtterance().audio_start")
    assert [first, last] == pytest.approx([box["a"] - from_start, box["b"] - from_start])


@pytest.mark.parametrize("browser", WIDTHS[1:], indirect=True)
def test_time_is_zoomed_and_moved_inside_the_utterance(browser):
    page = browser.page
    whole = page.evaluate("[model('time').start, model('time').end]")
    for press in ("in", "in", "after"):
        page.click(f"#time-{press}")
    start, end = page.evaluate("[model('time').start, model('time').end]")
    assert end - start == pytest.approx((whole[1] - whole[0]) / 4)
    assert whole[0] < start < end < whole[1]
    page.click("#time-out")
    page.click("#time-out")
    assert page.evaluate("[model('time').start, model('time').end]") == pytest.approx(whole)


def test_nasty_names_are_shown_as_they_are(tmp_path, launched):
    table = nasty_table()
    path = write_page({NASTY[0]: table, "_b": table}, tmp_path / "page.html", title=NASTY[1])
    with browsing(within=launched) as browser:
        browser.open(path)
        page = browser.page
        assert page.locator("img").count() == 0
        assert page.text_content("h1") == NASTY[1]
        for index in range(8):
            page.evaluate(f"openCode({index})")
        for name in page.evaluate("Object.keys(table().phones)"):
            page.evaluate("(name) => openPhone(name)", name)
            assert name in page.text_content("#card-title")
        labels = page.evaluate("model('tiers_source').data.label")
        assert all(isinstance(one, str) for one in labels)
        browser.settle()
        assert browser.complaints == []

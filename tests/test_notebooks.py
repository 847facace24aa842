"""Every notebook runs on the built-in corpus, and its two forms hold the same cells."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jupytext
import nbformat
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from page_browser import browsing

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
DRAWS = re.compile(r"(?<=n_permutations=)[0-9]+|(?<=n_bootstraps=)[0-9]+")
FEW, AS_WRITTEN = "19", r"\g<0>"  # draws


class Loads(HTMLParser):
    """What HTML loads from a network, pages within it included."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "srcdoc":
                self.found += loaded_from_elsewhere(value)
            elif name == "src" or (tag == "link" and name == "href"):
                self.found += [value] if value and "//" in value.split("?")[0][:8] else []


def loaded_from_elsewhere(html):
    page = Loads()
    page.feed(html)
    return page.found


@pytest.fixture(scope="module")
def outputs_of():
    """What returns the outputs of a notebook, each run once for all tests.

    All by one kernel, which takes long to import what every one of them does; it has forgotten all
    names when the next begins.
    """
    runner = NotebookClient(nbformat.v4.new_notebook(), km=AsyncKernelManager(), timeout=120)

    @cache
    def run(path, draws=FEW):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.source = DRAWS.sub(draws, cell.source)
        notebook.cells.insert(0, nbformat.v4.new_code_cell("%reset -f"))
        runner.nb = notebook
        runner.execute()
        return [output for cell in notebook.cells for output in cell.get("outputs", [])]

    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        with runner.setup_kernel(cleanup_kc=True):
            yield run


@pytest.mark.parametrize(
    "draws", [FEW, pytest.param(AS_WRITTEN, marks=pytest.mark.thorough)], ids=["few", "as written"]
)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, outputs_of, draws):
    outputs = outputs_of(path, draws)
    assert not any(output.output_type == "error" for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    assert loaded_from_elsewhere(shown) == []


_SLIDERS = """() => [...Bokeh.documents[0]._all_models.values()]
    .filter((one) => one.type === "Slider").map((one) => [one.value, one.end])"""
_LIT = """() => Bokeh.documents[0]._all_models.values()
    .find((one) => one.data && one.data.colour).data.colour
    .filter((one) => one !== "#bbbbbb").length"""


def test_the_slider_walks_along_the_curve_and_keeps_its_place_in_another_stage(
    outputs_of, tmp_path
):
    place = next(path for path in NOTEBOOKS if path.stem == "curve_in_2d")
    shown = [output.get("data", {}).get("text/html", "") for output in outputs_of(place)]
    (tmp_path / "slider.html").write_text(next(one for one in shown if "srcdoc" in one))
    with browsing() as browser:
        page = browser.page
        page.goto((tmp_path / "slider.html").as_uri())
        frame = page.frame_locator("iframe")
        position, stage = frame.locator(".noUi-handle").all()
        inner = page.frames[1]
        position.focus()
        for _ in range(40):  # five steps each
            page.keyboard.press("PageUp")
        inner.wait_for_function(f"({_SLIDERS})()[0][0] > 19.9")
        lit = inner.evaluate(_LIT)
        assert 5 < lit < 60
        stage.focus()
        page.keyboard.press("ArrowLeft")
        inner.wait_for_function(f"({_SLIDERS})()[0][1] === 31")
        assert inner.evaluate(_SLIDERS)[0][0] == pytest.approx(20 * 31 / 63, abs=0.06)
        assert inner.evaluate(_LIT) > lit
        assert browser.complaints == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pair_is_in_step_and_carries_no_output(path):
    notebook = jupytext.read(path)
    script = jupytext.read(path.with_suffix(".py"))
    assert [cell.source for cell in notebook.cells] == [cell.source for cell in script.cells]
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_there_is_a_quickstart_of_under_ten_code_cells():
    path = next(path for path in NOTEBOOKS if path.stem == "quickstart")
    cells = nbformat.read(path, as_version=4).cells
    assert 0 < sum(cell.cell_type == "code" for cell in cells) < 10


def test_what_is_loaded_is_found_in_a_page_within_a_page():
    inner = "<script src=&quot;https://a/b.js&quot;></script><script>var a = 'https://c'</script>"
    assert loaded_from_elsewhere(f'<iframe srcdoc="{inner}"></iframe>') == ["https://a/b.js"]
    assert loaded_from_elsewhere('<img src="data:image/png;base64,//"><a href="https://x">') == []

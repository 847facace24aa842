"""Every notebook runs on the built-in corpus, and its two forms hold the same cells."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not any(output.output_type == "error" for output in outputs)
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    assert loaded_from_elsewhere(shown) == []


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

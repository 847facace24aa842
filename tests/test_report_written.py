"""What notebooks show of a report's folder."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from sfvq_analysis.report.folders import write_manifest
from sfvq_analysis.report.written import WrittenReport

NASTY = "</td><script>alert(1)</script>"


@pytest.fixture
def folder(tmp_path):
    for name in ("page.html", "figures/a.png", "figures/a.svg", "figures/b.png", "stats/x.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    known = {
        "command": NASTY,
        "tables": {"sfvq": {"corpus": {"name": "speech", "notes": NASTY}}, "vq": {}},
        "statistics": {"n_permutations": 1999, "n_bootstraps": 200},
        "skipped": ["figure_4: no corpus was given"],
    }
    write_manifest(tmp_path, known)
    return tmp_path


def test_a_report_is_a_path_like_any_other(folder):
    written = WrittenReport(folder)
    assert isinstance(written, Path)
    assert written == folder
    assert json.loads((written / "manifest.json").read_text())["tables"]
    assert pickle.loads(pickle.dumps(written)) == folder  # noqa: S301  (our own bytes)


def test_a_report_says_what_is_in_it(folder):
    html = WrittenReport(folder)._repr_html_()
    for text in ("page.html", "sfvq · vq", "speech", "1,999 permutations", "no corpus was given"):
        assert text in html
    assert "<th>figures</th><td>2</td>" in html
    assert "<td>figures</td><td>3</td>" in html
    assert "script>" not in html
    assert len(html) < 4000


@pytest.mark.parametrize("text", [None, "", "[]", "{", '"x"'])
def test_what_is_no_report_shows_as_a_path(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    assert WrittenReport(tmp_path)._repr_html_() is None


def test_a_manifest_that_says_little_is_enough(tmp_path):
    write_manifest(tmp_path, {})
    assert "Report" in WrittenReport(tmp_path)._repr_html_()

"""`curve.compiled`: how inner loops are compiled, and what of them is kept."""

from __future__ import annotations

import pytest

from sfvq_analysis.curve import compiled


def added(a, b):
    return a + b


def test_without_a_folder_for_the_cache_loops_are_compiled_all_the_same(monkeypatch):
    def no_folder(function):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(compiled, "_cache", lambda: no_folder)
    kernel = compiled.compiled(added)
    assert kernel(1.0, 2.0) == 3.0
    assert not kernel.stats.cache_path


def test_nan_stays_nan():
    options = compiled.compiled(added).targetoptions
    assert options["nogil"]
    assert "nnan" not in options["fastmath"]


@pytest.fixture
def code(tmp_path, monkeypatch):
    """A folder of code whose stamp is that of what is kept, and a folder for that."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kept"))
    monkeypatch.setattr("numba.core.config.CACHE_DIR", str(tmp_path / "kept"))
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "loops.py").write_text("")

    def stamp():
        compiled.stamp.cache_clear()
        return made(folder)

    made = compiled.stamp
    monkeypatch.setattr(compiled, "stamp", stamp)
    stamp.cache_clear = made.cache_clear
    return folder


def hits() -> int:
    kernel = compiled.compiled(added)
    assert kernel(1.0, 2.0) == 3.0
    return sum(kernel.stats.cache_hits.values())


def test_what_is_kept_is_used_until_any_file_of_the_folder_changes(code):
    assert (hits(), hits()) == (0, 1)
    (code / "other.py").write_text("")
    assert (hits(), hits()) == (0, 1)
    (code / "loops.py").write_text("LANES = 8")
    assert (hits(), hits()) == (0, 1)
    (code / ".#loops.py").symlink_to("an editor's lock, which leads nowhere")
    assert hits() == 1


def test_code_that_cannot_be_read_keeps_nothing(code):
    (code / "gone.py").symlink_to(code / "nowhere.py")
    assert hits() == hits() == 0


def test_without_numbas_cache_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(compiled, "FunctionCache", None)
    assert hits() == hits() == 0

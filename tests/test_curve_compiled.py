"""`curve.compiled`: how inner loops are compiled, and what of them is kept."""

from __future__ import annotations

import ast
from pathlib import Path

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
    (code / "within").mkdir()
    (code / "within" / "loops.py").write_text("")
    assert (hits(), hits()) == (0, 1)
    (code / ".#loops.py").symlink_to("an editor's lock, which leads nowhere")
    assert hits() == 1


def test_code_that_cannot_be_read_keeps_nothing(code):
    (code / "gone.py").symlink_to(code / "nowhere.py")
    assert hits() == hits() == 0


def test_without_numbas_cache_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(compiled, "FunctionCache", None)
    assert hits() == hits() == 0


def decorators(node):
    return {one.id for one in node.decorator_list if isinstance(one, ast.Name)}


def named_outside_loops(node):
    """Return the names in a piece of code that no compiled function holds."""
    found = {node.id} if isinstance(node, ast.Name) else set()
    for child in ast.iter_child_nodes(node):
        loop = isinstance(child, ast.FunctionDef) and any(
            name.startswith("compiled") for name in decorators(child)
        )
        found |= set() if loop else named_outside_loops(child)
    return found


def test_what_only_loops_may_call_is_named_in_loops_alone():
    package = Path(compiled.__file__).parents[1]
    modules = {
        ".".join(path.relative_to(package.parent).with_suffix("").parts): ast.parse(text)
        for path in package.rglob("*.py")
        if "sfvq_analysis.curve." in (text := path.read_text())
    }
    within = {
        (name, node.name)
        for name, module in modules.items()
        for node in module.body
        if isinstance(node, ast.FunctionDef) and "compiled_within" in decorators(node)
    }
    assert len(within) > 20
    for name, module in modules.items():
        imported = {
            (node.module, one.name)
            for node in ast.walk(module)
            if isinstance(node, ast.ImportFrom)
            for one in node.names
        }
        here = {loop for where, loop in within if where == name or (where, loop) in imported}
        assert not here & named_outside_loops(module), name

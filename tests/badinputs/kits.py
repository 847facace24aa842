"""The kit on disk, for tests: written once a module, and unchanged when all is done."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from badinputs.answering import check
from badinputs.case import CANARY, Case
from badinputs.make_kit import make

_LOCKED = "tree_unreadable_folder"


@pytest.fixture(scope="module")
def kit(request, tmp_path_factory):
    """Write the module's CASES; nothing of them may change, and nothing appear beside them."""
    top = tmp_path_factory.mktemp("kit")
    folder, cwd, temporary = (top / name for name in ("kit", "cwd", "temporary"))
    for one in (folder, cwd, temporary):
        one.mkdir()
    make(folder, request.module.CASES)
    before = contents(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr(tempfile, "tempdir", str(temporary))
        yield folder
    assert sorted(path.name for path in top.iterdir()) == ["cwd", "kit", "temporary"]
    assert not list(cwd.iterdir())
    assert not list(temporary.iterdir())
    after = {path: state for path, state in contents(folder).items() if path.parts[1:2] != ("out",)}
    assert after == before
    for locked in folder.glob(f"{_LOCKED}/t/*"):
        locked.chmod(0o755)  # so that pytest can remove it


def contents(top: Path) -> dict[Path, tuple[int, ...]]:
    """Return every path below a folder, of files with size and time; links aren't followed."""
    found: dict[Path, tuple[int, ...]] = {}
    for place, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(place) / name
            state = path.lstat()
            whole = not stat.S_ISDIR(state.st_mode)
            found[path.relative_to(top)] = (state.st_size, state.st_mtime_ns) if whole else ()
    return found


def run(case: Case, kit: Path) -> None:
    """Check one case, and that no code was run from its data."""
    if case.name == _LOCKED and os.geteuid() == 0:
        pytest.skip("root reads every folder")
    check(case, kit)
    assert not (kit / CANARY).exists(), "code from a data file was run"

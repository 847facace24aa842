"""Runs commands in this process, and asserts how they fail, for the tests of the command line."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import NamedTuple

import pytest

from sfvq_analysis.cli import main


class Done(NamedTuple):
    """What a command left: its exit code and what it said."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """What looks like a terminal."""

    def isatty(self):
        return True


def sfvq(*arguments, cwd, check=True, terminal=False):
    """Run a command in this process, as `main` would be run."""
    out, err, code = io.StringIO(), Terminal() if terminal else io.StringIO(), 0
    argv = ["sfvq", *map(str, arguments)]
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "argv", argv)
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    assert not check or code == 0, err.getvalue()
    return Done(code, out.getvalue(), err.getvalue())


def refused(*arguments, cwd, naming):
    """Assert that a command fails in one line that names the culprit, and leaves nothing behind."""
    before = sorted(cwd.rglob("*"))
    done = sfvq(*arguments, cwd=cwd, check=False)
    said = [line for line in done.err.splitlines() if not line.startswith("dashboard: ")]
    assert done.code == 1, done
    assert len(said) == 1, done.err
    assert said[0].startswith("sfvq: ")
    assert naming in said[0]
    assert sorted(cwd.rglob("*")) == before
    return said[0]

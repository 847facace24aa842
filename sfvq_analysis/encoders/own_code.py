"""Running a user's own Python file, and turning what goes wrong in it into one line."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
import traceback
from contextlib import contextmanager
from importlib.abc import SourceLoader
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import EncoderError, SfvqError, told
from sfvq_analysis.files import is_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def made_by(path: Path, factory: str) -> tuple[Any, str]:
    """Import a Python file, which runs it, and call a function of it.

    Returns
    -------
    made
        What the function returned.
    digest : str
        16 hexadecimal digits over the bytes that were run.

    Raises
    ------
    EncoderError
        If the file can't be read, has no such function, or anything in it goes wrong.
    """
    source = _source(path)
    digest = hashlib.sha256(source).hexdigest()[:16]
    with own_code(path), _importable(path.parent):
        make = getattr(_module(path, source, digest), factory, None)
        if not callable(make):
            raise EncoderError(f"file has no function {factory}", remedy="name one that it has")
        return make(), digest


@contextmanager
def own_code(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong in a user's code into one line that names file and line.

    Only an interruption from the keyboard goes through: it is the user's, not the code's.

    Raises
    ------
    EncoderError
        With the error as its cause, which holds the traceback.
    """
    try:
        yield
    except SfvqError as error:
        where = f"{path}: {error.where}" if error.where else str(path)
        raise EncoderError(error.what, where=where, remedy=error.remedy) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        line = _line(error, path)
        raise EncoderError(
            f"its code raised {told(error)}",
            where=f"{path}:{line}" if line else str(path),
            remedy="mend it; Python shows where by the error's __cause__",
        ) from error


def _line(error: BaseException, path: Path) -> int | None:
    """Return the line of a file where an error arose, the innermost."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)


class _Source(SourceLoader):
    """Compiles the bytes whose digest is stated; writes and reads no compiled file beside them."""

    def __init__(self, path: Path, source: bytes) -> None:
        self._path, self._source = str(path), source

    def get_filename(self, fullname: str) -> str:  # noqa: ARG002 -- importlib's
        return self._path

    def get_data(self, path: str | bytes) -> bytes:  # noqa: ARG002 -- importlib's
        return self._source


def _source(path: Path) -> bytes:
    try:
        if not is_file(path):
            raise EncoderError("no such file", where=str(path), remedy="check the path")
        return path.read_bytes()
    except OSError as error:
        raise EncoderError(
            f"file can't be read ({told(error)})", where=str(path)[:300], remedy="check the path"
        ) from error


def _module(path: Path, source: bytes, digest: str) -> Any:
    name = f"_sfvq_user_module_{digest}"
    spec = importlib.util.spec_from_loader(name, _Source(path, source))
    assert spec is not None  # noqa: S101 -- a loader was given
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # data classes look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a file import its neighbours while it is imported, as a script can."""
    before = list(sys.path)
    sys.path.insert(0, str(folder.resolve()))
    try:
        yield
    finally:
        sys.path[:] = before

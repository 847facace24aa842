"""Unfinished files and folders: what they are called, and who may write or remove them.

The unfinished version of ``name`` is ``.name.0.partial`` beside it, or ``.name.1.partial`` while
another process is at the first, and so on. Who writes it holds a lock of the kernel on it, which
ends with the process however that ends. So an unfinished version that can be locked was left by a
process that was killed: it is emptied and used again, and none that is still written is touched.
Where a file system (or Windows) has no such locks, the names are random and nothing is cleaned up.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_SLOTS, _TIDIED = 1000, 3
_LONGEST = 200  # bytes of the name that are kept; a name may have 255
_SUFFIX, _OLD = ".partial", ".old"


class Partial(NamedTuple):
    """An unfinished file or folder and the handle that locks it; -1 where nothing locks."""

    path: Path
    handle: int

    def release(self) -> None:
        """Give up the lock; by then the path has its final name or is removed."""
        if self.handle >= 0:
            os.close(self.handle)


class _NoLocks(Exception):  # noqa: N818 (never leaves this module)
    """The file system has no locks."""


def claim_file(target: Path) -> Partial:
    """Return an empty unfinished version of a file, which is this process's alone."""
    return _claim(target, folder=False)


def claim_folder(target: Path) -> Partial:
    """Return an empty unfinished version of a folder, which is this process's alone.

    If a process was killed while it put a new folder in the place of an old one, the old one is
    back at its name afterwards.
    """
    tidy(target)
    return _claim(target, folder=True)


def tidy(target: Path) -> None:
    """Remove unfinished versions of a folder that killed processes left; put a displaced one back.

    Nothing of a process that is still at work is touched.
    """
    if not target.parent.is_dir():
        return
    for slot in range(_TIDIED):
        path = _slot(target, slot)
        if os.path.lexists(path) or os.path.lexists(displaced(path)):
            with suppress(_NoLocks, OSError):
                left = _locked(path, folder=True)
                if left is not None:
                    _put_back(target, left.path)
                    shutil.rmtree(left.path, ignore_errors=True)
                    left.release()


def displaced(partial: Path) -> Path:
    """Return the name that an old folder has while an unfinished one takes its place."""
    return partial.with_name(f"{partial.name}{_OLD}")


def is_unfinished(folder: Path) -> bool:
    """Whether a folder is, or is in, one that is written to the disk as a whole in the end."""
    return any(part.startswith(".") and part.endswith(_SUFFIX) for part in folder.absolute().parts)


def write_through(path: Path) -> None:
    """Have the kernel write a file, or a folder's list of names, to the disk."""
    with suppress(PermissionError):  # Windows opens no folder
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:  # some file systems have no fsync of a folder
            if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
                raise
        finally:
            os.close(handle)


def _claim(target: Path, *, folder: bool) -> Partial:
    try:
        for slot in range(_SLOTS):
            claimed = _locked(_slot(target, slot), folder=folder)
            if claimed is not None:
                _empty(claimed, folder=folder)
                return claimed
    except _NoLocks:
        return _unlocked(target, folder=folder)
    raise OSError(errno.EBUSY, f"{_SLOTS} unfinished versions are in use", str(target))


def _slot(target: Path, slot: int) -> Path:
    name = target.name
    if len(os.fsencode(name)) > _LONGEST:
        digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:16]
        name = os.fsencode(name)[: _LONGEST - 17].decode("utf-8", "ignore") + f"~{digest}"
    return target.with_name(f".{name}.{slot}{_SUFFIX}")


def _locked(path: Path, *, folder: bool) -> Partial | None:
    """Return a file or folder with its lock, made if need be; None if it is someone else's."""
    if fcntl is None:
        raise _NoLocks
    made = _made(path, folder=folder)
    flags = os.O_RDONLY | os.O_DIRECTORY if folder else os.O_RDWR
    try:
        handle = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # a link, of another kind or owner, or gone by now
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_own(path, handle, made=made):
            return Partial(path, handle)
    except BlockingIOError:
        pass
    except OSError as error:
        os.close(handle)
        if made:
            path.rmdir() if folder else path.unlink()
        raise _NoLocks from error
    os.close(handle)
    return None


def _made(path: Path, *, folder: bool) -> bool:
    """Make a file or folder and return True, unless there is something of that name."""
    try:
        if folder:
            path.mkdir(mode=0o700)
        else:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def _is_own(path: Path, handle: int, *, made: bool) -> bool:
    """Whether what is locked still has this name and no other, and was made by this user."""
    try:
        named = os.lstat(path)
    except FileNotFoundError:
        return False
    held = os.fstat(handle)
    alone = stat.S_ISDIR(held.st_mode) or held.st_nlink == 1
    own = made or held.st_uid == os.geteuid()  # mounted disks may show other owners
    return os.path.samestat(named, held) and alone and own


def _empty(claimed: Partial, *, folder: bool) -> None:
    if not folder:
        os.ftruncate(claimed.handle, 0)
        return
    for entry in claimed.path.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _put_back(target: Path, partial: Path) -> None:
    """Give an old folder its name again if nothing has taken it; remove it otherwise."""
    old = displaced(partial)
    if not old.exists():
        return
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
    else:
        old.rename(target)


def _unlocked(target: Path, *, folder: bool) -> Partial:
    path = _slot(target, 0)
    path = path.with_name(
        f"{path.name.removesuffix(f'.0{_SUFFIX}')}.{secrets.token_hex(8)}{_SUFFIX}"
    )
    if folder:
        path.mkdir(mode=0o700)
        return Partial(path, -1)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    return Partial(path, -1)

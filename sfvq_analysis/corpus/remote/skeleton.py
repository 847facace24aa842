"""A tree of empty files with the names of remote ones, so that one scanner serves all corpora.

What the scanner reads besides names (a file of labels for all, the first TextGrid, TIMIT's
``spkrinfo.txt``) is fetched; nothing else is. Names come from elsewhere, so each is looked at
before a file is made of it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.findings import Findings, Skipped
from sfvq_analysis.corpus.pairing import AUDIO_SUFFIXES, LABEL_SUFFIXES, stems_of
from sfvq_analysis.corpus.remote.files import contents
from sfvq_analysis.corpus.remote.renaming import renamed, renamed_text
from sfvq_analysis.corpus.remote.utterance import RemoteUtterance
from sfvq_analysis.corpus.utterance import Utterance
from sfvq_analysis.errors import CorpusError, SfvqError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sfvq_analysis.corpus.corpus import Corpus
    from sfvq_analysis.corpus.remote.files import RemoteFile

_USED = (*AUDIO_SUFFIXES, *LABEL_SUFFIXES)
_TOOLS = (".", "@")  # names that scanning passes over
_SPEAKERS = "spkrinfo.txt"
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY
_LONGEST = 255  # bytes of a part of a name


@dataclass(frozen=True)
class Skeleton:
    """A tree that stands for a remote one.

    Attributes
    ----------
    tree
        The folder, empty at first; or the one file.
    root
        What its path is elsewhere.
    url
        What messages call that.
    files
        Remote files by their paths below `tree`; ``""`` for the one file.
    """

    tree: Path
    root: Path
    url: str
    files: dict[str, RemoteFile] = field(default_factory=dict)

    def grow(self, listed: Mapping[str, RemoteFile], findings: Findings) -> None:
        """Make an empty file for every remote one that may belong to an utterance.

        Raises
        ------
        CorpusError
            If a name leads out of the tree or can't be a file's here; with
            ``findings.on_error == "skip"`` it is listed.
        """
        self.tree.mkdir(parents=True)
        made: set[str] = set()
        for name, file in sorted(listed.items()):
            reason = _refusal(name)
            if not reason and not _is_used(name):
                continue
            if not reason:
                folder = name.rpartition("/")[0]
                try:
                    if folder not in made:
                        (self.tree / folder).mkdir(parents=True, exist_ok=True)
                        made.add(folder)
                    os.close(os.open(f"{self.tree}/{name}", _NEW, 0o600))
                    self.files[name] = file
                except FileExistsError:  # where case makes no difference, or a folder has the name
                    reason = "another file's or folder's name is the same"
                except OSError as error:
                    reason = f"it can't be a file's name here ({error.strerror or error})"
            if reason:
                findings.refuse(
                    CorpusError(
                        f"name {shown(name)} is refused: {reason}",
                        where=file.where,
                        remedy="rename it",
                    )
                )

    def fill(self, name: str) -> None:
        """Fetch what a file holds."""
        path = self.tree / name if name else self.tree
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents([self.files[name]])[0])

    def fill_read_on_scanning(self) -> None:
        """Fetch the files whose contents decide how a tree is read."""
        stems = stems_of(self.tree, Findings("skip")).files.values()
        first = next((files[".textgrid"] for files in stems if ".textgrid" in files), None)
        for name in self.files:
            if name == first or name.lower().rpartition("/")[2] == _SPEAKERS:
                self.fill(name)


def scanned(scan: Callable[[], Corpus], skeletons: list[Skeleton]) -> Corpus:
    """Return what a scan of skeletons finds, told of the remote files."""
    names = {str(one.tree): one.url for one in skeletons}
    try:
        corpus = scan()
    except SfvqError as error:
        raise renamed(error, names) from error
    moved = _Moved(skeletons)
    return replace(
        corpus,
        root=moved.path(corpus.root),
        utterances=tuple(moved.utterance(one) for one in corpus),
        skipped=tuple(
            Skipped(*(renamed_text(text, names) for text in skipped)) for skipped in corpus.skipped
        ),
    )


class _Moved:
    """Paths of skeletons as they are elsewhere."""

    def __init__(self, skeletons: list[Skeleton]) -> None:
        self._skeletons = skeletons
        self._known: dict[Path, tuple[Path, RemoteFile | None]] = {}

    def path(self, path: Path) -> Path:
        """Return where a path of a skeleton is elsewhere; others stay."""
        return self._moved(path)[0]

    def utterance(self, one: Utterance) -> RemoteUtterance:
        known = {field.name: getattr(one, field.name) for field in fields(Utterance)}
        known["audio_path"] = self.path(one.audio_path)
        known["labels"] = {
            tier: replace(source, path=self.path(source.path))
            for tier, source in one.labels.items()
        }
        files = {}
        for path in (one.audio_path, *one.label_paths.values()):
            place, file = self._moved(path)
            if file is not None:
                files[place] = file
        shared = (one.path for one in known["labels"].values() if one.utterance is not None)
        return RemoteUtterance(**known, files=files, shared=frozenset(files.keys() & set(shared)))

    def _moved(self, path: Path) -> tuple[Path, RemoteFile | None]:
        if path not in self._known:
            self._known[path] = self._found(path)
        return self._known[path]

    def _found(self, path: Path) -> tuple[Path, RemoteFile | None]:
        for one in self._skeletons:
            if path.is_relative_to(one.tree):
                below = path.relative_to(one.tree)
                name = "" if path == one.tree else below.as_posix()
                return one.root / below, one.files.get(name)
        return path, None


def _is_used(name: str) -> bool:
    """Tell whether scanning would look at a file of this name."""
    hidden = any(part.startswith(_TOOLS) for part in name.split("/"))
    return not hidden and name.lower().endswith(_USED)


def _refusal(name: str) -> str:
    """Return why nothing may be made of a name; empty if it is a plain one."""
    parts = name.split("/")
    if "" in parts or "." in parts or ".." in parts:
        return "it leads elsewhere"
    if "\0" in name or (os.sep != "/" and any(one in name for one in '\\:*?"<>|')):
        return "it has characters that no file's name has here"
    if any(len(os.fsencode(part)) > _LONGEST for part in parts):
        return f"a part of it has more than {_LONGEST} bytes"
    return ""

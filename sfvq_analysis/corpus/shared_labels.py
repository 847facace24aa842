"""One label file for many utterances: which of its utterances belongs to which audio file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, listed, shown
from sfvq_analysis.labels import read_label_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from sfvq_analysis.labels import LabelFormat


@dataclass
class SharedLabels:
    """Utterances of a label file, of which each belongs to one audio file.

    Which may be which is said by `sfvq_analysis.labels.naming.names_for`; here it is looked up. A
    name that is shorter than the audio's path is its only if no other audio's path ends so.

    Attributes
    ----------
    path
        The label file.
    names
        The utterances' names in the file, in order.
    by_end
        The names that end so, by their last parts: of ``s1/a``, ``a`` and ``s1/a``.
    n_ending
        How many audio files, usable or not, have paths that end so, in lower case.
    taken
        Which audio file has which name.
    """

    path: Path
    names: Mapping[str, None]
    by_end: Mapping[str, list[str]]
    n_ending: Mapping[str, int]
    taken: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, label_format: LabelFormat, audio: Iterable[str]) -> SharedLabels:
        """Read which utterances a label file holds.

        Parameters
        ----------
        path, label_format
            The label file and its format.
        audio
            Paths of all audio files below the corpus' root, without suffix, in lower case.

        Raises
        ------
        CorpusError
            If it isn't of that format.
        """
        names = dict.fromkeys(filter(None, read_label_file(path, label_format)))
        by_end: dict[str, list[str]] = {}
        for name in names:
            for end in _ends(name):
                by_end.setdefault(end, []).append(name)
        return cls(path, names, by_end, Counter(end for one in audio for end in _ends(one)))

    def take(self, identity: str) -> str:
        """Return the name that the file has for an utterance, which no other may have then.

        Parameters
        ----------
        identity
            Path of its audio below the corpus' root, without suffix.

        Raises
        ------
        CorpusError
            If the file has no such utterance, several that may be meant, or one that another audio
            file is.
        """
        found = self._named(identity)
        if len(found) > 1:
            raise CorpusError(
                f"{self.path} has {len(found)} utterances of that name: {listed(found)}",
                remedy="name utterances by their paths below the corpus' folder",
            )
        if not found:
            raise CorpusError(
                f"utterance lacks its labels in {self.path}",
                remedy=f"it holds {len(self.names)} utterances, such as {listed(self.names)}",
            )
        other = self.taken.setdefault(found[0], identity)
        if other != identity:
            raise CorpusError(
                f"{self.path} has one utterance {shown(found[0])}, which {shown(other)} is too",
                remedy="name utterances by their paths below the corpus' folder",
            )
        return found[0]

    def left(self) -> list[str]:
        """Return the names that no audio file has taken, sorted."""
        return sorted(self.names.keys() - self.taken.keys())

    def _named(self, identity: str) -> list[str]:
        if identity in self.names:
            return [identity]
        shorter = [
            end for end in _ends(identity) if end in self.names and self.n_ending[end.lower()] == 1
        ]
        return [*self.by_end.get(identity, ()), *shorter]


def _ends(name: str) -> Iterator[str]:
    """Yield the last parts of a path, the whole first; none of one that leads elsewhere."""
    while name and ".." not in name.split("/"):
        yield name
        name = name.partition("/")[2]

"""One label file for many utterances: which of its utterances belongs to which audio file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels import read_label_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from sfvq_analysis.labels import LabelFormat


@dataclass(frozen=True, slots=True)
class SharedLabels:
    """Utterances of a label file by every name they may be looked up with.

    An audio file ``s1/a.wav`` is the utterance ``s1/a``, or else the one utterance whose name ends
    in ``a``, or is ``a``.

    Attributes
    ----------
    path
        The label file.
    names
        The utterances' names in the file.
    by_stem
        The names that share a last part, by it.
    """

    path: Path
    names: frozenset[str]
    by_stem: Mapping[str, tuple[str, ...]]

    @classmethod
    def read(cls, path: Path, label_format: LabelFormat) -> SharedLabels:
        """Read which utterances a label file holds.

        Raises
        ------
        CorpusError
            If it isn't of that format.
        """
        names = [name for name in read_label_file(path, label_format) if name]
        by_stem: dict[str, tuple[str, ...]] = {}
        for name in names:
            stem = _last(name)
            by_stem[stem] = (*by_stem.get(stem, ()), name)
        return cls(path, frozenset(names), by_stem)

    def name_of(self, identity: str) -> str:
        """Return the name that the file has for an utterance.

        Parameters
        ----------
        identity
            Path of its audio below the corpus' root, without suffix.

        Raises
        ------
        CorpusError
            If the file has no such utterance, or several that may be meant.
        """
        if identity in self.names:
            return identity
        found = self.by_stem.get(_last(identity), ())
        if len(found) == 1:
            return found[0]
        if found:
            raise CorpusError(
                f"{self.path} has {len(found)} utterances of that name: "
                f"{', '.join(map(shown, found[:4]))}",
                remedy="name utterances by their paths below the corpus' folder",
            )
        few = ", ".join(map(shown, sorted(self.names)[:4]))
        raise CorpusError(
            f"utterance lacks its labels in {self.path}",
            remedy=f"it holds {len(self.names)} utterances, such as {few}",
        )

    def unused(self, audio: Iterable[str]) -> list[str]:
        """Return the names that no audio file (a path with suffix) goes by, sorted."""
        used = set()
        for path in audio:
            identity = path.rpartition(".")[0]
            used |= {identity} & self.names or set(self.by_stem.get(_last(identity), ()))
        return sorted(self.names - used)


def _last(name: str) -> str:
    return name.rpartition("/")[2]

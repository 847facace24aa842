"""One label file for many utterances: which of its utterances belongs to which audio file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels import read_label_file
from sfvq_analysis.labels.naming import names_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfvq_analysis.labels import LabelFormat

_FEW = 4


@dataclass
class SharedLabels:
    """Utterances of a label file, of which each belongs to one audio file.

    Which may be which: `sfvq_analysis.labels.naming.names_for`.

    Attributes
    ----------
    path
        The label file.
    by_stem
        The utterances' names in the file, by their last part.
    taken
        Which audio file has which name.
    """

    path: Path
    by_stem: Mapping[str, tuple[str, ...]]
    taken: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, label_format: LabelFormat) -> SharedLabels:
        """Read which utterances a label file holds.

        Raises
        ------
        CorpusError
            If it isn't of that format.
        """
        by_stem: dict[str, tuple[str, ...]] = {}
        for name in filter(None, read_label_file(path, label_format)):
            stem = _last(name)
            by_stem[stem] = (*by_stem.get(stem, ()), name)
        return cls(path, by_stem)

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
        found = names_for(identity, self.by_stem.get(_last(identity), ()))
        if len(found) > 1:
            raise CorpusError(
                f"{self.path} has {len(found)} utterances of that name: "
                f"{', '.join(map(shown, found[:_FEW]))}",
                remedy="name utterances by their paths below the corpus' folder",
            )
        if not found:
            few = ", ".join(map(shown, sorted(self.names)[:_FEW]))
            raise CorpusError(
                f"utterance lacks its labels in {self.path}",
                remedy=f"it holds {len(self.names)} utterances, such as {few}",
            )
        other = self.taken.setdefault(found[0], identity)
        if other != identity:
            raise CorpusError(
                f"{self.path} has one utterance {shown(found[0])}, which {shown(other)} is too",
                remedy="name utterances by their paths below the corpus' folder",
            )
        return found[0]

    @property
    def names(self) -> set[str]:
        """All names in the file."""
        return {name for names in self.by_stem.values() for name in names}

    def left(self) -> list[str]:
        """Return the names that no audio file has taken, sorted."""
        return sorted(self.names - self.taken.keys())


def _last(name: str) -> str:
    return name.rpartition("/")[2]

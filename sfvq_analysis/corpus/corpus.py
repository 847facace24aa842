"""A corpus: utterances in a fixed order, and selections of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sfvq_analysis.errors import CorpusError, OptionError, check_count, unknown_option

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    import pandas as pd

    from sfvq_analysis.corpus.findings import Skipped
    from sfvq_analysis.corpus.utterance import Utterance

_SELECTABLE = ("id", "speaker", "sex", "dialect", "sentence", "sentence_type", "split")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Utterances sorted by id.

    Attributes
    ----------
    name
        What it is called in figures and manifests.
    root
        Folder that all paths are below.
    utterances
        Sorted by id, at least one.
    subsets
        Named sets of speakers within a split, such as TIMIT's ``core`` test set; `select` takes
        such a name as a split.
    notes
        What a reader of results must know (synthetic, automatic labels, …); shown in figures.
    skipped
        What was left out on scanning, and why.
    empty_is_silence
        Whether a label that is empty means silence, as the Montreal Forced Aligner writes it.

    Raises
    ------
    CorpusError
        If there is no utterance, or two share an id.
    """

    name: str
    root: Path
    utterances: tuple[Utterance, ...]
    subsets: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    notes: str = ""
    skipped: tuple[Skipped, ...] = ()
    empty_is_silence: bool = False

    def __post_init__(self) -> None:
        if not self.utterances:
            raise self._empty()
        object.__setattr__(self, "utterances", tuple(sorted(self.utterances, key=lambda u: u.id)))
        for one, other in zip(self.utterances, self.utterances[1:], strict=False):
            if one.id == other.id:
                raise CorpusError(
                    f"utterance {one.id!r} stands twice: {one.audio_path} and {other.audio_path}",
                    where=str(self.root),
                    remedy="keep one of them",
                )

    def _empty(self) -> CorpusError:
        if not self.skipped:
            return CorpusError(
                "no utterance", where=str(self.root), remedy="check folder and filter"
            )
        place, reason = self.skipped[0]
        return CorpusError(
            f"no utterance is left, {len(self.skipped)} were skipped; the first is {place}: "
            f"{reason}",
            where=str(self.root),
            remedy="mend them",
        )

    def __len__(self) -> int:
        return len(self.utterances)

    def __iter__(self) -> Iterator[Utterance]:
        return iter(self.utterances)

    def __getitem__(self, utterance: str) -> Utterance:
        """Return an utterance by id."""
        for one in self.utterances:
            if one.id == utterance:
                return one
        raise CorpusError(
            f"no utterance {utterance!r} in {self.name}",
            remedy=f"the first is {self.utterances[0].id!r}",
        )

    def _repr_html_(self) -> str:
        from sfvq_analysis.showing import corpus_html

        return corpus_html(self)

    def to_pandas(self) -> pd.DataFrame:
        """Return what is known of each utterance from its path, a row each; no file is read.

        Returns
        -------
        pandas.DataFrame
            ``utterance``, ``speaker``, ``sex``, ``dialect``, ``sentence``, ``split``, ``audio``
            (the path) and ``tiers`` (names, with spaces between).

        Examples
        --------
        >>> from sfvq_analysis import demo_corpus
        >>> demo_corpus().to_pandas().groupby("split")["speaker"].nunique().to_dict()
        {'test': 5, 'train': 7}
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "utterance": one.id,
                "speaker": one.speaker,
                "sex": one.sex,
                "dialect": one.dialect,
                "sentence": one.sentence,
                "split": one.split,
                "audio": str(one.audio_path),
                "tiers": " ".join(one.labels),
            }
            for one in self.utterances
        )

    def __repr__(self) -> str:
        speakers = len({utterance.speaker for utterance in self.utterances})
        return f"Corpus({self.name!r}, {len(self)} utterances, {speakers} speakers)"

    def select(self, **wanted: str | Collection[str]) -> Corpus:
        """Return the utterances for which every named property is the value, or among the values.

        Parameters
        ----------
        **wanted
            ``id``, ``speaker``, ``sex``, ``dialect``, ``sentence``, ``sentence_type``, ``split``;
            one text or a collection of texts. As a split the name of a subset does too.

        Raises
        ------
        OptionError
            If a property isn't one of these, or its value doesn't occur in the corpus.

        Examples
        --------
        >>> from sfvq_analysis import demo_corpus
        >>> demo_corpus().select(split="test", sex="f")
        Corpus('demo', 18 utterances, 3 speakers)
        """
        chosen = self.utterances
        for name, values in wanted.items():
            if name not in _SELECTABLE:
                raise unknown_option("property to select by", name, _SELECTABLE)
            options = _texts(name, values)
            self._check_values(name, options)
            chosen = tuple(u for u in chosen if self._matches(u, name, options))
        if not chosen:
            raise OptionError(f"no utterance of {self.name} has {wanted!r}", remedy="ask for less")
        return replace(self, utterances=chosen)

    def with_channel(self, channel: int) -> Corpus:
        """Return the same utterances, of whose audio files one channel is read, from 0.

        Raises
        ------
        OptionError
            If it is no channel's number; on loading, if a file doesn't have it.
        """
        check_count("channel", channel, at_least=0)
        chosen = tuple(replace(utterance, channel=channel) for utterance in self.utterances)
        return replace(self, utterances=chosen)

    def hold_out(self, speakers: int, of: int) -> tuple[Corpus, Corpus]:
        """Return two corpora without a common speaker: one to fit on, one to read.

        Speakers are sorted (names that are numbers as numbers); the one at position i is held out
        when ``i % of < speakers``. No chance is in it, so that the split can be named in a line.

        Parameters
        ----------
        speakers, of
            How many speakers of every so many are held out.

        Raises
        ------
        OptionError
            If that leaves no speaker on one side.
        """
        if not 0 < speakers < of:
            raise OptionError(f"hold-out is {speakers} of {of}", remedy="use 0 < speakers < of")
        names = sorted({u.speaker for u in self.utterances}, key=_as_number)
        held = {name for at, name in enumerate(names) if at % of < speakers}
        if len(held) == len(names):
            raise OptionError(
                f"{len(names)} speakers are too few to hold out {speakers} of {of}",
                remedy="hold out fewer",
            )
        parts = (
            [u for u in self.utterances if (u.speaker in held) == out] for out in (False, True)
        )
        fit, read = (replace(self, utterances=tuple(part)) for part in parts)
        return fit, read

    def _matches(self, utterance: Utterance, name: str, options: frozenset[str]) -> bool:
        if getattr(utterance, name) in options:
            return True
        named = (self.subsets[option] for option in options & self.subsets.keys())
        return name == "split" and any(utterance.speaker in speakers for speakers in named)

    def _check_values(self, name: str, options: frozenset[str]) -> None:
        known = {getattr(utterance, name) for utterance in self.utterances}
        if name == "split":
            known |= self.subsets.keys()
        unknown = sorted(options - known)
        if unknown and known == {""}:
            raise OptionError(f"{self.name} has no {name}", remedy=f"don't select by {name}")
        if unknown:
            few = ", ".join(repr(value) for value in sorted(known)[:8])
            raise OptionError(
                f"{name} {', '.join(map(repr, unknown))} doesn't occur in {self.name}",
                remedy=f"there are {len(known)}, such as {few}",
            )


def _texts(name: str, values: str | Collection[str]) -> frozenset[str]:
    try:
        options = frozenset([values] if isinstance(values, str) else values)
    except TypeError:
        options = frozenset([values])  # type: ignore[list-item]
    if not all(isinstance(option, str) for option in options):
        raise OptionError(f"{name} is {values!r}", remedy="give a text or a collection of texts")
    return options


def _as_number(name: str) -> tuple[int, str]:
    return (int(name) if name.isdecimal() else -1, name)

"""One utterance: what is known of it from its path, and its audio and labels when asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from sfvq_analysis.audio import audio_length, read_audio
from sfvq_analysis.errors import CorpusError, shown
from sfvq_analysis.labels.timit import read_transcript

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.labels import LabelSource
    from sfvq_analysis.timeline import Segment

PHONE_TIER = "phone"
WORD_TIER = "word"
TEXT_TIER = "text"

PastAudio = Literal["raise", "count"]
"""What becomes of phone labels beyond the audio."""

LATE_SECONDS = 0.1
"""Phone labels that end later than this after the audio are those of other audio."""

_TIMIT_SENTENCE = re.compile(r"s[aix][0-9]+")


class Recording(NamedTuple):
    """What `Utterance.load` gives.

    `audio` is float32 of shape (n_samples,) at `sample_rate` Hz; `tiers` holds the segments of
    each label file by tier name, in samples of the audio file.
    """

    audio: NDArray[np.float32]
    sample_rate: int
    tiers: Mapping[str, tuple[Segment, ...]]


@dataclass(frozen=True, slots=True)
class Utterance:
    """An utterance, found by scanning paths; nothing of it is read before `load`.

    Attributes
    ----------
    id
        Unique in its corpus.
    speaker, sex, dialect, sentence, split
        What the path says; empty where it says nothing. `sex` is ``"f"`` or ``"m"``.
    audio_path
        The audio file.
    labels
        Where the labels of each tier stand; ``"phone"`` is always there, but in a corpus without
        labels.
    channel
        Which channel of the audio file is read, from 0; None where it has one.
    """

    id: str
    speaker: str
    sex: str
    dialect: str
    sentence: str
    split: str
    audio_path: Path
    labels: Mapping[str, LabelSource] = field(hash=False)
    channel: int | None = None

    @property
    def label_paths(self) -> dict[str, Path]:
        """The label file of each tier."""
        return {tier: source.path for tier, source in self.labels.items()}

    def load(self, *, past_audio: PastAudio = "raise") -> Recording:
        """Read audio and labels.

        Parameters
        ----------
        past_audio
            Whether phone labels that aren't those of this audio, by their times
            (`refuse_late_labels`), are refused.

        Raises
        ------
        CorpusError
            If a file is missing or isn't what it claims to be; the message names file and line.
        """
        audio, sample_rate = self.load_audio()
        tiers = {
            tier: self._read_tier(tier, source, len(audio), sample_rate)
            for tier, source in self.labels.items()
        }
        recording = Recording(audio, sample_rate, tiers)
        if past_audio == "raise":
            self.refuse_late_labels(recording)
        return recording

    def load_audio(self) -> tuple[NDArray[np.float32], int]:
        """Read the audio alone: its samples, shape (n_samples,), and their rate in Hz.

        Raises
        ------
        CorpusError
            If the file is missing or isn't audio.
        """
        return read_audio(self.audio_path, channel=self.channel)

    def length(self) -> tuple[int, int]:
        """Return how many samples the audio has, and its rate in Hz, from the file's header.

        Raises
        ------
        CorpusError
            If the file is missing or isn't what it claims to be.
        """
        return audio_length(self.audio_path)

    @property
    def is_remote(self) -> bool:
        """Whether files are fetched when it is read: the time goes by waiting."""
        return False

    def listed(self, path: Path) -> tuple[int | None, str] | None:  # noqa: ARG002 (of others)
        """Return size and stamp of one of its files where that isn't on this machine, else None."""
        return None

    def refuse_late_labels(self, recording: Recording) -> None:
        """Raise a CorpusError if phone or word labels aren't those of the audio, by their times.

        That is if one starts at the end of the audio or after it, or ends more than 0.1 s after it.
        """
        n_samples = len(recording.audio)
        latest = n_samples + int(LATE_SECONDS * recording.sample_rate)
        timed = [
            (tier, *segment)
            for tier in (PHONE_TIER, WORD_TIER)
            for segment in recording.tiers.get(tier, ())
        ]
        for tier, start, stop, label in timed:
            if start >= n_samples or stop > latest:
                raise CorpusError(
                    f"{tier} {shown(label)} is at [{start}, {stop}), but "
                    f"{self.audio_path.name} has {n_samples} samples",
                    where=str(self.labels[tier]),
                    remedy='are these its labels? if so, past_audio="count" counts them '
                    "(--past-audio count)",
                )

    def load_phones(self) -> tuple[Segment, ...]:
        """Read the phone labels alone.

        Raises
        ------
        CorpusError
            If there are none, or as `load`.
        """
        if PHONE_TIER not in self.labels:
            raise CorpusError(
                "utterance has no phone labels",
                where=str(self.audio_path),
                remedy="load the corpus with its labels",
            )
        source = self.labels[PHONE_TIER]
        counts_samples = source.format == "timit"  # then the audio's rate changes nothing
        rate = 1 if counts_samples else self.length()[1]
        return source.read(rate)

    def _read_tier(
        self, tier: str, source: LabelSource, n_samples: int, sample_rate: int
    ) -> tuple[Segment, ...]:
        if tier == TEXT_TIER and source.format == "timit":
            whole = read_transcript(source.path, n_samples)
            if whole is not None:
                return whole
        return source.read(sample_rate, may_overlap=tier != PHONE_TIER)

    @property
    def sentence_type(self) -> str:
        """``"sa"``, ``"si"`` or ``"sx"`` of a TIMIT sentence, else empty."""
        return self.sentence[:2] if _TIMIT_SENTENCE.fullmatch(self.sentence) else ""

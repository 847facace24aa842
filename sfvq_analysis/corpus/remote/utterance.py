"""An utterance whose files are elsewhere: fetched when it is read, and gone afterwards."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sfvq_analysis.audio import audio_length, read_audio
from sfvq_analysis.audio.heads import HEAD, states_length
from sfvq_analysis.corpus.remote.files import RemoteFile, refuse_too_large
from sfvq_analysis.corpus.remote.renaming import renamed
from sfvq_analysis.corpus.remote.staging import kept, staged, staged_head
from sfvq_analysis.corpus.utterance import PHONE_TIER, PastAudio, Recording, Utterance
from sfvq_analysis.errors import CorpusError, SfvqError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.timeline import Segment

_LENGTHS = 4096


@dataclass(frozen=True, slots=True)
class RemoteUtterance(Utterance):
    """An utterance of which some files are elsewhere.

    Its paths say what the files are called, but nothing is there.

    Attributes
    ----------
    files
        What stands for a path. Other paths are files on this machine.
    shared
        Paths of files that hold the labels of many utterances.
    """

    files: Mapping[Path, RemoteFile] = field(default_factory=dict, hash=False)
    shared: frozenset[Path] = frozenset()

    @property
    def is_remote(self) -> bool:
        """Whether files are fetched when it is read."""
        return bool(self.files)

    def load(self, *, past_audio: PastAudio = "raise") -> Recording:
        """Fetch and read audio and labels; see `Utterance.load`.

        Raises
        ------
        CorpusError
            As `Utterance.load`; the message names what is elsewhere.
        StoreError
            If that place can't be reached.
        """
        with self._fetched([self.audio_path, *self.label_paths.values()]) as here:
            recording = self._local(here).load(past_audio="count")
        if past_audio == "raise":
            self.refuse_late_labels(recording)
        return recording

    def load_audio(self) -> tuple[NDArray[np.float32], int]:
        """Fetch and read the audio alone; see `Utterance.load_audio`.

        Raises
        ------
        CorpusError
            As `Utterance.load_audio`; the message names what is elsewhere.
        StoreError
            If that place can't be reached.
        """
        with self._fetched([self.audio_path]) as here:
            return read_audio(here[self.audio_path], channel=self.channel)

    def refuse_late_labels(self, recording: Recording) -> None:
        """Raise a CorpusError if labels aren't those of the audio; see `Utterance`."""
        try:
            Utterance.refuse_late_labels(self, recording)
        except CorpusError as error:
            names = {str(path): file.where for path, file in self.files.items()}
            raise renamed(error, names) from error

    def load_phones(self) -> tuple[Segment, ...]:
        """Fetch and read the phone labels, and as much of the audio as its rate takes."""
        if PHONE_TIER not in self.labels:
            return Utterance.load_phones(self)  # says so
        source = self.labels[PHONE_TIER]
        rate = 1 if source.format == "timit" else self.length()[1]
        with self._fetched([source.path]) as here:
            return replace(source, path=here[source.path]).read(rate)

    def length(self) -> tuple[int, int]:
        """Return how many samples the audio has, and its rate: of most formats the header tells."""
        file = self.files.get(self.audio_path)
        if file is None:
            return audio_length(self.audio_path)
        return _length(file)

    def listed(self, path: Path) -> tuple[int | None, str] | None:
        """Return size and stamp of a file that is elsewhere."""
        file = self.files.get(path)
        return None if file is None else (file.size, file.stamp)

    def _local(self, here: Mapping[Path, Path]) -> Utterance:
        """Return the utterance with paths that are on this machine."""
        known = {one.name: getattr(self, one.name) for one in fields(Utterance)}
        known["audio_path"] = here[self.audio_path]
        known["labels"] = {
            tier: replace(source, path=here[source.path]) for tier, source in self.labels.items()
        }
        return Utterance(**known)

    @contextmanager
    def _fetched(self, paths: Iterable[Path]) -> Iterator[dict[Path, Path]]:
        """Yield where these files are on this machine; errors name where they are from."""
        wanted = dict.fromkeys(paths)
        here = {path: path for path in wanted}
        here |= {path: kept(self.files[path]) for path in wanted if path in self.shared}
        own = [path for path in wanted if path in self.files and path not in self.shared]
        with staged([self.files[path] for path in own]) as local:
            here |= dict(zip(own, local, strict=True))
            names = {
                str(there): self.files[path].where
                for path, there in here.items()
                if path in self.files
            }
            try:
                yield here
            except SfvqError as error:
                raise renamed(error, names) from error


@lru_cache(maxsize=_LENGTHS)
def _length(file: RemoteFile) -> tuple[int, int]:
    refuse_too_large(file)
    if file.size is not None and file.size > HEAD:
        head = file.source.head(file, HEAD)
        if states_length(head):
            with suppress(CorpusError), staged_head(head, file.size) as path:
                return audio_length(path)  # what is wrong with it, all of it says
    with staged([file]) as (path,):
        try:
            return audio_length(path)
        except SfvqError as error:
            raise renamed(error, {str(path): file.where}) from error

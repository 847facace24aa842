"""Training a voice model on a corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfvq_analysis.encoders.spectrogram import SpectrogramEncoder
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.pipeline.encoding import encoded_utterances
from sfvq_analysis.training.voice import SpokenFrames, refuse_other_speech, train_voice_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.training.voice import Precision, TrainOptions
    from sfvq_analysis.voice import VoiceModel


def train_voice(
    corpus: Corpus,
    folder: Path,
    options: TrainOptions,
    *,
    resume: bool = False,
    progress: bool = False,
    precision: Precision = "32-true",
) -> VoiceModel:
    """Train a voice conversion model on a corpus; its labels are read, but nothing of them is used.

    Parameters
    ----------
    corpus
        Speech of at least two speakers.
    folder
        Of the run: spectrograms, checkpoints, log and TensorBoard's event files.
    options
        Of the training.
    resume
        Go on where the run in that folder was cut off; it ends with the same losses.
    progress
        Whether to show progress bars.
    precision
        As in `sfvq_analysis.training.voice.train_voice_model`.

    Raises
    ------
    SfvqError
        If an utterance can't be read, or as `train_voice_model`.
    """
    speakers = {utterance.speaker for utterance in corpus}
    if len(speakers) < 2:
        raise VoiceError(
            f"{corpus.name} has one speaker", remedy="give speech of two, one of them to judge by"
        )
    refuse_other_speech(folder, [utterance.id for utterance in corpus])
    spoken = _spectrograms(corpus, progress=progress)
    return train_voice_model(
        spoken, folder, options, resume=resume, progress=progress, precision=precision
    )


def _spectrograms(corpus: Corpus, *, progress: bool) -> Iterator[SpokenFrames]:
    for encoded in encoded_utterances(corpus, SpectrogramEncoder(), progress=progress):
        utterance = encoded.utterance
        yield SpokenFrames(utterance.id, utterance.speaker, encoded.features.values)

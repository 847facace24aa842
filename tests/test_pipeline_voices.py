"""`pipeline.voices`: a corpus in, a voice model out."""

from dataclasses import replace

import numpy as np
import pytest
from made_voices import toy, weights

from sfvq_analysis import demo_corpus
from sfvq_analysis.corpus import Corpus
from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.errors import SfvqError
from sfvq_analysis.pipeline.voices import train_voice
from sfvq_analysis.training.voice import SpokenFrames, train_voice_model
from sfvq_analysis.training.voice.frame_store import FrameStore

SPEAKERS = ["fslt0", "fslt1", "mawb0"]


@pytest.fixture(scope="module")
def corpus():
    """Two utterances of each of three speakers."""
    ids = [
        utterance.id
        for speaker in SPEAKERS
        for utterance in list(demo_corpus().select(speaker=[speaker]))[:2]
    ]
    return demo_corpus().select(id=ids)


def test_it_trains_on_the_spectrograms_of_the_corpus(corpus, tmp_path):
    def frames():
        for utterance in corpus:
            recording = utterance.load()
            mel = log_mel_spectrogram(recording.audio, recording.sample_rate)
            yield SpokenFrames(utterance.id, utterance.speaker, mel)

    options = toy(steps=2)
    model = train_voice(corpus, tmp_path / "run", options)
    assert sorted([*model.speakers, *model.card["held_out"]]) == SPEAKERS
    mels = FrameStore.opened(tmp_path / "run" / "mels")
    for number, one in enumerate(frames()):
        assert (mels.utterances[number], mels.speakers[number]) == one[:2]
        np.testing.assert_array_equal(mels.of(number), one.frames)
    assert weights(model) == weights(train_voice_model(frames(), tmp_path / "other", options))
    again = train_voice(corpus, tmp_path / "run", options, resume=True)
    assert weights(again) == weights(model)


def test_progress_is_shown_if_wanted(corpus, tmp_path, capfd):
    train_voice(corpus, tmp_path / "run", toy(steps=2), progress=True)
    shown = capfd.readouterr().err
    assert "encoding demo" in shown
    assert "joint: 100%" in shown


def test_an_utterance_that_cannot_be_read_is_named_and_no_spectrograms_are_left(corpus, tmp_path):
    whole = list(corpus)
    torn = [*whole[:3], replace(whole[3], audio_path=tmp_path / "gone.wav")]
    with pytest.raises(SfvqError, match=rf"utterance {whole[3].id}.*gone\.wav"):
        train_voice(Corpus("torn", tmp_path, tuple(torn)), tmp_path / "run", toy(steps=2))
    assert not (tmp_path / "run" / "mels").exists()

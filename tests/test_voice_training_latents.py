"""`training.voice.latents`: what a training takes for latents is what the encoder gives later."""

import numpy as np
import pytest
import torch
from made_voices import shapes, store
from voice_files import lively_net

from sfvq_analysis import demo_corpus
from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.encoders.utterance_mel import NORMALISATIONS
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.training.voice import SpokenFrames
from sfvq_analysis.training.voice.frame_store import FrameStore
from sfvq_analysis.training.voice.latents import latents_of


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Two recordings, and their spectrograms as a training keeps them."""
    recordings = [utterance.load() for utterance, _ in zip(demo_corpus(), range(2), strict=False)]
    mels = [log_mel_spectrogram(one.audio, one.sample_rate) for one in recordings]
    named = (SpokenFrames(str(number), "s", mel) for number, mel in enumerate(mels))
    return recordings, FrameStore.written(named, tmp_path_factory.mktemp("speech") / "mels")


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("normalise", NORMALISATIONS)
def test_they_are_those_of_the_encoder(speech, normalise, centred):
    recordings, mels = speech
    net = lively_net(shapes(normalise=normalise, centred=centred).encoder)
    encoder, found = VQVAEEncoder(net), list(latents_of(net, mels))
    assert len(found) == 2
    for recording, latents in zip(recordings, found, strict=True):
        wanted = encoder.encode(recording.audio, recording.sample_rate).values
        assert latents.dtype == np.float32
        assert latents.shape == wanted.shape
        assert latents == pytest.approx(wanted, rel=0, abs=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_the_net_stays_as_it_was(tmp_path, training):
    net = lively_net(shapes().encoder).train(training)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert len(list(latents_of(net, store(tmp_path / "mels")))) == 16
    assert net.training == training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())

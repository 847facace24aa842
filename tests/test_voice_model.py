"""A voice model: networks that fit together, and its voices."""

import numpy as np
import pytest
from toy_voices import SPEAKER_DIM, noise, toy_model

from sfvq_analysis.encoders.convolutional import VQVAEConfig
from sfvq_analysis.encoders.mel import log_mel_spectrogram
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.voice import VoiceConfig, VoiceModel
from sfvq_analysis.voice.mel_decoder import MelDecoderConfig
from sfvq_analysis.voice.speaker_encoder import SpeakerEncoderConfig

MODEL = toy_model()


def test_defaults_fit_together():
    config = VoiceConfig()
    assert config.encoder.dim == config.decoder.dim
    assert config.speaker_encoder.dim == config.decoder.speaker_dim


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"encoder": VQVAEConfig(dim=7)}, r"have \(7, 64\) dimensions, the decoder takes \(64, 64"),
        ({"speaker_encoder": SpeakerEncoderConfig(dim=3)}, r"have \(64, 3\) dimensions"),
        ({"decoder": MelDecoderConfig(n_mels=40)}, r"have \[40, 80\] mel bands"),
    ],
)
def test_networks_that_do_not_fit_together_are_refused(changed, message):
    with pytest.raises(VoiceError, match=message):
        VoiceConfig(**changed)


def test_its_encoder_is_the_net_s():
    encoder = MODEL.as_encoder()
    assert encoder.config == VQVAEEncoder(MODEL.nets.encoder).config
    assert MODEL.quantizer.provenance.encoder == encoder.config


def test_known_voices_are_given_by_name():
    assert np.array_equal(MODEL.voice("zoë"), MODEL.speakers["zoë"])


def test_an_unknown_voice_is_refused_with_those_it_knows():
    with pytest.raises(VoiceError) as caught:
        MODEL.voice("Zoë")
    wanted = "no voice is called 'Zoë'; use one of the 2 the model knows (ann, zoë), or a recording"
    assert str(caught.value) == wanted


def test_of_many_voices_five_are_named():
    names = [f"s{i}" for i in range(7)]
    model = VoiceModel(MODEL.nets, MODEL.quantizer, dict.fromkeys(names, MODEL.voice("ann")))
    with pytest.raises(VoiceError, match=r"one of the 7 the model knows \(s0, s1, s2, s3, s4, …\)"):
        model.voice("x")


@pytest.mark.parametrize("n_samples", [1, 400, 16_000])
def test_a_voice_is_heard_in_a_recording_of_any_length(n_samples):
    voice = MODEL.voice_of(log_mel_spectrogram(noise(n_samples), 16_000))
    assert (voice.shape, voice.dtype) == ((SPEAKER_DIM,), np.float32)
    assert np.linalg.norm(voice) == pytest.approx(1, abs=1e-5)
    assert voice.flags.writeable


def test_listening_changes_neither_mode_nor_spectrogram():
    mel = log_mel_spectrogram(noise(8000), 16_000)
    mel.flags.writeable = False
    model = toy_model()
    model.nets.train()
    assert np.array_equal(model.voice_of(mel), MODEL.voice_of(mel))
    assert model.nets.speaker_encoder.training


@pytest.mark.parametrize(
    ("mel", "message"),
    [
        (np.zeros((0, 80), np.float32), r"shape \(0, 80\); give \(frames, 80\)"),
        (np.zeros((5, 40), np.float32), r"shape \(5, 40\)"),
        (np.zeros(80, np.float32), r"shape \(80,\)"),
        (np.full((5, 80), np.nan, np.float32), "hold NaN or infinity"),
    ],
)
def test_what_is_no_spectrogram_is_refused(mel, message):
    with pytest.raises(VoiceError, match=message):
        MODEL.voice_of(mel)

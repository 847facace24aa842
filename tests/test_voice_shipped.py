"""The voice model that comes with the package, and that its codebooks are of its latents."""

from __future__ import annotations

import numpy as np

from sfvq_analysis import demo_corpus, demo_quantizers, demo_voice_model, load_encoder
from sfvq_analysis.files import package_data


def test_it_is_the_encoder_its_codebooks_were_fitted_on():
    model = demo_voice_model()
    encoder = load_encoder("vqvae")
    assert encoder.config == model.as_encoder().config == model.quantizer.provenance.encoder
    for quantizer in demo_quantizers().values():
        assert quantizer.provenance.encoder == encoder.config
    np.testing.assert_array_equal(demo_quantizers()["sfvq"].corners(), model.quantizer.corners())


def test_its_files_are_small_and_its_card_says_what_it_is():
    folder = package_data("demo_models")
    assert sum(path.stat().st_size for path in folder.glob("*.safetensors")) < 8_000_000
    model = demo_voice_model()
    assert not set(model.speakers) & set(model.card["held_out"])
    assert {"options", "utterances", "seconds", "log"} <= set(model.card)
    assert "Panayotov" in (folder / "README.md").read_text(encoding="utf-8")


def test_its_latents_reach_most_of_its_codewords_on_other_speech():
    encoder, codebook = load_encoder("vqvae"), demo_quantizers()["sfvq"]
    used = set()
    for utterance in list(demo_corpus())[:24]:
        recording = utterance.load()
        features = encoder.encode(recording.audio, recording.sample_rate)
        used |= set(codebook.encode(features.values).codeword.tolist())
    assert len(used) > 100

"""Options of a training, recipes, and what they make of a step."""

import dataclasses
import json

import pytest
from made_voices import toy

from sfvq_analysis.errors import OptionError, VoiceError
from sfvq_analysis.training.voice import TrainOptions
from sfvq_analysis.training.voice.options import FIRST_CORNERS
from sfvq_analysis.training.voice.recipes import recipe
from sfvq_analysis.training.voice.schedule import corners_at, rate_at
from sfvq_analysis.voice.mel_decoder import MelDecoderConfig
from sfvq_analysis.voice.model import VoiceConfig


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bottleneck": "rvq"}, "bottleneck is 'rvq'; use one of 'sfvq', 'vq'"),
        ({"schedule": "linear"}, "schedule is 'linear'; use one of 'cosine', 'halving'"),
        ({"estimator": "ema"}, "estimator is 'ema'; use one of 'noise'"),
        ({"commitment": -1.0}, "commitment is -1.0; use a number >= 0"),
        ({"steps": 0}, "steps is 0; use an integer >= 1"),
        ({"batch": True}, "batch is True; use an integer >= 1"),
        ({"decoder_steps": -1}, "decoder_steps is -1; use an integer >= 0"),
        ({"teacher_steps": -1}, "teacher_steps is -1; use an integer >= 0"),
        ({"patience": 0.5}, "patience is 0.5; use an integer >= 0"),
        ({"hold_out": 1}, "hold_out is 1; use an integer >= 2"),
        ({"codes": 8}, "codes is 8; use an integer >= 16"),
        ({"codes": 48}, "codes is 48; use a power of two"),
        ({"window": 30}, "window is 30; use an integer >= 32"),
        ({"window": 33}, "window is 33; use an even number of frames"),
        ({"units": float("nan")}, "units is nan; use a number >= 0"),
        ({"reconstruction": -0.1}, "reconstruction is -0.1; use a number >= 0"),
        ({"jitter": 1.5}, "jitter is 1.5; use a number from 0 to 1"),
        ({"whitening": -1}, "whitening is -1; use a number from 0 to 1"),
        ({"rate": 0.0}, "rate is 0.0; use a number >= 1e-12"),
        ({"clip": float("inf")}, "clip is inf; use a number >= 1e-12"),
        ({"seed": -1}, "seed is -1; use an integer from 0 to 4294967295"),
        ({"seed": 2**32}, "seed is 4294967296; use an integer from 0 to 4294967295"),
        ({"unit_sizes": (4, 1)}, "a number of units is 1; use an integer >= 2"),
        (
            {"units": 1.0, "unit_sizes": ()},
            "units is 1.0, but there are none; give sizes of codebooks",
        ),
        (
            {"teacher_steps": 3},
            "a teacher is to be trained, but units have no weight; give units a weight, or",
        ),
        (
            {"evaluate_every": 3, "checkpoint_every": 4},
            "checkpoint_every is 4; use a multiple of evaluate_every, 3",
        ),
        (
            {"whitening": 0.5},
            "latents are to be whitened or centred, but no decoder learns from those; give dec",
        ),
        ({"encoder": {"centred": True}}, "latents are to be whitened or centred"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(OptionError) as caught:
        toy(**options)
    assert str(caught.value).startswith(message)


def test_networks_must_fit_together():
    with pytest.raises(VoiceError, match=r"have \(64, 64\) dimensions, the decoder takes \(32, "):
        VoiceConfig(decoder=MelDecoderConfig(dim=32))


def test_options_are_frozen_and_json_able():
    options = TrainOptions()
    assert (
        json.loads(json.dumps(dataclasses.asdict(options)))["shapes"]["encoder"]["channels"] == 768
    )
    with pytest.raises(AttributeError):
        options.steps = 1


def test_recipes():
    published = recipe("published", channels=64, dim=16)
    assert (published.bottleneck, published.estimator) == ("vq", "straight_through")
    assert (published.batch, published.window, published.units) == (52, 32, 0.0)
    assert published.shapes.encoder.normalise == "none"
    ours = recipe("units", channels=64, dim=16, steps=9, rate=0.5)
    assert (ours.units, ours.whitening, ours.steps, ours.rate) == (1.0, 0.5, 9, 0.5)
    assert (ours.shapes.encoder.normalise, ours.shapes.encoder.centred) == ("utterance", True)
    for options in (published, ours):
        assert (options.shapes.encoder.channels, options.shapes.decoder.dim) == (64, 16)
    with pytest.raises(OptionError, match="recipe is 'best'; use one of 'units', 'published'"):
        recipe("best", channels=64, dim=16)


@pytest.mark.parametrize("codes", [16, 32, 256, 1024])
@pytest.mark.parametrize("steps", [1, 2, 7, 100, 999])
def test_a_curve_doubles_until_it_has_all_its_corners(codes, steps):
    options = TrainOptions(codes=codes, steps=steps)
    sizes = [corners_at(step, options) for step in range(steps)]
    assert sizes[0] == FIRST_CORNERS
    assert sizes == sorted(sizes)
    assert all(size & (size - 1) == 0 for size in sizes)
    if steps >= 7:
        assert set(sizes[-(2 * steps // 5) :]) == {codes}
    if steps >= 100:
        assert len(set(sizes)) == (codes // FIRST_CORNERS).bit_length()


def test_a_plain_codebook_has_all_codewords_at_once():
    options = TrainOptions(codes=256, steps=10, bottleneck="vq")
    assert [corners_at(step, options) for step in range(10)] == [256] * 10


@pytest.mark.parametrize("n_steps", [1, 2, 19, 20, 400])
def test_along_a_cosine_the_rate_rises_then_falls(n_steps):
    rates = [rate_at(step, n_steps, TrainOptions(rate=3.0)) for step in range(n_steps)]
    rise = max(n_steps // 20, 1)
    assert all(0 < rate <= 3.0 for rate in rates)
    assert rates[:rise] == [3.0 * (step + 1) / rise for step in range(rise)]
    assert rates[rise:] == sorted(rates[rise:], reverse=True)
    if n_steps == 400:
        assert rates[210] == pytest.approx(1.5)
        assert rates[-1] < 1e-3


@pytest.mark.parametrize("n_steps", [1, 5, 10, 400])
def test_or_it_is_halved_twice(n_steps):
    options = TrainOptions(rate=4.0, schedule="halving")
    rates = [rate_at(step, n_steps, options) for step in range(n_steps)]
    assert rates == sorted(rates, reverse=True)
    if n_steps >= 5:
        assert [rates.count(rate) / n_steps for rate in (4.0, 2.0, 1.0)] == [0.6, 0.2, 0.2]

"""What a codebook sounds like: lengths, fades, and the places that are decoded."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_voices import DIM, KINDS, SIZE, quick_waveform, toy_model

from sfvq_analysis.errors import OptionError, VoiceError
from sfvq_analysis.quantizers import SpaceFillingVQ
from sfvq_analysis.voice import VoiceModel, held_sound, listening, tour
from sfvq_analysis.voice.conversion import decode
from sfvq_analysis.voice.listening import _walk

MODELS = {kind: toy_model(kind) for kind in KINDS}
MODEL, PLAIN = MODELS.values()
ANN = MODEL.voice("ann")
EACH_KIND = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def decoded(monkeypatch):
    """The points that were decoded; noise stands in for Griffin-Lim's waveform."""
    seen = []

    def noting(decoder, points, voice):
        seen.append(points)
        return decode(decoder, points, voice)

    monkeypatch.setattr(listening, "decode", noting)
    monkeypatch.setattr(listening, "mel_to_waveform", quick_waveform)
    return seen


# One index


@pytest.mark.parametrize("seconds", [0.01, 0.0125, 0.02, 0.15, 0.3333, 1, 2.0])
def test_as_long_as_asked(seconds, decoded):
    sound = held_sound(MODEL, 3, ANN, seconds=seconds)
    assert (sound.dtype, len(sound)) == (np.float32, round(16_000 * seconds))
    assert np.abs(sound).max() <= 1


def test_150_ms_by_default(decoded):
    assert len(held_sound(MODEL, 3, ANN)) == 2400


def test_by_griffin_lim():
    sound = held_sound(MODEL, 3, ANN)
    assert np.isfinite(sound).all()
    assert sound.std() > 0


@pytest.mark.parametrize("make", [held_sound, None])
def test_sounds_begin_and_end_in_silence(make, decoded):
    sound = held_sound(MODEL, 3, ANN, seconds=0.5) if make else tour(MODEL, ANN, seconds=0.5)
    ramp = np.arange(160) / 160
    bare = np.abs(sound).max()
    assert sound[0] == sound[-1] == 0
    assert (np.abs(sound[:160]) <= ramp * max(bare, 1) + 1e-6).all()
    assert (np.abs(sound[-160:]) <= ramp[::-1] * max(bare, 1) + 1e-6).all()


def test_fades_are_of_10_ms_and_alike(decoded, monkeypatch):
    monkeypatch.setattr(
        listening, "mel_to_waveform", lambda mel, **_: np.ones(160 * len(mel), np.float32)
    )
    sound = held_sound(MODEL, 0, ANN)
    assert np.array_equal(sound[:160], np.arange(160, dtype=np.float32) / 160)
    assert np.array_equal(sound, sound[::-1])
    assert (sound[160:-160] == 1).all()
    shortest = held_sound(MODEL, 0, ANN, seconds=0.01)
    assert shortest.argmax() in (79, 80)


@EACH_KIND
@pytest.mark.parametrize("index", range(SIZE))
def test_an_index_is_its_codeword_all_along(kind, index, decoded):
    held_sound(MODELS[kind], index, ANN)
    corner = MODELS[kind].quantizer.corners()[[index]]
    assert len(decoded[0]) >= 8
    assert np.array_equal(decoded[0], np.repeat(corner, len(decoded[0]), axis=0))


def test_places_between_two_corners_of_a_curve(decoded):
    held_sound(MODEL, 2.25, ANN)
    corners = MODEL.quantizer.corners()
    wanted = 0.75 * corners[2] + 0.25 * corners[3]
    assert decoded[0] == pytest.approx(np.repeat(wanted[None], len(decoded[0]), axis=0), abs=1e-5)


def test_places_between_two_indices_of_a_plain_codebook_are_the_nearer(decoded):
    for place, index in ((2.25, 2), (2.5, 3), (2.75, 3), (SIZE - 1, SIZE - 1)):
        held_sound(PLAIN, place, ANN)
        assert np.array_equal(decoded[-1][0], PLAIN.quantizer.corners()[index])


def test_what_lasts_is_heard_not_how_it_begins(decoded):
    """The stretch that is kept comes from where the decoder sees nothing but the code."""
    reach = MODEL.nets.decoder.reach
    held_sound(MODEL, 3, ANN, seconds=0.2)
    n_codes = len(decoded[0])
    mel = decode(MODEL.nets.decoder, decoded[0], ANN)
    first = (n_codes - 10) // 2
    assert first >= reach
    middle = mel[2 * (n_codes // 2) :][:2]  # the two frames of a code differ
    assert mel[2 * first : -2 * first] == pytest.approx(np.tile(middle, (10, 1)), abs=1e-5)


@EACH_KIND
@pytest.mark.parametrize("place", [-1, -0.001, SIZE, SIZE - 0.999, math.nan, math.inf])
def test_places_off_the_axis_are_refused(kind, place):
    with pytest.raises(OptionError, match=rf"index is .*; use 0 … {SIZE - 1}"):
        held_sound(MODELS[kind], place, ANN)


# The tour


@settings(max_examples=100, deadline=None)
@given(size=st.integers(2, 300), n_codes=st.integers(0, 2000))
def test_the_walk_passes_every_corner_in_order(size, n_codes):
    places = _walk(size, n_codes)
    assert len(places) == max(n_codes, size)
    assert (places[0], places[-1]) == (0, size - 1)
    assert (np.diff(places) > 0).all()
    assert np.array_equal(places[places == np.rint(places)], np.arange(size))
    assert np.diff(places).max() <= 1
    each = np.histogram(places, np.arange(size + 1))[0][:-1]
    assert each.max() - each.min() <= 1


def test_the_tour_decodes_that_walk(decoded):
    tour(MODEL, ANN, seconds=1)
    points, corners = decoded[0], MODEL.quantizer.corners()
    assert len(points) == 50
    at = [int(np.flatnonzero((points == corner).all(axis=1))[0]) for corner in corners]
    assert at == sorted(at)
    assert (at[0], at[-1]) == (0, 49)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    whole = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    assert steps.sum() == pytest.approx(whole.sum(), rel=1e-4)


def test_a_tour_of_a_plain_codebook_stays_at_each_index_alike(decoded):
    tour(PLAIN, ANN, seconds=2)
    corners = PLAIN.quantizer.corners()
    index = [int(np.flatnonzero((corners == point).all(axis=1))[0]) for point in decoded[0]]
    assert index == sorted(index)
    counts = np.bincount(index, minlength=SIZE)
    assert counts[1:-1].max() - counts[1:-1].min() <= 1
    assert counts.min() > 0


@pytest.mark.parametrize(("seconds", "n_codes"), [(0.01, SIZE), (0.16, SIZE), (1, 50), (3.3, 165)])
def test_as_long_as_asked_but_20_ms_an_index_at_least(seconds, n_codes, decoded):
    assert len(tour(MODEL, ANN, seconds=seconds)) == 320 * n_codes


def test_twenty_seconds_by_default(decoded):
    assert len(tour(MODEL, ANN)) == 320_000


# Both


def both(model, **options):
    return held_sound(model, 1, ANN, **options), tour(model, ANN, **{"seconds": 0.2, **options})


@EACH_KIND
def test_the_seed_decides(kind, decoded):
    for first, again, other in zip(*(both(MODELS[kind], seed=s) for s in (1, 1, 2)), strict=True):
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("seconds", [0, 0.009, -1, math.nan, math.inf, 1e9, "1", True])
def test_how_long_is_checked(seconds):
    for listen in (lambda: held_sound(MODEL, 1, ANN, seconds=seconds),
                   lambda: tour(MODEL, ANN, seconds=seconds)):  # fmt: skip
        with pytest.raises(OptionError, match=r"seconds is .*; use a number from 0\.01 to 3600"):
            listen()


def test_what_is_no_voice_of_the_model_is_refused():
    for listen in (lambda: held_sound(MODEL, 1, ANN[:2]), lambda: tour(MODEL, ANN[:2])):
        with pytest.raises(VoiceError, match="voice is of shape"):
            listen()


def test_a_codebook_of_two(decoded):
    corners = np.random.default_rng(0).normal(size=(2, DIM))
    model = VoiceModel(MODEL.nets, SpaceFillingVQ(corners), {})
    assert len(tour(model, ANN, seconds=0.01)) == 640
    assert len(held_sound(model, 1, ANN)) == 2400

"""`training.voice.windows`: what is drawn for a step."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_voices import store

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.training.voice.frame_store import FrameStore
from sfvq_analysis.training.voice.windows import WindowSampler


def listed(lengths, speakers):
    """A store of utterances of these lengths; row i of the frames is [i]."""
    lengths = np.array(lengths)
    values = np.arange(lengths.sum(), dtype=np.float32)[:, None]
    names = tuple(f"u{number}" for number in range(len(lengths)))
    return FrameStore(values, names, tuple(speakers), np.cumsum(lengths) - lengths, lengths)


corpora = st.lists(
    st.tuples(st.integers(32, 130), st.sampled_from("abcde")), min_size=1, max_size=9
)


@settings(max_examples=200, deadline=None)
@given(
    corpora, st.sampled_from([2, 16, 32]), st.integers(1, 9), st.integers(0, 2**32), st.integers(0)
)
def test_windows_lie_within_their_utterance_at_even_frames(corpus, size, batch, seed, step):
    mels = listed(*zip(*corpus, strict=True))
    sampler = WindowSampler(mels, size, batch, seed)
    drawn = sampler.draw(step % 2**40)
    speakers = np.array(mels.speakers)
    assert (speakers[drawn.utterance] == speakers[drawn.reference]).all()
    for number, start in zip(drawn[0::2], drawn[1::2], strict=True):
        assert number.shape == start.shape == (batch,)
        assert number.dtype == start.dtype == np.int64
        assert (start % 2 == 0).all()
        assert (start >= 0).all()
        assert (start + size <= mels.lengths[number]).all()
        windows = sampler.cut(number, start)
        rows = mels.starts[number][:, None] + start[:, None] + np.arange(size)
        np.testing.assert_array_equal(windows[..., 0], rows)


@settings(max_examples=100, deadline=None)
@given(corpora, st.integers(1, 12), st.integers(0, 1000))
def test_every_speaker_comes_once_before_one_comes_again(corpus, batch, step):
    mels = listed(*zip(*corpus, strict=True))
    sampler = WindowSampler(mels, 32, batch, 0)
    speakers = np.array(mels.speakers)[sampler.draw(step).utterance]
    counts = np.unique(speakers, return_counts=True)[1]
    n_speakers = len(set(mels.speakers))
    assert sampler.n_speakers == n_speakers
    assert len(counts) == min(batch, n_speakers)
    assert counts.max() - counts.min() <= 1


def test_a_batch_depends_on_seed_and_step_alone():
    mels = listed([90, 61, 77, 120], "abba")
    one, other = (WindowSampler(mels, 32, 5, 3) for _ in range(2))
    steps = {step: one.draw(step) for step in range(20)}
    for step in (7, 0, 19, 7):
        np.testing.assert_array_equal(other.draw(step), steps[step])
    bodies = {np.array(drawn).tobytes() for drawn in steps.values()}
    bodies |= {np.array(WindowSampler(mels, 32, 5, 4).draw(step)).tobytes() for step in range(20)}
    assert len(bodies) == 40


def test_all_windows_are_drawn_and_utterances_as_often_as_they_are_long():
    mels = listed([40, 120, 36], "aab")
    sampler = WindowSampler(mels, 32, 2, 0)
    drawn = [sampler.draw(step) for step in range(2000)]
    numbers = np.concatenate([one.utterance for one in drawn])
    starts = np.concatenate([one.start for one in drawn])
    counts = np.bincount(numbers)
    assert counts[2] == 2000
    assert counts[1] / 2000 == pytest.approx(0.75, abs=0.03)
    for number, length in enumerate(mels.lengths):
        assert sorted(set(starts[numbers == number])) == list(range(0, length - 31, 2))


def test_the_voice_is_heard_in_another_utterance_if_there_is_one():
    mels = listed([40, 120, 50, 64], "aabb")
    drawn = [WindowSampler(mels, 32, 2, 0).draw(step) for step in range(200)]
    assert all((one.utterance != one.reference).all() for one in drawn)


@pytest.mark.parametrize("length", [96, 97, 150])
def test_or_in_another_stretch_of_the_only_one(length):
    """Three windows' length has room for another one wherever the first is."""
    drawn = [WindowSampler(listed([length], "a"), 32, 1, 0).draw(step) for step in range(500)]
    apart = np.array([abs(one.start[0] - one.reference_start[0]) for one in drawn])
    assert (apart >= 32).all()
    assert len(set(apart)) > 10


def test_or_anywhere_where_there_is_no_room():
    drawn = [WindowSampler(listed([34], "a"), 32, 1, 0).draw(step) for step in range(50)]
    pairs = {(int(one.start[0]), int(one.reference_start[0])) for one in drawn}
    assert pairs == {(0, 0), (0, 2), (2, 0), (2, 2)}


def test_windows_of_a_chosen_part_are_rows_of_the_whole(tmp_path):
    mels = store(tmp_path / "a")
    part = mels.split(frozenset({"s1"}))[1].at_least(50)
    sampler = WindowSampler(part, 32, 3, 0)
    drawn = sampler.draw(4)
    windows = sampler.cut(drawn.utterance, drawn.start)
    assert windows.shape == (3, 32, 80)
    assert type(windows) is np.ndarray  # no longer on disk
    for window, number, start in zip(windows, drawn.utterance, drawn.start, strict=True):
        whole = mels.of(mels.utterances.index(part.utterances[number]))
        np.testing.assert_array_equal(window, whole[start : start + 32])


@pytest.mark.parametrize("lengths", [[], [31], [90, 31]])
def test_utterances_shorter_than_a_window_are_refused(lengths):
    with pytest.raises(VoiceError) as caught:
        WindowSampler(listed(lengths, "a" * len(lengths)), 32, 2, 0)
    assert str(caught.value) == "an utterance has less than 32 frames; train on longer ones"

"""`training.voice.frame_store`: frames on disk, whole or not at all, and windows into them."""

import json

import numpy as np
import pytest
from made_voices import spectrogram, spoken, store

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.training.voice import SpokenFrames
from sfvq_analysis.training.voice.frame_store import FrameStore


def test_what_was_written_is_read_again(tmp_path):
    given = list(spoken())
    for mels in (
        FrameStore.written(iter(given), tmp_path / "a"),
        FrameStore.opened(tmp_path / "a"),
    ):
        assert len(mels) == len(given) == 16
        assert mels.utterances == tuple(one.utterance for one in given)
        assert mels.speakers == tuple(one.speaker for one in given)
        assert mels.lengths.tolist() == [len(one.frames) for one in given]
        for number, one in enumerate(given):
            assert mels.of(number).dtype == np.float32
            np.testing.assert_array_equal(mels.of(number), one.frames)


def test_frames_of_any_order_in_memory_and_any_width_are_stored_as_float32(tmp_path):
    frames = np.asfortranarray(spectrogram(7).astype(np.float64))
    mels = FrameStore.written([SpokenFrames("u", "s", frames)], tmp_path / "a")
    np.testing.assert_array_equal(mels.of(0), frames.astype(np.float32))


def test_the_frames_stay_on_disk(tmp_path):
    values = store(tmp_path / "a").values
    while not isinstance(values, np.memmap):
        values = values.base
    assert not values.flags.writeable


def test_split_and_length_choose_utterances_without_a_copy(tmp_path):
    mels = store(tmp_path / "a")
    fit, held = mels.split(frozenset({"s1", "s3", "unknown"}))
    assert set(fit.speakers) == {"s0", "s2"}
    assert set(held.speakers) == {"s1", "s3"}
    assert sorted(fit.utterances + held.utterances) == sorted(mels.utterances)
    assert fit.values is held.values is mels.values
    long = held.at_least(60)
    assert [len(long.of(number)) for number in range(len(long))] == [60, 65, 67, 84, 86]
    for number, name in enumerate(long.utterances):
        np.testing.assert_array_equal(long.of(number), mels.of(mels.utterances.index(name)))


def test_none_may_be_left(tmp_path):
    none = store(tmp_path / "a").at_least(1000)
    assert len(none) == 0
    assert [len(part) for part in none.split(frozenset({"s1"}))] == [0, 0]


def test_no_speech_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(VoiceError, match="there is no speech to train on; check the corpus"):
        FrameStore.written(iter(()), tmp_path / "runs" / "a")
    assert not list(tmp_path.iterdir())


def test_an_error_on_the_way_leaves_nothing(tmp_path):
    def failing():
        yield from spoken()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        FrameStore.written(failing(), tmp_path / "a")
    assert not list(tmp_path.iterdir())


def test_frames_of_different_kinds_are_refused(tmp_path):
    mixed = [*spoken((40,), 1), SpokenFrames("odd", "s", np.zeros((5, 79), np.float32))]
    with pytest.raises(VoiceError) as caught:
        FrameStore.written(mixed, tmp_path / "a")
    assert str(caught.value) == (
        "utterance odd: frames have 79 and 80 dimensions; give frames of one kind"
    )
    assert not list(tmp_path.iterdir())


def cut_short(folder):
    frames = folder / "frames.f32"
    frames.write_bytes(frames.read_bytes()[:-4])


def too_long(folder):
    with (folder / "frames.f32").open("ab") as file:
        file.write(bytes(320))


def without_a_list(folder):
    (folder / "utterances.json").unlink()


def without_frames(folder):
    (folder / "frames.f32").unlink()


def half_a_list(folder):
    file = folder / "utterances.json"
    file.write_text(file.read_text()[:50])


def other_list(folder):
    (folder / "utterances.json").write_text(json.dumps({"dim": 80, "utterances": [["u", "s"]]}))


def no_list(folder):
    (folder / "utterances.json").write_text("[]")


def words_for_lengths(folder):
    (folder / "utterances.json").write_text(
        json.dumps({"dim": 80, "utterances": [["u", "s", "9"]]})
    )


@pytest.mark.parametrize(
    "damage",
    [
        cut_short,
        too_long,
        without_a_list,
        without_frames,
        half_a_list,
        other_list,
        no_list,
        words_for_lengths,
    ],
)
def test_a_damaged_store_is_refused_in_one_line(tmp_path, damage):
    store(tmp_path / "a")
    damage(tmp_path / "a")
    with pytest.raises(VoiceError, match="frames are missing or damaged") as caught:
        FrameStore.opened(tmp_path / "a")
    assert str(caught.value).startswith(f"{tmp_path / 'a'}: ")
    assert str(caught.value).endswith("; start the training anew")
    assert "\n" not in str(caught.value)

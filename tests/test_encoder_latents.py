import json
import time

import numpy as np
import pytest

from sfvq_analysis import load_encoder
from sfvq_analysis.encoders import config_digest
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import EncoderError
from sfvq_analysis.timeline import FrameGrid

GRID = {"name": "mine", "sample_rate": 16000, "hop": 320, "offset": 200}


@pytest.fixture
def folder(tmp_path, rng):
    """Two utterances of 1000 samples at most: centres 200, 520, 840."""
    (tmp_path / "grid.json").write_text(json.dumps({**GRID, "name": "wav2vec2 layer 6"}))
    np.save(tmp_path / "fcjf0_sa1.npy", rng.normal(size=(3, 4)).astype(np.float32))
    (tmp_path / "909").mkdir()
    np.save(tmp_path / "909" / "1.npy", rng.normal(size=(2, 4)))
    return tmp_path


def refusal(call):
    with pytest.raises(EncoderError) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def state(folder, **changes):
    (folder / "grid.json").write_text(json.dumps({**GRID, **changes}))
    return StoredLatents.open(folder)


def test_a_folder_opens_with_its_grid_dimension_and_name(folder):
    encoder = StoredLatents.open(folder)
    assert encoder.grid == FrameGrid(16000, hop=320, offset=200)
    assert (encoder.dim, encoder.name, encoder.window) == (4, "wav2vec2 layer 6", 0)
    assert load_encoder(f"latents:{folder}") == encoder


@pytest.mark.parametrize(("utterance", "n_frames"), [("fcjf0_sa1", 3), ("909/1", 2)])
def test_lookup_gives_the_stored_frames(folder, utterance, n_frames):
    encoder = StoredLatents.open(folder)
    features = encoder.lookup(utterance, 1000)
    stored = np.load(folder / f"{utterance}.npy")
    assert features.values.shape == (n_frames, 4)
    assert np.array_equal(features.values, stored.astype(np.float32))
    assert features.values.dtype == np.float32
    assert features.grid == encoder.grid
    assert features.encoder == encoder.config


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4"])
def test_any_float_will_do(folder, dtype):
    np.save(folder / "x.npy", np.array([[0.5, 1, 2, -3]], dtype=dtype))
    values = StoredLatents.open(folder).lookup("x", 1000).values
    assert values.dtype == np.float32
    assert values.tolist() == [[0.5, 1, 2, -3]]


def test_columns_first_arrays_are_read_by_row(folder):
    array = np.asfortranarray(np.arange(8, dtype=np.float32).reshape(2, 4))
    np.save(folder / "x.npy", array)
    values = StoredLatents.open(folder).lookup("x", 1000).values
    assert values.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert values.flags.c_contiguous


def test_an_utterance_may_have_no_frames(folder):
    np.save(folder / "x.npy", np.zeros((0, 4), dtype=np.float32))
    assert StoredLatents.open(folder).lookup("x", 100).n_frames == 0


def test_missing_grid_is_named(folder):
    (folder / "grid.json").unlink()
    assert refusal(lambda: StoredLatents.open(folder)).startswith(
        f"{folder / 'grid.json'}: file is missing; write "
    )


@pytest.mark.parametrize("content", [b"", b"{", b"sample_rate: 16000", b"\xff\xfe"])
def test_a_grid_that_is_no_json_is_named(folder, content):
    (folder / "grid.json").write_bytes(content)
    message = refusal(lambda: StoredLatents.open(folder))
    assert message.startswith(f"{folder / 'grid.json'}: not JSON (")


@pytest.mark.parametrize("lacking", ["name", "sample_rate", "hop", "offset"])
def test_a_missing_number_is_named(folder, lacking):
    stated = {name: value for name, value in GRID.items() if name != lacking}
    (folder / "grid.json").write_text(json.dumps(stated))
    message = f"{folder / 'grid.json'}: {lacking} is missing; state it"
    assert refusal(lambda: StoredLatents.open(folder)) == message


def test_a_grid_that_is_a_list_states_nothing(folder):
    (folder / "grid.json").write_text("[16000, 320, 200]")
    message = f"{folder / 'grid.json'}: name is missing; state it"
    assert refusal(lambda: StoredLatents.open(folder)) == message


@pytest.mark.parametrize("name", ["sample_rate", "hop", "offset", "window"])
@pytest.mark.parametrize("value", [True, 320.0, "320", None, [320]])
def test_numbers_of_the_grid_are_integers(folder, name, value):
    message = f"{folder / 'grid.json'}: {name} is {value!r}; give int"
    assert refusal(lambda: state(folder, **{name: value})) == message


def test_the_name_is_a_text(folder):
    message = f"{folder / 'grid.json'}: name is 6; give str"
    assert refusal(lambda: state(folder, name=6)) == message


def test_a_folder_without_arrays_is_named(tmp_path):
    (tmp_path / "grid.json").write_text(json.dumps(GRID))
    message = f"{tmp_path}: folder holds no latents; store one file an utterance, .npy, "
    assert refusal(lambda: StoredLatents.open(tmp_path)).startswith(message)


def test_missing_latents_are_named(folder):
    encoder = StoredLatents.open(folder)
    message = f"{folder / 'fcjf0_sa2.npy'}: latents are missing; store them there"
    assert refusal(lambda: encoder.lookup("fcjf0_sa2", 1000)) == message


class Trap:
    """An object whose unpickling fails the test."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was executed",)


def test_pickled_arrays_are_never_executed(folder):
    encoder = StoredLatents.open(folder)
    np.save(folder / "x.npy", np.array([[Trap()]], dtype=object), allow_pickle=True)
    message = refusal(lambda: encoder.lookup("x", 1000))
    assert message.startswith(f"{folder / 'x.npy'}: not a plain .npy (")
    assert message.endswith("store it with numpy.save")


@pytest.mark.parametrize("kept", [0, 5, 40, 140])
def test_broken_arrays_are_named(folder, kept):
    encoder = StoredLatents.open(folder)
    path = folder / "fcjf0_sa1.npy"
    path.write_bytes(path.read_bytes()[:kept])
    message = refusal(lambda: encoder.lookup("fcjf0_sa1", 1000))
    assert message.startswith(f"{path}: not a plain .npy (")


@pytest.mark.parametrize(
    ("array", "shown"),
    [
        (np.zeros(4, dtype=np.float32), "float32 of shape (4,)"),
        (np.zeros((2, 3, 4), dtype=np.float32), "float32 of shape (2, 3, 4)"),
        (np.zeros((3, 4), dtype=np.int64), "int64 of shape (3, 4)"),
        (np.zeros((3, 4), dtype=np.complex64), "complex64 of shape (3, 4)"),
        (np.zeros((3, 4), dtype=bool), "bool of shape (3, 4)"),
    ],
)
def test_arrays_of_another_kind_are_refused(folder, array, shown):
    encoder = StoredLatents.open(folder)
    np.save(folder / "x.npy", array)
    assert refusal(lambda: encoder.lookup("x", 1000)) == (
        f"{folder / 'x.npy'}: latents are {shown}; store floats of shape (n_frames, dim)"
    )


def test_another_dimension_is_refused(folder):
    np.save(folder / "x.npy", np.zeros((3, 5), dtype=np.float32))
    encoder = StoredLatents.open(folder)
    assert refusal(lambda: encoder.lookup("x", 1000)) == (
        f"{folder / 'x.npy'}: latents have 5 dimensions, not 4; store the latents of one layer only"
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_refused(folder, value):
    array = np.zeros((3, 4), dtype=np.float32)
    array[1, 2] = value
    np.save(folder / "x.npy", array)
    encoder = StoredLatents.open(folder)
    assert refusal(lambda: encoder.lookup("x", 1000)) == (
        f"{folder / 'x.npy'}: latents hold NaN or infinity, the first at frame 1; "
        "mend the latents or the encoder"
    )


@pytest.mark.parametrize(
    ("n_samples", "most"), [(0, 0), (200, 0), (201, 1), (520, 1), (521, 2), (841, 3)]
)
def test_without_a_window_centres_must_lie_in_the_audio(folder, n_samples, most):
    encoder = StoredLatents.open(folder)
    assert encoder.n_frames(n_samples) == most
    centres = encoder.grid.centres(most + 1)
    assert np.count_nonzero(centres < n_samples) == most


def test_without_a_window_a_few_frames_may_be_missing(folder):
    """Centres 200, 520, …; a window may be as long as four hops, 1280 samples."""
    encoder = StoredLatents.open(folder)
    assert encoder.lookup("fcjf0_sa1", 841).n_frames == 3
    assert encoder.lookup("fcjf0_sa1", 2239).n_frames == 3  # the fourth may need 2240
    assert refusal(lambda: encoder.lookup("fcjf0_sa1", 2240)) == (
        f"{folder / 'fcjf0_sa1.npy'}: 3 frames, but 2240 samples give 4 to 7 on "
        "FrameGrid(sample_rate=16000, hop=320, offset=200); mend grid.json or the array"
    )


def test_an_empty_array_is_no_long_utterance(folder):
    np.save(folder / "x.npy", np.zeros((0, 4), dtype=np.float32))
    encoder = StoredLatents.open(folder)
    assert encoder.lookup("x", 1279).n_frames == 0
    assert "0 frames, but 1280 samples give 1 to 4" in refusal(lambda: encoder.lookup("x", 1280))


@pytest.mark.parametrize("window", [1, 160, 400, 465, 1280])
@pytest.mark.parametrize("hop", [160, 320])
def test_frames_of_any_usual_encoder_are_enough(folder, window, hop):
    """Windows begin with the audio and end in it; the first centre is stated as half a hop in."""
    if window > 4 * hop:
        return
    encoder = state(folder, hop=hop, offset=hop // 2)
    for n_samples in range(0, 6000, 37):
        n_frames = len(range(window, n_samples + 1, hop))
        assert encoder.fewest_frames(n_samples) <= n_frames


def test_without_a_window_more_frames_are_refused(folder):
    encoder = StoredLatents.open(folder)
    assert refusal(lambda: encoder.lookup("fcjf0_sa1", 840)) == (
        f"{folder / 'fcjf0_sa1.npy'}: 3 frames, but 840 samples give at most 2 on "
        "FrameGrid(sample_rate=16000, hop=320, offset=200); mend grid.json or the array"
    )


@pytest.mark.parametrize(
    ("n_samples", "n_frames"), [(0, 0), (399, 0), (400, 1), (719, 1), (720, 2), (1040, 3)]
)
def test_with_a_window_every_frame_sees_it_whole(folder, n_samples, n_frames):
    encoder = state(folder, window=400)
    assert encoder.n_frames(n_samples) == n_frames


@pytest.mark.parametrize(("n_samples", "stated"), [(1039, 2), (1360, 4)])
def test_with_a_window_the_count_is_exact(folder, n_samples, stated):
    encoder = state(folder, window=400)
    assert encoder.lookup("fcjf0_sa1", 1040).n_frames == 3
    assert encoder.lookup("fcjf0_sa1", 1359).n_frames == 3
    assert refusal(lambda: encoder.lookup("fcjf0_sa1", n_samples)) == (
        f"{folder / 'fcjf0_sa1.npy'}: 3 frames, but {n_samples} samples give {stated} on "
        "FrameGrid(sample_rate=16000, hop=320, offset=200); mend grid.json or the array"
    )


def test_audio_can_not_be_encoded(folder):
    encoder = StoredLatents.open(folder)
    message = refusal(lambda: encoder.encode(np.zeros(1000, dtype=np.float32), 16000))
    assert message.startswith("stored latents can't encode audio (1000 samples at 16000 Hz); ")


def test_digest_follows_grid_and_name_but_not_the_folder(folder, tmp_path_factory):
    digest = config_digest(state(folder).config)
    for changes in ({"sample_rate": 8000}, {"hop": 160}, {"offset": 0}, {"name": "other"}):
        assert config_digest(state(folder, **changes).config) != digest
    moved = tmp_path_factory.mktemp("moved")
    np.save(moved / "y.npy", np.zeros((1, 4), dtype=np.float32))
    assert config_digest(state(moved).config) == digest
    np.save(moved / "y.npy", np.zeros((1, 5), dtype=np.float32))
    assert config_digest(state(moved).config) != digest


@pytest.mark.parametrize(
    ("name", "value"), [("sample_rate", 0), ("hop", 0), ("offset", -1), ("window", -5)]
)
def test_numbers_out_of_range_name_the_file(folder, name, value):
    message = refusal(lambda: state(folder, **{name: value}))
    assert message.startswith(f"{folder / 'grid.json'}: {name} is {value}")


def test_an_archive_is_no_array(folder):
    encoder = StoredLatents.open(folder)
    np.savez(folder / "x.npz", a=np.zeros((3, 4)))
    (folder / "x.npz").rename(folder / "x.npy")
    message = refusal(lambda: encoder.lookup("x", 1000))
    assert message.startswith(f"{folder / 'x.npy'}: not a plain .npy")


def test_a_grid_of_many_names_is_read_at_once(folder):
    stated = json.loads((folder / "grid.json").read_text())
    names = {f"n{i}": i for i in range(60_000)}
    (folder / "grid.json").write_text(json.dumps(names | stated))
    start = time.process_time()
    assert StoredLatents.open(folder).dim
    assert time.process_time() - start < 5  # half a minute where every name is counted

"""Encoders that a user's own Python file makes: run on purpose, and refused in one line."""

import json
import sys

import numpy as np
import pytest
import torch

from sfvq_analysis.audio import resample
from sfvq_analysis.encoders.user_module import UserEncoder
from sfvq_analysis.errors import EncoderError, OptionError
from sfvq_analysis.timeline import FrameGrid

RATE = 16_000
AUDIO = np.random.default_rng(0).normal(size=2000).astype(np.float32) / 10
NET = """
import torch
class Net(torch.nn.Module):
    sample_rate, hop, offset, window, dim = 16_000, 320, 200, 400, 4
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Conv1d(1, 4, 400, stride=320)
        self.dropout = torch.nn.Dropout(0.5)
    def forward(self, samples):
        return self.dropout(self.layer(samples[:, None])).transpose(1, 2)
def make():
    return Net().train()
"""
ENCODER = """
import numpy as np
from sfvq_analysis.encoders import Features
from sfvq_analysis.timeline import FrameGrid
class Energy:
    grid, dim, config = FrameGrid(16_000, 100, 50), 1, {"name": "energy"}
    def n_frames(self, n_samples):
        return n_samples // 100
    def encode(self, audio, sample_rate):
        n = self.n_frames(len(audio))
        values = (audio[: 100 * n].reshape(n, 100) ** 2).sum(axis=1, keepdims=True)
        return Features(values, self.grid, {})
def make():
    return Energy()
"""


@pytest.fixture
def written(tmp_path):
    """Write a file; return the text that names its factory."""

    def write(source, factory="make", name="mine.py"):
        (tmp_path / name).write_text(source)
        return f"{tmp_path / name}:{factory}"

    return write


def refusal(call):
    with pytest.raises((EncoderError, OptionError)) as caught:
        call()
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_a_torch_module_is_run_in_evaluation_mode_on_its_grid(written):
    encoder = UserEncoder.open(written(NET))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = torch.nn.Conv1d(1, 4, 400, stride=320)
    with torch.inference_mode():
        expected = layer(torch.from_numpy(AUDIO)[None, None])[0].T.numpy()
    features = encoder.encode(AUDIO, RATE)
    assert np.array_equal(features.values, expected)
    assert (features.grid, encoder.dim) == (FrameGrid(RATE, 320, 200), 4)
    assert features.encoder == encoder.config
    resampled = encoder.encode(resample(AUDIO, 8000, RATE), RATE).values
    assert np.array_equal(encoder.encode(AUDIO, 8000).values, resampled)


@pytest.mark.parametrize("n_samples", [0, 1, 399, 400, 719, 720, 2000])
def test_a_window_tells_how_many_frames_there_are(written, n_samples):
    encoder = UserEncoder.open(written(NET))
    features = encoder.encode(AUDIO[:n_samples], RATE)
    assert features.values.shape == (encoder.n_frames(n_samples), 4)
    assert encoder.n_frames(n_samples) == max(0, 1 + (n_samples - 400) // 320)


@pytest.mark.parametrize("given", ["Features(values, self.grid, {})", "values", "values.tolist()"])
def test_an_encoder_is_asked_as_it_is(written, given):
    encoder = UserEncoder.open(written(ENCODER.replace("Features(values, self.grid, {})", given)))
    features = encoder.encode(AUDIO, RATE)
    assert features.values == pytest.approx((AUDIO.reshape(-1, 100) ** 2).sum(1, keepdims=True))
    assert features.grid == encoder.grid == FrameGrid(RATE, 100, 50)
    assert features.encoder["config"] == {"name": "energy"}


def test_anything_that_can_be_called_will_do(written):
    source = (
        "import torch\nfrom sfvq_analysis.timeline import FrameGrid\n"
        "def run(samples): return samples.reshape(1, -1, 10).double()\n"
        "run.grid, run.dim, run.n_frames = FrameGrid(16000, 10, 5), 10, lambda n: n // 10\n"
        "make = lambda: run\n"
    )
    values = UserEncoder.open(written(source)).encode(AUDIO, RATE).values
    assert np.array_equal(values, AUDIO.reshape(-1, 10))


def test_the_configuration_answers_to_file_factory_and_weights(written):
    encoder = UserEncoder.open(written(NET))
    assert json.loads(json.dumps(dict(encoder.config))) == dict(encoder.config)
    assert sorted(encoder.config) == ["encoder", "factory", "source", "weights"]
    assert UserEncoder.open(written(NET, name="moved.py")).config == encoder.config
    comment = UserEncoder.open(written(f"{NET}# other\n")).config
    assert comment["source"] != encoder.config["source"]
    assert comment["weights"] == encoder.config["weights"]
    seed = UserEncoder.open(written(NET.replace("seed(0)", "seed(1)"))).config
    assert seed["weights"] != encoder.config["weights"]


def test_a_file_may_import_its_neighbours_and_leaves_nothing_beside_itself(written, tmp_path):
    written("WIDTH = 7\n", name="neighbour_of_mine.py")
    before = list(sys.path)
    source = f"from neighbour_of_mine import WIDTH\n{ENCODER}"
    UserEncoder.open(written(source.replace("50), 1", "50), WIDTH")))
    assert sys.path == before
    del sys.modules["neighbour_of_mine"]
    assert not (tmp_path / "mine.pyc").exists()
    assert [path.name for path in tmp_path.glob("__pycache__/mine*")] == []


@pytest.mark.parametrize(
    "text", ["", "mine", "mine.py", "mine.py:", "mine.txt:make", "mine.py:a.b", "mine.py:1"]
)
def test_a_text_that_names_no_factory_is_refused(text):
    assert "names no factory; use module:<path.py>:<factory>" in refusal(
        lambda: UserEncoder.open(text)
    )


@pytest.mark.parametrize("name", ["nowhere.py", "x" * 5000 + ".py", "a\0b.py"])
def test_a_missing_file_is_refused(name):
    assert ".py" in refusal(lambda: UserEncoder.open(f"{name}:make")) or len(name) > 300


@pytest.mark.parametrize(
    ("source", "where", "what"),
    [
        ("def make(:\n", ":1", "its code raised SyntaxError"),
        ("x = 1\nx = 1 / 0\n", ":2", "its code raised ZeroDivisionError: division by zero"),
        ("import nowhere_at_all\n", ":1", "ModuleNotFoundError: No module named"),
        ("import sys\nsys.exit(3)\n", ":2", "its code raised SystemExit: 3"),
        ("\0", "", "its code raised"),
        ("def make():\n    raise OSError('two\\nlines\\u2028three')\n", ":2", "two lines three"),
        ("class E(Exception):\n  def __str__(self): 1/0\ndef make(): raise E\n", ":3", "E: unprin"),
        ("def make(): return make()\n", ":1", "RecursionError"),
        ("def make(x): pass\n", "", "TypeError: make() missing 1 required"),
        ("make = 3\n", "", "file has no function make"),
        ("", "", "file has no function make"),
        ("def make(): return None\n", "", "the factory returned None; return an object with grid"),
    ],
)
def test_whatever_goes_wrong_in_the_file_is_one_line_with_its_cause(written, source, where, what):
    text = written(source)
    message = refusal(lambda: UserEncoder.open(text))
    assert message.startswith(f"{text.removesuffix(':make')}{where}: ")
    assert what in message
    with pytest.raises(EncoderError) as caught:
        UserEncoder.open(text)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("FrameGrid(16_000, 100, 50)", "(16_000, 100, 50)", "its grid is tuple"),
        ("FrameGrid(16_000, 100, 50)", "FrameGrid(16_000, 0, 50)", "hop is 0"),
        ("50), 1,", "50), 0,", "its dim is 0; give an integer >= 1"),
        ("50), 1,", "50), '1',", "its dim is '1'"),
        ('{"name": "energy"}', "3", "its config is int; give a mapping"),
        ('{"name": "energy"}', '{"x": {1, 2}}', "its config isn't JSON-able"),
        ('{"name": "energy"}', '{"x": float("nan")}', "its config isn't JSON-able"),
    ],
)
def test_an_encoder_that_states_what_cant_be_is_refused(written, old, new, what):
    assert old in ENCODER
    text = written(ENCODER.replace(old, new))
    assert what in refusal(lambda: UserEncoder.open(text))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("Features(values,", "Features(values[1:],", "frames of shape (19, 1), (20, 1) is stated"),
        ("return n_samples // 100", "return -1", "its n_frames is -1"),
        ("return n_samples // 100", "return 1.5", "its n_frames is 1.5"),
        ("return Features(", "values = values * np.nan; return Features(", "latents hold NaN"),
        ("self.grid, {})", "FrameGrid(16_000, 100, 51), {})", "offset=51), FrameGrid"),
        ("return Features(values, self.grid, {})", "return values.astype(int)", "it gave int64"),
        ("return Features(values, self.grid, {})", "return values[:, 0]", "shape (20,)"),
        ("return Features(values, self.grid, {})", "return values * np.float64(1e300)", "NaN or"),
        ("return Features(values, self.grid, {})", "return None", "it gave object of shape ()"),
        ("n = self", "x = audio[10**9]; n = self", "mine.py:10: its code raised IndexError"),
    ],
)
def test_an_encoder_that_gives_other_than_it_states_is_refused(written, old, new, what):
    assert old in ENCODER
    encoder = UserEncoder.open(written(ENCODER.replace(old, new)))
    assert what in refusal(lambda: encoder.encode(AUDIO, RATE))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("window, dim = 16_000, 320, 200, 400, 4", "dim = 16_000, 320, 200, 4", "'window'"),
        (
            "window, dim = 16_000, 320, 200, 400, 4",
            "dim = 16_000, 320, 200.5, 4",
            "offset is 200.5",
        ),
    ],
)
def test_a_module_without_a_grid_is_refused(written, old, new, what):
    text = written(NET.replace(old, new))
    assert what in refusal(lambda: UserEncoder.open(text))


@pytest.mark.parametrize(
    ("new", "what"),
    [("[0]", "it gave Tensor of shape (6, 4); give a tensor (1, n_frames, dim)"),
     (".tolist()", "it gave list of shape ()"), ("[:, 1:]", "frames of shape (5, 4), (6, 4)")],
)  # fmt: skip
def test_a_module_that_gives_another_shape_is_refused(written, new, what):
    encoder = UserEncoder.open(written(NET.replace("transpose(1, 2)", f"transpose(1, 2){new}")))
    assert what in refusal(lambda: encoder.encode(AUDIO, RATE))


@pytest.mark.parametrize(
    "audio", [np.zeros((2, 9), np.float32), np.zeros(9, np.int16), np.full(9, 1e300)]
)
def test_audio_that_isnt_one_channel_of_finite_floats_is_refused(written, audio):
    encoder = UserEncoder.open(written(NET))
    assert "audio" in refusal(lambda: encoder.encode(audio, RATE))


def test_the_device_is_that_of_a_module_s_weights(written):
    assert UserEncoder.open(written(NET)).device == "cpu"
    assert UserEncoder.open(written(ENCODER, name="other.py")).device == ""


@pytest.mark.parametrize("dtype", ["complex64", "int64", "bool"])
@pytest.mark.parametrize("source", [NET, ENCODER])
def test_tensors_that_arent_floats_are_refused_as_arrays_are(written, source, dtype):
    old, new = {
        NET: ("transpose(1, 2)", f"transpose(1, 2).to(torch.{dtype})"),
        ENCODER: (
            "return Features(values, self.grid, {})",
            f"import torch; return torch.from_numpy(values).to(torch.{dtype})",
        ),
    }[source]
    encoder = UserEncoder.open(written(source.replace(old, new)))
    message = refusal(lambda: encoder.encode(AUDIO, RATE))
    assert f"it gave torch.{dtype} of shape (" in message
    assert message.endswith("; give floats (n_frames, dim)")


@pytest.mark.parametrize("raised", ["BaseException", "GeneratorExit", "asyncio.CancelledError"])
def test_exceptions_of_any_kind_are_one_line(written, raised):
    text = written(f"import asyncio\ndef make(): raise {raised}('why')\n")
    message = refusal(lambda: UserEncoder.open(text))
    assert f"mine.py:2: its code raised {raised.split('.')[-1]}: why; mend it" in message


def test_an_interruption_from_the_keyboard_goes_through(written):
    with pytest.raises(KeyboardInterrupt):
        UserEncoder.open(written("def make(): raise KeyboardInterrupt\n"))

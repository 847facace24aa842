"""An encoder of your own: ``module:<path.py>:<factory>`` RUNS that Python file.

The file is imported, whatever it does is done, and ``factory()`` is called without arguments. Name
only files whose code you know; no file that comes with data belongs here.

What the factory returns
------------------------
An encoder
    Any object with the members of `sfvq_analysis.encoders.protocol.Encoder`: ``grid``, ``dim``,
    ``config``, ``n_frames(n_samples)`` and ``encode(audio, sample_rate)``, which gives `Features`
    or an array (n_frames, dim).
A torch module, or anything else that can be called
    It is given samples at its own rate as a float32 tensor (1, n_samples) and gives (1, n_frames,
    dim). It has attributes ``dim``; ``sample_rate``, ``hop`` and ``offset`` (or ``grid``, a
    `FrameGrid`); and ``window``, the samples that one frame sees, or a method
    ``n_frames(n_samples)``. n samples then give ``1 + (n - window) // hop`` frames, and it isn't
    called where they give none. A module is put in evaluation mode, without autograd.

Its configuration holds the digest of the file, that of a module's weights, and ``config`` if the
object has one: state in it whatever else changes the frames, such as the weights an encoder reads.

A file ``mine.py`` for ``module:mine.py:make``::

    class Net(torch.nn.Module):
        sample_rate, hop, offset, window, dim = 16_000, 320, 200, 400, 64

        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Conv1d(1, 64, 400, stride=320)

        def forward(self, samples):                               # (1, n_samples)
            return self.layer(samples[:, None]).transpose(1, 2)   # (1, n_frames, 64)

    def make():
        net = Net()
        net.load_state_dict(torch.load("mine.pt", weights_only=True))
        return net
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager, nullcontext
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.audio import resampled_length
from sfvq_analysis.encoders.hearing import at_rate, checked_audio
from sfvq_analysis.encoders.own_code import made_by, own_code
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.errors import EncoderError, OptionError, shown, told
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig

_MEMBERS = ("grid", "dim", "config", "n_frames", "encode")


class UserEncoder:
    """An encoder made by a user's own Python file; made by `UserEncoder.open`.

    Parameters
    ----------
    made
        What the factory returned.
    path
        The file, for messages.
    known
        What is known of it before: it enters the configuration.

    Attributes
    ----------
    grid
        Where the frames' centres are.
    dim
        Dimensions of a frame.
    config
        Factory, digest of the file, digest of a module's weights, and what the object states.

    Raises
    ------
    EncoderError
        If it is neither an encoder nor something to be called with a grid, or states what can't be.
    """

    def __init__(self, made: Any, path: Path, known: Mapping[str, Any]) -> None:
        self._made = made
        self._path = path
        with own_code(path):
            self._encodes = all(hasattr(made, name) for name in _MEMBERS)
            if not self._encodes and not callable(made):
                raise EncoderError(
                    f"the factory returned {shown(made)}",
                    remedy=f"return an object with {', '.join(_MEMBERS)}, or a torch module",
                )
            self.grid = _grid(made)
            self.dim = _whole("dim", made.dim, 1)
            self._count = _counter(made, self.grid)
            self.config: EncoderConfig = {"encoder": "module", **known, **_stated(made)}

    @classmethod
    def open(cls, text: str) -> UserEncoder:
        """Import a Python file, which runs it, and call its factory.

        Parameters
        ----------
        text
            ``<path.py>:<factory>``.

        Raises
        ------
        OptionError
            If the text isn't of that form.
        EncoderError
            If the file is missing, or anything in it goes wrong: one line that names file, line,
            type and text of the error, whose traceback is that of the cause.
        """
        name, _, factory = text.rpartition(":")
        path = Path(name)
        if path.suffix != ".py" or not factory.isidentifier():
            raise OptionError(
                f"{shown(text, 120)} names no factory", remedy="use module:<path.py>:<factory>"
            )
        made, digest = made_by(path, factory)
        return cls(made, path, {"factory": factory, "source": digest})

    @property
    def device(self) -> str:
        """Where a torch module's weights are, as torch names it; empty for anything else."""
        parameters = self._made.parameters() if _is_module(self._made) else ()
        return next((str(one.device) for one in parameters), "")

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at the grid's rate give."""
        with own_code(self._path):
            return _whole("n_frames", self._count(n_samples), 0)

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance; the user's code isn't asked where it states none.

        Parameters
        ----------
        audio
            Shape (n_samples,), floats in [-1, 1).
        sample_rate
            In Hz.

        Raises
        ------
        EncoderError
            If the audio isn't one channel of finite floats, anything in the user's code goes wrong,
            or what it gives isn't the frames that it states, finite.
        """
        audio = checked_audio(audio, sample_rate)
        count = self.n_frames(resampled_length(len(audio), sample_rate, self.grid.sample_rate))
        values = np.empty((0, self.dim), dtype=np.float32)
        with own_code(self._path):
            if count:
                with _evaluation(self._made):
                    values = _array(self._given(audio, sample_rate), self.grid)
            if values.shape != (count, self.dim):
                raise EncoderError(
                    f"it gave frames of shape {values.shape}, {(count, self.dim)} is stated",
                    remedy="mend its n_frames, window or dim; frames are never padded or cut",
                )
            return Features(values, self.grid, self.config)

    def _given(self, audio: NDArray[np.float32], sample_rate: int) -> Any:
        if self._encodes:
            return self._made.encode(audio.copy(), sample_rate)
        import torch

        heard = at_rate(audio, sample_rate, self.grid.sample_rate)
        samples = torch.from_numpy(heard.copy())[None].to(self.device or "cpu")  # (1, n)
        given = self._made(samples)  # (1, n, dim)
        if not isinstance(given, torch.Tensor) or given.ndim != 3 or len(given) != 1:
            raise EncoderError(
                f"it gave {type(given).__name__} of shape {tuple(getattr(given, 'shape', ()))}",
                remedy="give a tensor (1, n_frames, dim)",
            )
        return given[0]


def _grid(made: Any) -> FrameGrid:
    grid = getattr(made, "grid", None)
    if isinstance(grid, FrameGrid):
        return grid
    if grid is not None:
        raise EncoderError(f"its grid is {type(grid).__name__}", remedy="give a FrameGrid")
    return FrameGrid(made.sample_rate, made.hop, made.offset)


def _counter(made: Any, grid: FrameGrid) -> Callable[[int], Any]:
    count = getattr(made, "n_frames", None)
    if callable(count):
        found: Callable[[int], Any] = count
        return found
    window = _whole("window", made.window, 1)
    return lambda n_samples: max(0, 1 + (n_samples - window) // grid.hop)


def _whole(name: str, value: Any, lowest: int) -> int:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
        raise EncoderError(f"its {name} is {shown(value)}", remedy=f"give an integer >= {lowest}")
    return int(value)


def _stated(made: Any) -> dict[str, Any]:
    """Return what the configuration says of the object: of its weights, and what it states."""
    stated: dict[str, Any] = {}
    if _is_module(made):
        from sfvq_analysis.weights import weights_digest

        stated["weights"] = weights_digest(made.state_dict())
    config = getattr(made, "config", None)
    if isinstance(config, Mapping):
        stated["config"] = _as_json(config)
    elif all(hasattr(made, name) for name in _MEMBERS):
        raise EncoderError(f"its config is {type(config).__name__}", remedy="give a mapping")
    return stated


def _as_json(config: Mapping[str, Any]) -> dict[str, Any]:
    try:
        copied: dict[str, Any] = json.loads(json.dumps(dict(config), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise EncoderError(
            f"its config isn't JSON-able ({told(error)})",
            remedy="state numbers, texts, and lists and dictionaries of them",
        ) from error
    return copied


def _is_module(made: Any) -> bool:
    torch = sys.modules.get("torch")  # who made a torch module has loaded torch
    return torch is not None and isinstance(made, torch.nn.Module)


@contextmanager
def _evaluation(made: Any) -> Iterator[None]:
    """Run a torch module in evaluation mode, without autograd."""
    if _is_module(made):
        made.eval()
    torch = sys.modules.get("torch")
    with torch.inference_mode() if torch is not None else nullcontext():
        yield


def _array(given: Any, grid: FrameGrid) -> NDArray[np.float32]:
    if isinstance(given, Features) and given.grid != grid:
        raise EncoderError(
            f"it gave features on {given.grid}, {grid} is stated", remedy="mend its grid"
        )
    values: Any = given.values if isinstance(given, Features) else given
    if hasattr(values, "detach"):
        if not values.is_floating_point():  # float() would drop imaginary parts
            raise _not_floats(values)
        values = values.detach().float().cpu().numpy()
    array = np.asarray(values)
    if array.dtype.kind != "f":
        raise _not_floats(array)
    with np.errstate(over="ignore"):  # what doesn't fit becomes infinite, and is refused
        return np.array(array, dtype=np.float32, order="C")


def _not_floats(given: Any) -> EncoderError:
    return EncoderError(
        f"it gave {given.dtype} of shape {tuple(given.shape)}", remedy="give floats (n_frames, dim)"
    )

"""A layer of a speech model as frames of latents.

Grid
----
HuBERT, wav2vec 2.0, WavLM, data2vec: that of their convolutions, `geometry.Convolutions`; as
published, frame i is centred on sample 320 i + 200 at 16 kHz.
Whisper: mel frame m is of the window of 400 samples centred on 160 m, and frame i of the encoder is
centred on mel frame 2 i: on sample 320 i. n samples have the ceil(n / 320) frames whose centres lie
in them; the others, of the padding to 30 s, are cut away (their hidden states do enter those that
stay, as in Whisper itself). Longer audio is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.encoders.hearing import at_rate
from sfvq_analysis.encoders.huggingface.hub import model_folder
from sfvq_analysis.encoders.huggingface.model import LoadedModel, Placement
from sfvq_analysis.encoders.huggingface.preparation import LogMels
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.errors import EncoderError, OptionError, SfvqError, check_count, shown
from sfvq_analysis.files import is_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from sfvq_analysis.encoders.protocol import EncoderConfig

_LAYER = re.compile(r"(.*)@(-?[0-9]{1,4})", re.DOTALL)
_MOST_FRAMES = 6000


class HuggingFaceEncoder:
    """Hidden states of one layer of a model, always in evaluation mode, without autograd.

    Made by `HuggingFaceEncoder.open` or `HuggingFaceEncoder.from_model`. Nothing in it is random:
    dropout, layer drop and SpecAugment are off whatever mode the net is put in.

    Parameters
    ----------
    model
        What the layers have in common.
    layer
        0 (what the first layer is given) to N (what the model gives); negative ones count from the
        end.
    max_frames
        Audio that gives more frames is refused: attention takes memory by their square.

    Attributes
    ----------
    grid
        Where the frames' centres are; see the module's docstring.
    layer
        Not negative.
    n_layers
        N, how many layers the transformer has.
    """

    def __init__(self, model: LoadedModel, layer: int, *, max_frames: int = _MOST_FRAMES) -> None:
        check_count("max_frames", max_frames)
        self._model = model
        self._max_frames = max_frames
        self.grid = model.grid
        self.n_layers = model.shape.n_layers
        self.layer = _checked_layer(layer, self.n_layers)

    @classmethod
    def open(
        cls,
        source: Path | str,
        layer: int | None = None,
        *,
        device: str = "cpu",
        half: bool = False,
        max_frames: int = _MOST_FRAMES,
    ) -> HuggingFaceEncoder:
        """Read a model; nothing in its files is run, and for a folder nothing is looked up.

        Parameters
        ----------
        source
            A folder with ``config.json`` and weights, or the name of a model of the hub; with
            ``@<layer>`` behind it unless `layer` is given.
        layer
            See `HuggingFaceEncoder`.
        device
            As torch names it.
        half
            Whether to compute in float16; on a CUDA device only.
        max_frames
            See `HuggingFaceEncoder`.

        Raises
        ------
        EncoderError
            If transformers isn't installed, or the model can't be found, read or made.
        OptionError
            If no layer is named, the model hasn't got it, or the device isn't usable.
        """
        if layer is None:
            source, layer = _with_layer(str(source))
        folder = model_folder(source)
        try:
            model = LoadedModel.read(folder, Placement(device, half))
            return cls(model, layer, max_frames=max_frames)
        except SfvqError as error:
            named = str(folder) in (error.where or "")
            raise (error if named else error.at(str(folder))) from error

    @classmethod
    def from_model(
        cls,
        model: Any,
        layer: int,
        *,
        preprocessor: dict[str, Any] | None = None,
        device: str = "cpu",
        half: bool = False,
    ) -> HuggingFaceEncoder:
        """Return the encoder of a model that is in memory; its weights are copied as they are now.

        Parameters
        ----------
        model
            A base model of transformers (``HubertModel``, ``WhisperEncoder``, …).
        layer
            See `HuggingFaceEncoder`.
        preprocessor
            What ``preprocessor_config.json`` would hold; None as if there were no such file.
        device, half
            As of `open`.

        Raises
        ------
        EncoderError, OptionError
            As of `open`.
        """
        return cls(LoadedModel.copied(model, preprocessor, Placement(device, half)), layer)

    @property
    def dim(self) -> int:
        """Dimensions of a frame."""
        return self._model.shape.dim

    @property
    def device(self) -> torch.device:
        """Where it computes; another device gives other last bits."""
        return self._model.device

    @property
    def config(self) -> EncoderConfig:
        """Family, layer, preparation, precision, and the digests of shape and weights."""
        return self._model.config(self.layer)

    def at_layer(self, layer: int) -> HuggingFaceEncoder:
        """Return the encoder of another layer of the same model, which is shared, not read again.

        Raises
        ------
        OptionError
            If the model hasn't got the layer.
        """
        return type(self)(self._model, layer, max_frames=self._max_frames)

    def n_frames(self, n_samples: int) -> int:
        """How many frames `n_samples` samples at the grid's rate give."""
        return self._model.n_frames(n_samples)

    def encode(self, audio: NDArray[np.float32], sample_rate: int) -> Features:
        """Return the frames of one utterance; audio too short for one has none.

        Parameters
        ----------
        audio
            Shape (n_samples,), floats in [-1, 1).
        sample_rate
            In Hz; resampled to the model's.

        Raises
        ------
        EncoderError
            If the audio isn't one channel of finite floats or is too long, or a frame isn't finite.
        """
        return self.encode_batch([audio], sample_rate)[0]

    def encode_batch(
        self, audios: Sequence[NDArray[np.float32]], sample_rate: int
    ) -> list[Features]:
        """Return the frames of several utterances, computed together.

        They are those of `encode` to 1e-5: padding is hidden by a mask, and utterances go one by
        one (or those of one length together) where it couldn't be.

        Parameters
        ----------
        audios
            Each of shape (n_samples,).
        sample_rate
            Of all, in Hz.

        Raises
        ------
        EncoderError
            As of `encode`.
        """
        return [layers[self.layer] for layers in self._encoded(audios, sample_rate, [self.layer])]

    def encode_layers(self, audio: NDArray[np.float32], sample_rate: int) -> dict[int, Features]:
        """Return the frames of one utterance in every layer, 0 to `n_layers`, in one pass.

        Each is what `at_layer` of it would give.

        Raises
        ------
        EncoderError
            As of `encode`.
        """
        return self._encoded([audio], sample_rate, range(self.n_layers + 1))[0]

    def __repr__(self) -> str:
        return f"HuggingFaceEncoder({dict(self.config)})"

    def _encoded(
        self, audios: Sequence[NDArray[np.float32]], sample_rate: int, layers: Sequence[int]
    ) -> list[dict[int, Features]]:
        samples = [at_rate(audio, sample_rate, self.grid.sample_rate) for audio in audios]
        counts = [self._checked_count(len(part)) for part in samples]
        present = [i for i, count in enumerate(counts) if count]
        found = [self._nothing(layers) for _ in samples]
        if present:
            states = self._model.states([samples[i] for i in present], layers)
            for i, state in zip(present, states, strict=True):
                found[i] = {k: self._features(state[k], k, counts[i]) for k in layers}
        return found

    def _checked_count(self, n_samples: int) -> int:
        count, seconds = self.n_frames(n_samples), n_samples / self.grid.sample_rate
        preparation = self._model.preparation
        if isinstance(preparation, LogMels) and n_samples > preparation.most_samples:
            raise EncoderError(
                f"audio is {seconds:.3f} s long, this model hears {preparation.chunk_length} s",
                remedy="cut it into utterances",
            )
        if count > self._max_frames:
            raise EncoderError(
                f"audio is {seconds:.3f} s long and gives {count} frames, the most are "
                f"{self._max_frames}",
                remedy="cut it into utterances, or raise max_frames if memory allows",
            )
        return count

    def _features(self, state: torch.Tensor, layer: int, count: int) -> Features:
        values = np.ascontiguousarray(state[:count].float().cpu().numpy())
        if values.shape != (count, self.dim):
            raise EncoderError(
                f"layer {layer} gave frames of shape {values.shape}, {(count, self.dim)} is stated",
                remedy="give a model of the published geometry",
            )
        if not np.isfinite(values).all():
            raise EncoderError(
                f"layer {layer} gave NaN or infinity",
                remedy="run it without half" if self._model.half else "restore the weights",
            )
        return Features(values, self.grid, self._model.config(layer))

    def _nothing(self, layers: Sequence[int]) -> dict[int, Features]:
        empty = np.empty((0, self.dim), dtype=np.float32)
        return {k: Features(empty, self.grid, self._model.config(k)) for k in layers}


def _with_layer(text: str) -> tuple[str, int]:
    """Return the model and the layer that ``<model>@<layer>`` names."""
    parts = _LAYER.fullmatch(text)
    if parts is None or (is_folder(Path(text)) and not is_folder(Path(parts[1]))):
        raise OptionError(
            f"{shown(text, 120)} names no layer",
            remedy="put @ and its number behind it: @0 is what the first is given, @-1 the last",
        )
    return parts[1], int(parts[2])


def _checked_layer(layer: int, n_layers: int) -> int:
    whole = isinstance(layer, int) and not isinstance(layer, bool)
    if not whole or not -n_layers - 1 <= layer <= n_layers:
        raise OptionError(
            f"layer is {layer!r}, the model has layers 0 to {n_layers}",
            remedy=f"use one of them, or -1 to {-n_layers - 1} to count from the end",
        )
    return layer if layer >= 0 else n_layers + 1 + layer

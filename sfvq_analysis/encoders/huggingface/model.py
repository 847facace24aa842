"""A model of transformers, read and placed on a device: all that its layers have in common."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.huggingface.geometry import Convolutions
from sfvq_analysis.encoders.huggingface.json_files import read_json
from sfvq_analysis.encoders.huggingface.preparation import (
    LogMels,
    Preparation,
    preparation_of,
    prepared,
)
from sfvq_analysis.encoders.huggingface.shape import Shape
from sfvq_analysis.errors import EncoderError, OptionError, shown, told
from sfvq_analysis.timeline import FrameGrid
from sfvq_analysis.weights import weights_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray
    from torch import nn

    from sfvq_analysis.encoders.huggingface.nets import MelNet, States, WaveNet


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how precisely a net is run.

    Parameters
    ----------
    device
        As torch names it.
    half
        Whether in float16; on a CUDA device only.
    """

    device: str = "cpu"
    half: bool = False

    def checked(self) -> torch.device:
        """Return torch's device.

        Raises
        ------
        OptionError
            If it can't be used, or `half` is wanted where it can't be had.
        """
        import torch

        try:
            device = torch.device(self.device)
            torch.zeros(1, device=device)
            if device.type == "meta":
                raise ValueError("no numbers are kept there")  # noqa: TRY301
        except Exception as error:  # torch raises almost anything
            raise OptionError(
                f"device {shown(self.device)} can't be used ({told(error)})",
                remedy="use 'cpu', or 'cuda' where torch sees a GPU",
            ) from error
        if self.half and device.type != "cuda":
            raise OptionError(
                f"half precision is wanted on {device.type}", remedy="use it with a CUDA device"
            )
        return device


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A net with its weights on a device, and what is done around it.

    Attributes
    ----------
    net
        The net.
    runner
        What runs it.
    shape
        Its shape.
    preparation
        What is done to audio before.
    device, half
        Where, and whether in float16.
    weights
        Digest of its weights as float32.
    """

    net: nn.Module
    runner: WaveNet | MelNet
    shape: Shape
    preparation: Preparation
    device: torch.device
    half: bool
    weights: str

    @classmethod
    def read(cls, folder: Path, placement: Placement) -> LoadedModel:
        """Read a model's folder; nothing in it is run, nothing is looked up.

        Raises
        ------
        EncoderError, OptionError
            If a file is missing, not readable or states what can't be, transformers isn't usable,
            or the device isn't.
        """
        from sfvq_analysis.encoders.huggingface.weights import read_weights

        placement.checked()
        shape = Shape.of(read_json(folder / "config.json"))
        preparation = preparation_of(folder, shape)
        net = shape.net()
        read_weights(net, folder, shape.family)
        return cls._placed(net, shape, preparation, placement)

    @classmethod
    def copied(
        cls, model: Any, preprocessor: dict[str, Any] | None, placement: Placement
    ) -> LoadedModel:
        """Copy a model that is in memory; `preprocessor` is what its file would state.

        Raises
        ------
        EncoderError, OptionError
            As of `read`.
        """
        from sfvq_analysis.encoders.huggingface.weights import copy_weights

        placement.checked()
        shape = Shape.of(_configuration_of(model))
        net = shape.net()
        copy_weights(net, model.state_dict(), shape.family)
        return cls._placed(net, shape, prepared(preprocessor, shape), placement)

    @classmethod
    def _placed(
        cls, net: nn.Module, shape: Shape, preparation: Preparation, placement: Placement
    ) -> LoadedModel:
        from sfvq_analysis.encoders.huggingface.nets import MelNet, WaveNet

        digest = weights_digest(net.state_dict())
        device = placement.checked()
        try:
            net = net.to(device).half() if placement.half else net.to(device)
        except RuntimeError as error:
            raise EncoderError(
                f"the model can't be put on {device} ({told(error)})", remedy="use another device"
            ) from error
        runner = MelNet(net) if shape.hears_mel else WaveNet(net, shape)
        return cls(net, runner, shape, preparation, device, placement.half, digest)

    @property
    def grid(self) -> FrameGrid:
        """Where the frames' centres are."""
        if isinstance(self.preparation, LogMels):
            return FrameGrid(self.preparation.sample_rate, 2 * self.preparation.hop_length, 0)
        seen = self._convolutions
        return FrameGrid(self.preparation.sample_rate, seen.hop, seen.receptive_field // 2)

    def n_frames(self, n_samples: int) -> int:
        """How many frames so many samples at the grid's rate give."""
        if self.shape.hears_mel:
            return -(-max(n_samples, 0) // self.grid.hop)
        return self._convolutions.n_frames(n_samples)

    @property
    def _convolutions(self) -> Convolutions:
        return Convolutions.of(self.shape.options)

    def config(self, layer: int) -> dict[str, Any]:
        """Return what names the frames of a layer; JSON-able."""
        return {
            "encoder": "hf",
            "family": self.shape.family.name,
            "layer": layer,
            **self.preparation.config,
            "precision": "float16" if self.half else "float32",
            "shape": self.shape.digest(),
            "weights": self.weights,
        }

    def states(self, samples: Sequence[NDArray[np.float32]], wanted: Sequence[int]) -> States:
        """Return the wanted hidden states of utterances at the model's rate that have frames.

        Raises
        ------
        EncoderError
            If torch can't compute them.
        """
        import torch

        from sfvq_analysis.encoders.huggingface.nets import exact_evaluation

        kind = torch.float16 if self.half else torch.float32
        try:
            with warnings.catch_warnings(action="ignore"), exact_evaluation(self.net, self.device):
                heard = [
                    torch.tensor(self.preparation.of(part), dtype=kind, device=self.device)
                    for part in samples
                ]
                return self.runner.states(heard, wanted)
        except Exception as error:  # torch raises almost anything, lack of memory included
            raise EncoderError(
                f"the model can't be run ({told(error)})",
                remedy="if memory lacks, give shorter utterances or fewer at once",
            ) from error


def _configuration_of(model: Any) -> dict[str, Any]:
    try:
        stated: dict[str, Any] = json.loads(model.config.to_json_string(use_diff=False))
    except (AttributeError, TypeError, ValueError) as error:
        raise OptionError(
            f"{type(model).__name__} is no model of transformers ({told(error)})",
            remedy="give HubertModel, WhisperEncoder or the like",
        ) from error
    return stated

"""What a ``config.json`` says of a net, checked, and the net it makes."""

from __future__ import annotations

import hashlib
import json
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sfvq_analysis.encoders.huggingface.families import (
    Choice,
    Counts,
    Family,
    Rule,
    Small,
    family_of,
)
from sfvq_analysis.encoders.huggingface.geometry import Convolutions
from sfvq_analysis.errors import EncoderError, shown, told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

_MOST_CONVOLUTIONS = 32
_SHORTEST_HOP, _LONGEST_HOP = 8, 1 << 16
_SILENT = {  # nothing random is left, whatever mode the net is in
    "hidden_dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0,
    "feat_proj_dropout": 0.0, "layerdrop": 0.0, "mask_time_prob": 0.0, "mask_feature_prob": 0.0,
    "apply_spec_augment": False,
}  # fmt: skip
_SILENT_WHISPER = {
    "dropout": 0.0, "attention_dropout": 0.0, "activation_dropout": 0.0, "encoder_layerdrop": 0.0,
    "apply_spec_augment": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """A net without its weights.

    Attributes
    ----------
    family
        Which models it belongs to.
    options
        Those of the family's rules, JSON-able, those that the file leaves out included.
    """

    family: Family
    options: Mapping[str, Any]

    @classmethod
    def of(cls, stated: Mapping[str, Any]) -> Shape:
        """Check what a ``config.json`` states.

        Raises
        ------
        EncoderError
            If transformers isn't usable, the ``model_type`` isn't one of those that are read, or an
            option has a value that no model has.
        """
        family = family_of(stated.get("model_type"))
        options = {name: stated[name] for name in family.rules if name in stated}
        for name, value in options.items():
            _check(name, value, family.rules[name])
        config_class, _ = family.classes()
        complete = _configuration(config_class, options)
        known = {
            name: _plain(getattr(complete, name))
            for name in family.rules
            if hasattr(complete, name)
        }
        shape = cls(family, known)
        shape.check()
        return shape

    def check(self) -> None:
        """Raise an EncoderError unless the options fit together."""
        if self.family.hears_mel:
            _check_divides("encoder_attention_heads", "d_model", self.options)
            return
        lengths = {len(self.options[f"conv_{part}"]) for part in ("dim", "kernel", "stride")}
        if len(lengths) != 1:
            raise EncoderError(
                "conv_dim, conv_kernel and conv_stride differ in length",
                remedy="restore config.json",
            )
        hop = Convolutions.of(self.options).hop
        if not _SHORTEST_HOP <= hop <= _LONGEST_HOP:
            raise EncoderError(
                f"frames are {hop} samples apart by the conv_stride of config.json",
                remedy=f"from {_SHORTEST_HOP} to {_LONGEST_HOP} will do",
            )
        _check_divides("num_attention_heads", "hidden_size", self.options)
        _check_divides("num_conv_pos_embedding_groups", "hidden_size", self.options)

    @property
    def n_layers(self) -> int:
        """How many layers the transformer has."""
        return int(self.options["encoder_layers" if self.hears_mel else "num_hidden_layers"])

    @property
    def dim(self) -> int:
        """Dimensions of a hidden state."""
        return int(self.options["d_model" if self.hears_mel else "hidden_size"])

    @property
    def hears_mel(self) -> bool:
        """Whether the net is given log-mels, as `Family.hears_mel` says."""
        return self.family.hears_mel

    def net(self) -> nn.Module:
        """Return the net on torch's ``meta`` device, without weights, in evaluation mode.

        Its attention is the plain one (``"eager"``): the only one that all families have, and the
        same sums on every device, with a mask or without. Others choose their kernel by both.

        Raises
        ------
        EncoderError
            If the options make no net.
        """
        import torch

        config_class, net_class = self.family.classes()
        silent = _SILENT_WHISPER if self.hears_mel else _SILENT
        config = _configuration(config_class, {**self.options, **silent})
        try:
            with torch.device("meta"), warnings.catch_warnings(action="ignore"):
                net: nn.Module = net_class(config)
        except Exception as error:
            raise _no_model(error) from error
        return net.eval().requires_grad_(requires_grad=False)

    def digest(self) -> str:
        """Return 16 hexadecimal digits over the family and its options."""
        text = json.dumps([self.family.name, dict(self.options)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _configuration(config_class: Any, options: Mapping[str, Any]) -> Any:
    try:
        with warnings.catch_warnings(action="ignore"):
            return config_class(**options, attn_implementation="eager")
    except Exception as error:  # transformers checks by many means
        raise _no_model(error) from error


def _no_model(error: Exception) -> EncoderError:
    return EncoderError(
        f"config.json describes no model ({told(error)})", remedy="restore config.json"
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _check(name: str, value: Any, rule: Rule) -> None:
    """Raise an EncoderError unless an option of a file is what it may be."""
    match rule:
        case Choice(options):
            fits = isinstance(value, str | bool) and value in options
            wanted = f"one of {', '.join(repr(option) for option in options)}"
        case Small():
            fits = isinstance(value, float) and math.isfinite(value) and 0 < value < 1
            wanted = "a number above 0 and below 1"
        case Counts(most, listed=True):
            fits = isinstance(value, list) and 1 <= len(value) <= _MOST_CONVOLUTIONS
            fits = fits and all(_is_count(entry, most) for entry in value)
            wanted = f"a list of 1 to {_MOST_CONVOLUTIONS} integers from 1 to {most}"
        case Counts(most, optional=optional):
            fits = _is_count(value, most) or (optional and value is None)
            wanted = f"an integer from 1 to {most}"
    if not fits:
        raise EncoderError(f"{name} is {shown(value)} in config.json", remedy=f"use {wanted}")


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _check_divides(part: str, whole: str, options: Mapping[str, Any]) -> None:
    if options[whole] % options[part]:
        raise EncoderError(
            f"{part} {options[part]} doesn't divide {whole} {options[whole]} in config.json",
            remedy="restore config.json",
        )

"""The families of models that are read: their classes, the names of their weights, their options.

Only what is listed here is taken from a ``config.json``. The rest of it (``auto_map``, a wish for
another attention, quantisation, labels of a head …) is never acted upon.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from typing import Any

from sfvq_analysis.errors import EncoderError, shown

_OLDEST = (4, 40)
_WIDEST, _DEEPEST, _MOST_HEADS, _LONGEST_KERNEL, _MOST_POSITIONS = 1 << 15, 256, 64, 1024, 6000

HEADS = (
    "adapter.", "classifier.", "final_proj.", "label_embs_concat", "layer_weights", "lm_head.",
    "masked_spec_embed", "objective.", "proj_out.", "project_hid.", "project_q.", "projector.",
    "quantizer.", "tdnn.",
)  # fmt: skip
"""How the names of weights begin that no hidden state depends on."""


@dataclass(frozen=True, slots=True)
class Counts:
    """An option that is an integer from 1 to `most`, or, if `listed`, a list of 1 to 32 such."""

    most: int
    listed: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An option that is one of these."""

    options: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Small:
    """An option that is a number above 0 and below 1."""


Rule = Counts | Choice | Small

_FLAG = Choice((True, False))
_ACTIVATION = Choice(
    ("gelu", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "leaky_relu", "quick_gelu", "relu",
     "silu", "swish")
)  # fmt: skip
_NORM = Choice(("group", "layer"))
_TRANSFORMER: dict[str, Rule] = {
    "hidden_size": Counts(_WIDEST),
    "num_hidden_layers": Counts(_DEEPEST),
    "num_attention_heads": Counts(_MOST_HEADS),
    "intermediate_size": Counts(_WIDEST),
    "hidden_act": _ACTIVATION,
    "layer_norm_eps": Small(),
    "conv_dim": Counts(_WIDEST, listed=True),
    "conv_kernel": Counts(_LONGEST_KERNEL, listed=True),
    "conv_stride": Counts(_LONGEST_KERNEL, listed=True),
    "conv_bias": _FLAG,
    "feat_extract_activation": _ACTIVATION,
    "num_conv_pos_embeddings": Counts(_LONGEST_KERNEL),
    "num_conv_pos_embedding_groups": Counts(_WIDEST),
}
_NORMS: dict[str, Rule] = {"feat_extract_norm": _NORM, "do_stable_layer_norm": _FLAG}
_ADAPTED: dict[str, Rule] = {"adapter_attn_dim": Counts(_WIDEST, optional=True)}
_WHISPER: dict[str, Rule] = {
    "d_model": Counts(_WIDEST),
    "encoder_layers": Counts(_DEEPEST),
    "encoder_attention_heads": Counts(_MOST_HEADS),
    "encoder_ffn_dim": Counts(_WIDEST),
    "activation_function": _ACTIVATION,
    "num_mel_bins": Counts(1024),
    "max_source_positions": Counts(_MOST_POSITIONS),
    "scale_embedding": _FLAG,
}


@dataclass(frozen=True, slots=True)
class Family:
    """What the models of one ``model_type`` have in common.

    Attributes
    ----------
    name
        The ``model_type``.
    module, config_class, net_class
        Where transformers keeps its configuration and its net.
    prefixes
        What may stand before the names of the net's weights, in models that have a head.
    rules
        The options that make the net, and what they may be.
    first
        The first weight of the net: where it is tells which prefix a file has.
    """

    name: str
    module: str
    config_class: str
    net_class: str
    prefixes: tuple[str, ...]
    rules: dict[str, Rule]
    first: str = "feature_extractor.conv_layers.0.conv.weight"

    def classes(self) -> tuple[Any, Any]:
        """Return the classes of configuration and net, after loading transformers.

        Raises
        ------
        EncoderError
            If transformers isn't installed, is too old or is broken.
        """
        _check_transformers()
        place = f"transformers.models.{self.module.partition('.')[0]}"
        file = self.module.rpartition(".")[2]
        try:
            configuration = importlib.import_module(f"{place}.configuration_{file}")
            modeling = importlib.import_module(f"{place}.modeling_{file}")
            return getattr(configuration, self.config_class), getattr(modeling, self.net_class)
        except Exception as error:  # a broken installation raises almost anything
            raise _unusable(f"transformers can't be loaded ({error})") from error

    @property
    def hears_mel(self) -> bool:
        """Whether the net is given log-mels of a fixed length (Whisper), not samples."""
        return self.name == "whisper"


def _waves(name: str, title: str, module: str, prefix: str, extra: dict[str, Rule]) -> Family:
    rules = _TRANSFORMER | extra
    return Family(name, module, f"{title}Config", f"{title}Model", (prefix, ""), rules)


FAMILIES = {
    family.name: family
    for family in (
        _waves(
            "hubert", "Hubert", "hubert", "hubert.",
            _NORMS | _ADAPTED | {"feat_proj_layer_norm": _FLAG, "conv_pos_batch_norm": _FLAG},
        ),
        _waves("wav2vec2", "Wav2Vec2", "wav2vec2", "wav2vec2.", _NORMS | _ADAPTED),
        _waves(
            "wavlm", "WavLM", "wavlm", "wavlm.",
            _NORMS | {"num_buckets": Counts(_WIDEST), "max_bucket_distance": Counts(_WIDEST)},
        ),
        _waves(
            "data2vec-audio", "Data2VecAudio", "data2vec.data2vec_audio", "data2vec_audio.",
            {"conv_pos_kernel_size": Counts(_LONGEST_KERNEL)},
        ),
        Family(
            "whisper", "whisper", "WhisperConfig", "WhisperEncoder",
            ("model.encoder.", "encoder.", ""), _WHISPER, first="conv1.weight",
        ),
    )
}  # fmt: skip


def family_of(model_type: object) -> Family:
    """Return the family of a ``model_type``.

    Raises
    ------
    EncoderError
        If it isn't one of those that are read.
    """
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        raise EncoderError(
            f"model_type is {shown(model_type)} in config.json",
            remedy=f"give a model of {', '.join(FAMILIES)}",
        )
    return FAMILIES[model_type]


def _check_transformers() -> None:
    try:
        import transformers
    except Exception as error:
        raise _unusable(f"transformers can't be imported ({error})") from error
    found = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", transformers.__version__)
    if found is None or (int(found[1]), int(found[2])) < _OLDEST:
        raise _unusable(f"transformers is {transformers.__version__}, 4.40 or later is needed")


def _unusable(what: str) -> EncoderError:
    return EncoderError(" ".join(what.split()), remedy="pip install 'sfvq-analysis[hf]'")

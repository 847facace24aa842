"""sfvq_analysis: latent spaces read along a space-filling curve.

Public names resolve on first use, so that ``import sfvq_analysis`` loads neither torch nor pandas,
matplotlib, numba or librosa.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from sfvq_analysis import plots, report, stats
    from sfvq_analysis.audio import read_audio
    from sfvq_analysis.corpus import (
        Corpus,
        demo_corpus,
        load_corpus,
        load_timit,
        open_webdataset,
        scan_corpus,
    )
    from sfvq_analysis.encoders import Features, load_encoder, read_latents
    from sfvq_analysis.errors import SfvqError
    from sfvq_analysis.labels import labels_of_frame, read_labels
    from sfvq_analysis.phones import load_phone_groups, phone_report
    from sfvq_analysis.pipeline import (
        abx_export,
        index_latents,
        index_table,
        nearest_snippets,
        sample_features,
        train_voice,
    )
    from sfvq_analysis.quantizers import (
        PlainVQ,
        SpaceFillingVQ,
        as_quantizer,
        load_quantizer,
        save_quantizer,
    )
    from sfvq_analysis.quantizers.shipped import demo_quantizers
    from sfvq_analysis.tables import (
        IndexDataset,
        IndexTable,
        load_table,
        open_dataset,
        open_table,
    )
    from sfvq_analysis.textgrids import to_textgrid
    from sfvq_analysis.timeline import FrameGrid, Segment
    from sfvq_analysis.training import fit_sfvq, fit_som, fit_vq, normalise_occurrence, reorder
    from sfvq_analysis.voice import convert, held_sound, load_voice_model, save_voice_model, tour
    from sfvq_analysis.voice.shipped import demo_voice_model

__version__ = VERSION

_HOMES = {
    "corpus": (
        *("Corpus", "demo_corpus", "load_corpus", "load_timit", "open_webdataset", "scan_corpus"),
    ),
    "audio": ("read_audio",),
    "encoders": ("Features", "load_encoder", "read_latents"),
    "errors": ("SfvqError",),
    "labels": ("labels_of_frame", "read_labels"),
    "phones": ("load_phone_groups", "phone_report"),
    "pipeline": (
        *("abx_export", "index_latents", "index_table", "nearest_snippets", "sample_features"),
        "train_voice",
    ),
    "quantizers": (
        *("PlainVQ", "SpaceFillingVQ", "as_quantizer", "load_quantizer", "save_quantizer"),
    ),
    "quantizers.shipped": ("demo_quantizers",),
    "tables": ("IndexDataset", "IndexTable", "load_table", "open_dataset", "open_table"),
    "textgrids": ("to_textgrid",),
    "timeline": ("FrameGrid", "Segment"),
    "training": ("fit_sfvq", "fit_som", "fit_vq", "normalise_occurrence", "reorder"),
    "voice": ("convert", "held_sound", "load_voice_model", "save_voice_model", "tour"),
    "voice.shipped": ("demo_voice_model",),
}
_MODULES = ("plots", "report", "stats")
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: PLE0604 (computed: one list of names, not two)
    *_MODULES,
    *_MODULE_OF,
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

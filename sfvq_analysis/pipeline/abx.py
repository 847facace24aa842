"""What the ABX test of `fastabx` scores: an item file, and features of a corpus.

ABX asks whether a token X of one phone is closer to a token A of the same phone than to a token B
of another. `fastabx` (Python 3.12 or later, no dependency of ours) scores it from

- an item file, ``#file onset offset #phone prev-phone next-phone speaker``, times in seconds;
- a folder of one tensor of shape (n_frames, dim) for each file.

The rows are made in `sfvq_analysis.pipeline.abx_items`.

References
----------
M. Poli et al., "fastabx: a library for efficient computation of ABX discriminability" (2025).
J. Kahn et al., "Libri-Light", ICASSP 2020: the item file.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import torch

from sfvq_analysis.errors import OptionError, shown
from sfvq_analysis.files import new_folder
from sfvq_analysis.pipeline.abx_items import (
    FEATURES,
    ITEM_COLUMNS,
    AbxOptions,
    file_of,
    item_rows,
)
from sfvq_analysis.pipeline.encoding import (
    below_root,
    each_utterance,
    refuse_nothing_left,
    with_bar,
)
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.pipeline.indexing import check_match
from sfvq_analysis.pipeline.inventories import corpus_inventory
from sfvq_analysis.tables import PHONE_TIER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.pipeline.encoding import EncodedUtterance
    from sfvq_analysis.pipeline.options import IndexOptions
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.timeline import FrameGrid

ITEM_FILE, README_FILE, LATENTS = "phones.item", "README.txt", "latents"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class AbxExport(NamedTuple):
    """What was written.

    Attributes
    ----------
    folder
        Where.
    items
        The rows of the item file.
    features
        Names of the folders of features.
    skipped
        Utterances that were left out; none unless ``on_error="skip"``.
    """

    folder: Path
    items: pd.DataFrame
    features: tuple[str, ...]
    skipped: tuple[SkippedUtterance, ...] = ()


def abx_export(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer],
    out: Path | str,
    options: AbxOptions | None = None,
    *,
    progress: bool = False,
) -> AbxExport:
    """Write item file and features of a corpus, whole or not at all.

    Every utterance is encoded once. An item is a phone with a phone before and one after it in its
    utterance, and with a frame in its span.

    Parameters
    ----------
    corpus
        Audio and labels.
    encoder
        Gives the frames.
    quantizers
        By name; may be empty.
    out
        A new folder. It gets ``phones.item``; ``README.txt`` with the commands that score each of
        the features; and folders of ``<utterance>.pt`` (float32): ``latents``; for every quantizer
        ``<name>``, the decoded points, and ``<name>-index``, the index as one column.
    options
        What an item is.
    progress
        Whether to show a progress bar.

    Raises
    ------
    OptionError
        If `out` exists, a name is no plain name of a folder, frames aren't a whole number a second,
        or there is no item.
    QuantizerError, CorpusError
        As `sfvq_analysis.index_table`.
    """
    options, out = options or AbxOptions(), Path(out)
    _check(quantizers, encoder, out)
    _check_utterances(corpus)
    for name, quantizer in quantizers.items():
        check_match(name, quantizer, encoder, allow_mismatch=options.index.allow_mismatch)
    inventory = corpus_inventory(corpus, options.index)
    rows: list[tuple[str, ...]] = []
    skipped: list[SkippedUtterance] = []

    def exported(encoded: EncodedUtterance) -> _Exported:
        if options.index.past_audio == "raise":
            encoded.utterance.refuse_late_labels(encoded.recording)
        arrays = dict(_arrays(encoded, quantizers, options.index))
        return _Exported(encoded.utterance.id, list(item_rows(encoded, options, inventory)), arrays)

    with new_folder(out) as partial:
        features: tuple[str, ...] = (LATENTS,)
        found = each_utterance(corpus.utterances, encoder, exported, options.index.on_error)
        for one in with_bar(found, corpus, progress=progress):
            if isinstance(one, SkippedUtterance):
                skipped.append(below_root(one, corpus))
                continue
            rows += one.rows
            features = tuple(one.arrays)
            for name, values in one.arrays.items():
                _save(partial / name / f"{file_of(one.utterance)}{FEATURES}", values)
        refuse_nothing_left(len(corpus) - len(skipped), skipped, corpus)
        if not rows:
            raise OptionError(
                f"{corpus.name} has no phone with neighbours and a frame",
                remedy="give labelled speech, or exclude less",
            )
        items = pd.DataFrame(rows, columns=list(ITEM_COLUMNS))
        lines = (" ".join(row) for row in (ITEM_COLUMNS, *rows))
        (partial / ITEM_FILE).write_text("\n".join([*lines, ""]), "utf-8", newline="\n")
        (partial / README_FILE).write_text(_readme(features, encoder.grid, options), "utf-8")
    return AbxExport(out, items, features, tuple(skipped))


class _Exported(NamedTuple):
    """Of one utterance: its items, and its features by the name of their folder."""

    utterance: str
    rows: list[tuple[str, ...]]
    arrays: dict[str, NDArray[np.float32]]


def _arrays(
    encoded: EncodedUtterance, quantizers: Mapping[str, Quantizer], options: IndexOptions
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the features of an utterance by the name of their folder."""
    yield LATENTS, encoded.features.values
    for name, quantizer in quantizers.items():
        codes = quantizer.encode(encoded.features.values, mode=options.mode)
        yield name, quantizer.decode(codes)
        yield f"{name}-index", codes.codeword[:, None].astype(np.float32)


def _save(path: Path, values: NDArray[np.float32]) -> None:
    path.parent.mkdir(exist_ok=True)
    torch.save(torch.from_numpy(np.ascontiguousarray(values)), path)


def _readme(features: tuple[str, ...], grid: FrameGrid, options: AbxOptions) -> str:
    frequency = grid.sample_rate // grid.hop
    early = (2 * grid.offset - grid.hop) / (2 * grid.sample_rate)
    lines = [
        "Written by sfvq_analysis for fastabx (pip install fastabx; Python 3.12 or later).",
        "",
        f"{ITEM_FILE}: an item a {options.span}; {options.phone_set} phones. Times are the labels'",
        f"less {early:g} s, for which fastabx takes just the frames whose centre is in the item:",
        f"they fit the features beside it, {frequency} frames a second, and no others.",
        "",
        "ABX error, within speakers and contexts:",
        "",
    ]
    for name in features:
        distance = "euclidean" if name.endswith("-index") else "angular"
        lines.append(
            f"fastabx {ITEM_FILE} {name} --frequency {frequency} --distance {distance} "
            "--speaker within --context within --max-size-group 10"
        )
    lines += [
        "",
        "Across speakers: --speaker across --max-x-across 5. Any context: --context any.",
        "An index is one number, so its distance is euclidean: that of places on the axis.",
        "",
    ]
    return "\n".join(lines)


def _check(quantizers: Mapping[str, Quantizer], encoder: Encoder, out: Path) -> None:
    if out.exists():
        raise OptionError("folder exists", where=str(out), remedy="give another or remove it")
    taken = {LATENTS, ITEM_FILE, README_FILE}
    for name in quantizers:
        own = {name, f"{name}-index"}
        if not _PLAIN.fullmatch(name) or own & taken:
            raise OptionError(
                f"a quantizer is called {name!r}",
                remedy=f"use letters, digits, . _ and -, and none of {sorted(taken)}",
            )
        taken |= own
    if encoder.grid.sample_rate % encoder.grid.hop:
        raise OptionError(
            f"frames are {encoder.grid.sample_rate / encoder.grid.hop:g} a second",
            remedy="use an encoder that gives a whole number: fastabx takes no other",
        )


def _check_utterances(corpus: Corpus) -> None:
    files: dict[str, str] = {}
    for utterance in corpus:
        if PHONE_TIER not in utterance.labels:
            utterance.load_phones()  # says what is missing
        other = files.setdefault(file_of(utterance.id).casefold(), utterance.id)
        if other != utterance.id:
            raise OptionError(
                f"utterances {shown(other)} and {shown(utterance.id)} would share a file",
                remedy="export them apart",
            )

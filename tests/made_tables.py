"""Index tables made by hand from lists, or at random from a seed: no audio, no encoder."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.phones import is_known, phone_group
from sfvq_analysis.tables import (
    FRAME_COLUMNS,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    IndexTable,
    as_contract,
)
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

GRID = FrameGrid(sample_rate=1000, hop=100, offset=50)
"""Frame i covers the samples 100 i … 100 i + 99; its centre is at 100 i + 50."""

Token = tuple[str | None, list[int]]
"""A label (None: outside all phones) and the codewords of the frames it owns."""


@dataclass(frozen=True)
class Said:
    """What one utterance holds: its tokens in order, and who says it."""

    id: str
    tokens: Sequence[Token]
    speaker: str = "faaa0"
    dialect: str = "dr1"
    split: str = "test"
    audio_rate: int = 1000


def made_table(
    said: Sequence[Said],
    codebook_size: int = 8,
    *,
    curve: bool = True,
    provenance: Mapping[str, Any] | None = None,
) -> IndexTable:
    """Return a table in which each token owns just the frames that are listed with it.

    A token reaches to the end of its last frame's samples; one without frames lasts a thousandth
    of a second and stands before the next token.
    """
    parts = [_utterance(number, one) for number, one in enumerate(said)]
    utterances = pd.DataFrame([row for row, _, _ in parts], columns=[*UTTERANCE_COLUMNS])
    segments = pd.DataFrame(
        [row for _, rows, _ in parts for row in rows], columns=[*SEGMENT_COLUMNS]
    )
    frames = pd.DataFrame(
        [row for _, _, rows in parts for row in rows],
        columns=["utterance", "frame", "phone_segment", "phone", "phone_group", "codeword"],
    )
    for frame in (segments, frames):
        frame["utterance"] = pd.Categorical.from_codes(
            frame["utterance"].astype("int64"), pd.Index([one.id for one in said], dtype="str")
        )
    frames["phone"] = pd.Categorical(frames["phone"], sorted(set(frames["phone"].dropna())))
    frames["centre"] = GRID.centres(1)[0] + GRID.hop * frames["frame"].astype("int64")
    codeword = frames["codeword"].to_numpy(dtype=np.int64)
    frames["curve_segment"] = np.minimum(codeword, codebook_size - 2) if curve else -1
    frames["t"] = codeword - frames["curve_segment"] if curve else np.nan
    frames["distortion"] = 0.5 if curve else 1.0
    frames["codeword_distortion"] = 1.0
    return IndexTable(
        utterances=as_contract(utterances, UTTERANCE_COLUMNS),
        segments=as_contract(segments, SEGMENT_COLUMNS),
        frames=as_contract(frames, FRAME_COLUMNS),
        codebook_size=codebook_size,
        grid=GRID,
        provenance={} if provenance is None else provenance,
    )


def random_table(
    seed: int,
    *,
    codebook_size: int = 8,
    n_utterances: int = 6,
    phones: Sequence[str | None] = ("h#", "s", "sh", "z", "iy", "ey", "m", "tcl", "q", None),
    longest: int = 4,
) -> IndexTable:
    """Return a table of three speakers; tokens of 0 … `longest` frames, indices from all of K."""
    rng = np.random.default_rng(seed)
    said = []
    for number in range(n_utterances):
        labels = rng.choice(np.array(phones, dtype=object), size=rng.integers(1, 12))
        tokens: list[Token] = [
            (label, rng.integers(0, codebook_size, rng.integers(0, longest + 1)).tolist())
            for label in labels
        ]
        speaker = ("faaa0", "mbbb0", "mccc0")[number % 3]
        said.append(
            Said(
                f"u{number:02d}_sx{number}",
                tokens,
                speaker,
                dialect=f"dr{1 + number % 2}",
                split=("test", "train")[number % 2],
                audio_rate=(1000, 3000)[number % 2],
            )
        )
    return made_table(said, codebook_size)


@functools.cache
def nothing_labelled(codebook_size: int = 8) -> IndexTable:
    """Return a table with frames and tokens, but no token that owns a frame."""
    return made_table([Said("u", [("s", []), (None, [1, 2, 5]), ("iy", [])])], codebook_size)


@functools.cache
def no_frames(codebook_size: int = 8) -> IndexTable:
    """Return a table of one utterance that is too short for a frame."""
    return made_table([Said("u", [("s", [])])], codebook_size)


def frame_rows(table: IndexTable) -> list[dict[str, Any]]:
    """Return every frame as a dictionary with its utterance's properties: for slow oracles."""
    return _rows(table, table.frames)


def token_rows(table: IndexTable) -> list[dict[str, Any]]:
    """Return every phone segment as a dictionary with its utterance's properties."""
    return [row for row in _rows(table, table.segments) if row["tier"] == "phone"]


def copies(table: IndexTable) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return deep copies of a table's frames, to compare with afterwards."""
    return table.utterances.copy(), table.segments.copy(), table.frames.copy()


def assert_unchanged(
    table: IndexTable, before: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
) -> None:
    for now, then in zip(copies(table), before, strict=True):
        pd.testing.assert_frame_equal(now, then)


def _rows(table: IndexTable, frame: pd.DataFrame) -> list[dict[str, Any]]:
    utterances = table.utterances.to_dict("records")
    numbers = frame["utterance"].cat.codes.tolist()
    plain = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{**utterances[number], **row} for number, row in zip(numbers, plain, strict=True)]


def _utterance(number: int, said: Said) -> tuple[dict[str, Any], list[list[Any]], list[list[Any]]]:
    """Return the utterance's row, and those of its segments and of its frames."""
    segments: list[list[Any]] = []
    frames: list[list[Any]] = []
    scale = said.audio_rate // GRID.sample_rate
    start = 0
    for label, codewords in said.tokens:
        stop = (len(frames) + len(codewords)) * GRID.hop if codewords else start + 1
        ordinal = -1 if label is None else len(segments)
        group = None if label is None else phone_group(label, unknown="na")
        known = label if label is not None and is_known(label) else None
        frames += [
            [number, len(frames) + i, ordinal, known, group, k] for i, k in enumerate(codewords)
        ]
        if label is not None:
            times = (start * scale, stop * scale)
            segments.append([number, "phone", ordinal, *times, label, group, len(codewords)])
        start = stop
    row = {
        "utterance": said.id,
        "speaker": said.speaker,
        "sex": said.speaker[0],
        "dialect": said.dialect,
        "sentence": said.id.rpartition("_")[2],
        "split": said.split,
        "audio": f"{said.id}.wav",
        "sample_rate": said.audio_rate,
        "n_samples": max(start, 1) * scale,
        "n_frames": len(frames),
    }
    return row, segments, frames

"""Tables of simulated speech in which a claim is true, and what makes each of them false."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.phones import phone_group
from sfvq_analysis.tables import FRAME_COLUMNS, SEGMENT_COLUMNS, Simulation, as_contract
from sfvq_analysis.tables import simulated_table as simulated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.tables import IndexTable

ORDER_CLAIMS = ("C1", "C2", "C3", "C5", "C7", "C8", "C10", "C12")


def all_true(n_speakers: int = 16, *, codebook_size: int = 128, seed: int = 0) -> IndexTable:
    """Return speech whose phones keep so close to their places that all twelve claims hold."""
    return simulated(
        Simulation(
            n_speakers=n_speakers,
            codebook_size=codebook_size,
            token_spread=0.005,
            frame_spread=0.005,
            seed=seed,
        )
    )


def recoded(table: IndexTable, new_code: NDArray[np.integer]) -> IndexTable:
    """Return a table in which every code is called otherwise."""
    codeword = new_code[table.frames["codeword"].to_numpy()]
    segment = np.minimum(codeword, table.codebook_size - 2)
    known = table.frames.assign(codeword=codeword, curve_segment=segment, t=codeword - segment)
    return replace(table, frames=as_contract(known, FRAME_COLUMNS))


def relabelled(table: IndexTable, seed: int = 0) -> IndexTable:
    """Return a table whose used codes are permuted: there is no order."""
    used = np.unique(table.frames["codeword"])
    new_code = np.arange(table.codebook_size)
    new_code[used] = np.random.default_rng(seed).permutation(used)
    return recoded(table, new_code)


def mirrored(table: IndexTable) -> IndexTable:
    """Return a table read from the other end of the axis."""
    return recoded(table, np.arange(table.codebook_size)[::-1])


def plain(table: IndexTable) -> IndexTable:
    """Return what a codebook without a curve would have given."""
    columns = {"curve_segment": -1, "t": np.nan, "distortion": table.frames["codeword_distortion"]}
    return replace(table, frames=as_contract(table.frames.assign(**columns), FRAME_COLUMNS))


def labels_shuffled(table: IndexTable, seed: int = 0) -> IndexTable:
    """Return a table whose labels are permuted over the segments of each utterance."""
    rng = np.random.default_rng(seed)
    return _with_labels(table, _within_utterances(table, rng))


def tokens_shuffled(table: IndexTable, seed: int = 0) -> IndexTable:
    """Return a table in which each utterance's tokens stand in another order, with their codes."""
    order = _within_utterances(table, np.random.default_rng(seed))
    lengths = table.segments["n_frames"].to_numpy()
    first = np.cumsum(lengths) - lengths
    rows = np.concatenate([np.arange(first[at], first[at] + lengths[at]) for at in order])
    codes = ["codeword", "curve_segment", "t", "phone", "phone_group"]
    moved = table.frames[codes].iloc[rows].reset_index(drop=True)
    n = lengths[order]
    ordinal = table.segments["ordinal"].to_numpy()
    hop = table.grid.hop
    utterance = table.segments["utterance"].cat.codes.to_numpy()
    before = np.cumsum(n) - n
    start = (before - before[np.searchsorted(utterance, utterance)]) * hop
    segments = table.segments.assign(
        label=table.segments["label"].iloc[order].reset_index(drop=True),
        phone_group=table.segments["phone_group"].iloc[order].reset_index(drop=True),
        n_frames=n,
        start=start,
        stop=start + n * hop,
    )
    frames = table.frames.assign(**moved, phone_segment=np.repeat(ordinal, n))
    return replace(
        table,
        segments=as_contract(segments, SEGMENT_COLUMNS),
        frames=as_contract(frames, FRAME_COLUMNS),
    )


def sentences_reassigned(table: IndexTable, seed: int = 0) -> IndexTable:
    """Return a table that says of each speaker's utterances the sentences in another order."""
    rng = np.random.default_rng(seed)
    sentence = table.utterances.groupby("speaker")["sentence"].transform(
        lambda one: rng.permutation(one.to_numpy())
    )
    return replace(table, utterances=table.utterances.assign(sentence=sentence.astype("str")))


def without_sentences(table: IndexTable) -> IndexTable:
    """Return a table in which every utterance has a sentence of its own."""
    named = table.utterances["utterance"].copy()
    return replace(table, utterances=table.utterances.assign(sentence=named))


def ordered_by_time(table: IndexTable) -> IndexTable:
    """Return a table of a codebook whose fit used time."""
    return replace(table, provenance={"quantizer": {"fit": {"temporal": True}}})


def of_speakers(table: IndexTable, speakers: list[str]) -> IndexTable:
    """Return the utterances of some speakers; one named twice comes as two speakers."""
    parts = [_renamed(table, who, f"s{at:03d}") for at, who in enumerate(speakers)]
    frames = {
        name: pd.concat([part[name] for part in parts], ignore_index=True)
        for name in ("utterances", "segments", "frames")
    }
    ids = pd.Index(frames["utterances"]["utterance"], dtype="str")
    for name in ("segments", "frames"):
        frames[name]["utterance"] = pd.Categorical(frames[name]["utterance"], ids)
    for column in ("phone",):
        dtype = table.frames[column].dtype
        frames["frames"][column] = frames["frames"][column].astype(dtype)
    return replace(
        table,
        utterances=frames["utterances"],
        segments=as_contract(frames["segments"], SEGMENT_COLUMNS),
        frames=as_contract(frames["frames"], FRAME_COLUMNS),
    )


def _renamed(table: IndexTable, speaker: str, name: str) -> dict[str, pd.DataFrame]:
    mine = table.utterances["speaker"] == speaker
    ids = table.utterances.loc[mine, "utterance"]
    found = {"utterances": table.utterances[mine].assign(speaker=name, utterance=name + "_" + ids)}
    for part in ("segments", "frames"):
        rows = getattr(table, part)
        rows = rows[rows["utterance"].isin(ids)]
        found[part] = rows.assign(utterance=name + "_" + rows["utterance"].astype("str"))
    return found


def _within_utterances(table: IndexTable, rng: np.random.Generator) -> NDArray[np.integer]:
    """Return rows of segments, those of each utterance in another order."""
    utterance = table.segments["utterance"].cat.codes.to_numpy()
    return np.lexsort((rng.random(len(utterance)), utterance))


def _with_labels(table: IndexTable, order: NDArray[np.integer]) -> IndexTable:
    label = table.segments["label"].iloc[order].reset_index(drop=True)
    group = label.map({name: phone_group(str(name)) for name in label.cat.categories})
    n = table.segments["n_frames"].to_numpy()
    of_frame = np.repeat(np.arange(len(label)), n)
    segments = table.segments.assign(label=label, phone_group=group)
    frames = table.frames.assign(
        phone=label.iloc[of_frame].reset_index(drop=True),
        phone_group=group.iloc[of_frame].reset_index(drop=True),
    )
    return replace(
        table,
        segments=as_contract(segments, SEGMENT_COLUMNS),
        frames=as_contract(frames, FRAME_COLUMNS),
    )

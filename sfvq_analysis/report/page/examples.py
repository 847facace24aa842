"""Examples of each index: snippets of speech that fit it best, at random and worst."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.report.page.packing import packed
from sfvq_analysis.report.page.sampling import example_frames, spread_codes
from sfvq_analysis.report.page.sounds import Heard, Speech, as_address

if TYPE_CHECKING:
    import pandas as pd

    from sfvq_analysis.tables import IndexTable

MOST_BYTES = 4_000_000
SNIPPET_SECONDS = 0.25
SNIPPET_BANDS = 16
_THRIFT = 0.97
_MOST_EACH, _KINDS = 3, 3
_BYTES_EACH = 2600
"""Of a snippet, its picture and what is said of it, rounded up."""


def examples_of(table: IndexTable, speech: Speech, seed: int) -> dict[str, Any]:
    """Return examples by index, and in words which there are.

    Each index has as many as fit, three of each kind at most; where there are too many indices for
    one of each, those that have some are spread evenly along the axis.
    """
    if speech.corpus is None or speech.policy == "none":
        what = (
            "no corpus was given" if speech.corpus is None else "the page was written without audio"
        )
        return {"note": f"No examples to listen to: {what}.", "of": {}}
    room = MOST_BYTES // (_BYTES_EACH * _KINDS)
    codes = spread_codes(table, room)
    each = max(1, min(_MOST_EACH, room // max(len(codes), 1)))
    chosen = example_frames(table, codes, each, seed)
    found = _found(table, chosen, speech)
    return {"note": _note(table, len(codes), found), "of": found}


def _found(
    table: IndexTable, chosen: pd.DataFrame, speech: Speech
) -> dict[str, list[dict[str, Any]]]:
    """Return the examples by index; each recording is read once."""
    frames = table.frames.iloc[chosen["row"]]
    rows = chosen.assign(
        utterance=frames["utterance"].astype(str).to_numpy(),
        seconds=frames["centre"].to_numpy() / table.grid.sample_rate,
        phone=frames["phone"].astype(object).fillna("").to_numpy(),
        distortion=frames["codeword_distortion"].to_numpy(),
    )
    made: dict[int, dict[str, Any]] = {}
    spent = 0
    for utterance, mine in rows.groupby("utterance", sort=False):
        heard = speech.hear(str(utterance)) if speech.policy == "embed" else None
        link = speech.link(str(utterance)) if speech.policy == "link" else None
        for at, row in zip(mine.index, mine.to_dict("records"), strict=True):
            one = _example(row, heard, link)
            spent += len(str(one))
            if spent > MOST_BYTES:
                break
            made[at] = one
    by_code: dict[str, list[dict[str, Any]]] = {}
    for at, code in zip(rows.index, rows["code"], strict=True):
        if at in made:
            by_code.setdefault(str(code), []).append(made[at])
    return by_code


def _example(row: dict[str, Any], heard: Heard | str | None, link: str | None) -> dict[str, Any]:
    start = max(0.0, row["seconds"] - SNIPPET_SECONDS / 2)
    stop = start + SNIPPET_SECONDS
    said = {
        "kind": row["kind"],
        "utterance": row["utterance"],
        "seconds": round(row["seconds"], 3),
        "phone": row["phone"],
        "distortion": float(f"{row['distortion']:.4g}"),
    }
    if isinstance(heard, Heard):
        picture = heard.picture(start, stop, SNIPPET_BANDS)
        sound = as_address(heard.cut(start, stop), heard.sample_rate, _THRIFT)
        return said | {"picture": None if picture is None else packed(picture), "audio": sound}
    return said | {"audio": link, "start": round(start, 3), "stop": round(stop, 3)}


def _note(table: IndexTable, n_codes: int, found: dict[str, list[dict[str, Any]]]) -> str:
    used = table.frames["codeword"].nunique()
    if not any(one["audio"] for some in found.values() for one in some):
        return "No examples to listen to: no recording could be read or is in a format that plays."
    if n_codes < used:
        return f"Examples of {n_codes} of {used} used codes, evenly along the axis."
    return ""

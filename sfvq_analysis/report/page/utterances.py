"""The utterances that a page shows: tiers, codes over time, sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.report.page.packing import packed
from sfvq_analysis.report.page.sounds import (
    SPECTROGRAM_SECONDS,
    Speech,
    envelope,
    marked_hertz,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sfvq_analysis.tables import IndexTable

MOST_SECONDS = 20.0
N_BANDS = 40
_WAVE_POINTS = 1200


def utterance_view(
    tables: Mapping[str, IndexTable],
    leading: str,
    utterance: str,
    speech: Speech,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return all that is shown of an utterance; of a long one a stretch drawn at random."""
    table = tables[leading]
    row = table.utterance(utterance)
    rate = int(row["sample_rate"])
    whole = float(row["n_samples"]) / rate
    start = 0.0 if whole <= MOST_SECONDS else round(float(rng.uniform(0, whole - MOST_SECONDS)), 2)
    stop = min(whole, start + MOST_SECONDS)
    segments, _ = table.of_utterance(utterance)
    groups = {group: at for at, group in enumerate(table.inventory.groups)}
    text = segments.loc[segments["tier"] == "text", "label"].astype(str)
    return {
        "id": utterance,
        "speaker": row["speaker"],
        "sex": row["sex"],
        "dialect": row["dialect"],
        "sentence": row["sentence"],
        "text": " ".join(text),
        "whole": whole,
        "start": start,
        "stop": stop,
        "phones": _tier(segments, "phone", rate, (start, stop), groups),
        "words": _tier(segments, "word", rate, (start, stop), {}),
        "tables": {name: _codes(one, utterance, (start, stop)) for name, one in tables.items()},
        **_sound(utterance, speech, (start, stop)),
    }


def _tier(
    segments: pd.DataFrame,
    tier: str,
    rate: int,
    span: tuple[float, float],
    groups: Mapping[str, int],
) -> list[list[Any]]:
    mine = segments[segments["tier"] == tier]
    return [
        [round(a / rate, 5), round(b / rate, 5), str(label), groups.get(group, -1)]
        for a, b, label, group in zip(
            mine["start"], mine["stop"], mine["label"], mine["phone_group"].astype(object),
            strict=True,
        )
        if a / rate < span[1] and b / rate > span[0]
    ]  # fmt: skip


def _codes(table: IndexTable, utterance: str, span: tuple[float, float]) -> dict[str, Any] | None:
    """Return times, indices and distortions of the frames; None where the table lacks it."""
    if utterance not in set(table.utterances["utterance"]):
        return None
    _, frames = table.of_utterance(utterance)
    seconds = frames["centre"].to_numpy() / table.grid.sample_rate
    inside = (seconds >= span[0]) & (seconds <= span[1])
    return {
        "seconds": np.round(seconds[inside], 5).tolist(),
        "index": frames["codeword"].to_numpy()[inside].tolist(),
        "distortion": [float(f"{one:.4g}") for one in frames["distortion"].to_numpy()[inside]],
    }


def _sound(utterance: str, speech: Speech, span: tuple[float, float]) -> dict[str, Any]:
    heard = speech.hear(utterance)
    if isinstance(heard, str):
        return {"why_no_sound": heard, "wave": None, "spectrogram": None, "audio": None}
    low, high = envelope(heard.cut(*span), _WAVE_POINTS)
    picture = heard.picture(*span, N_BANDS)
    sound = speech.whole(utterance, heard, span)
    return {
        "why_no_sound": "",
        "wave": {"low": packed(low), "high": packed(high)},
        "spectrogram": None if picture is None else packed(picture),
        "spectrogram_step": SPECTROGRAM_SECONDS,
        "hertz": marked_hertz(heard.sample_rate, N_BANDS),
        "audio": None if sound is None else sound.address,
        "audio_start": 0.0 if sound is None else span[0] - sound.start,
    }

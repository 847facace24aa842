"""All that a page shows, as one JSON-able mapping, and what may be left out of a page too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis import stats
from sfvq_analysis.report.page.codes import (
    NO_GROUP_COLOUR,
    code_columns,
    described_ranges,
    group_looks,
)
from sfvq_analysis.report.page.counts import histogram_sets
from sfvq_analysis.report.page.examples import examples_of
from sfvq_analysis.report.page.geometry import corner_geometry, transition_image
from sfvq_analysis.report.page.phone_cards import phone_columns
from sfvq_analysis.report.page.sampling import shown_utterances
from sfvq_analysis.report.page.utterances import utterance_view
from sfvq_analysis.report.statistics import QUICK_DRAWS, statistics_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.report.page.sounds import Speech
    from sfvq_analysis.tables import IndexTable

    Statistics = Mapping[str, Mapping[str, pd.DataFrame]]

SEED = 0
N_UTTERANCES = 12
_DETAILS = ("contexts", "before", "after", "speakers", "dialect")
NEEDED = ("claims", "describe_axis")


def needed_statistics(
    tables: Mapping[str, IndexTable], given: Statistics | None
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the statistics that a page shows: those given, others made anew with few draws.

    Of a table without a label there are no claims.
    """
    found = {}
    for name, table in tables.items():
        labelled = table.frames["phone"].notna().any()
        known = {one: frame for one, frame in (given or {}).get(name, {}).items() if one in NEEDED}
        missing = [one for one in NEEDED if one not in known and (labelled or one != "claims")]
        made = statistics_of(table, names=missing, inference=QUICK_DRAWS) if missing else {}
        found[name] = {**known, **made}
    return found


def table_content(
    table: IndexTable, description: pd.DataFrame, quantizer: Quantizer | None
) -> dict[str, Any]:
    """Return all that is shown of one table but its claims."""
    reductions = stats.reduce(table)
    return {
        "size": table.codebook_size,
        "curve": table.is_curve,
        "frames": len(table.frames),
        "unit": reductions.unit,
        "groups": group_looks(table),
        "no_group": NO_GROUP_COLOUR,
        "codes": code_columns(table, reductions),
        "ranges": described_ranges(description, table),
        "sets": histogram_sets(reductions, QUICK_DRAWS),
        "transitions": transition_image(reductions),
        "corners": corner_geometry(None if quantizer is None else quantizer.corners()),
        "phones": phone_columns(table, reductions),
    }


def speech_content(
    tables: Mapping[str, IndexTable], leading: str, speech: Speech
) -> dict[str, Any]:
    """Return the utterances and the examples that are shown of the leading table."""
    table, rng = tables[leading], np.random.default_rng(SEED)
    ids = shown_utterances(table, N_UTTERANCES, SEED)
    return {
        "utterances": [utterance_view(tables, leading, one, speech, rng) for one in ids],
        "examples": examples_of(table, speech, SEED),
        "audio": speech.policy,
    }


def _without_phone_bands(content: dict[str, Any]) -> str:
    for table in content["tables"].values():
        for name in ("61", "48", "39"):
            table["sets"][name]["bands"] = None
    return "bands of the phones' histograms"


def _without_other_foldings(content: dict[str, Any]) -> str:
    for table in content["tables"].values():
        table["sets"] = {k: v for k, v in table["sets"].items() if k not in {"48", "39"}}
    return "foldings of the phones to 48 and 39"


def _fewer_utterances(content: dict[str, Any]) -> str:
    content["utterances"] = content["utterances"][::4]
    return f"all but {len(content['utterances'])} utterances"


def _without_details(content: dict[str, Any]) -> str:
    for table in content["tables"].values():
        table["codes"] |= {name: [] for name in _DETAILS}
        table["corners"] = None
    return "contexts, moves, speakers and corners of the indices"


def _without_transitions(content: dict[str, Any]) -> str:
    for table in content["tables"].values():
        table["transitions"] = None
    return "transitions"


REDUCTIONS: tuple[Callable[[dict[str, Any]], str], ...] = (
    _without_phone_bands,
    _without_other_foldings,
    _fewer_utterances,
    _without_transitions,
    _without_details,
)
"""What is left out of a page that would be too large, one after the other, each saying what."""

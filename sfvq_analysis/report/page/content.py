"""All that a page shows, as one JSON-able mapping, and what may be left out of a page too large."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.report.page.codes import (
    NO_GROUP_COLOUR,
    code_columns,
    described_ranges,
    group_looks,
)
from sfvq_analysis.report.page.counts import histogram_sets
from sfvq_analysis.report.page.geometry import transition_image
from sfvq_analysis.report.page.listening import cards_to_hear
from sfvq_analysis.report.page.phone_cards import phone_columns
from sfvq_analysis.report.page.sampling import shown_utterances
from sfvq_analysis.report.page.utterances import utterance_view
from sfvq_analysis.report.statistics import QUICK_DRAWS, statistics_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from sfvq_analysis.report.page.sounds import Speech
    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import IndexTable

    Statistics = Mapping[str, Mapping[str, pd.DataFrame]]

SEED = 0
N_UTTERANCES = 12
_DETAILS = ("contexts", "before", "after", "speakers", "dialect")
NEEDED = ("claims", "describe_axis")


def needed_statistics(
    tables: Mapping[str, IndexTable], given: Statistics | None
) -> dict[str, dict[str, pd.DataFrame]]:
    """Return the statistics that a page shows: those given, others made anew with few draws."""
    found = {}
    for name, table in tables.items():
        known = {one: frame for one, frame in (given or {}).get(name, {}).items() if one in NEEDED}
        missing = [one for one in NEEDED if one not in known]
        made = statistics_of(table, names=missing, inference=QUICK_DRAWS) if missing else {}
        found[name] = {**known, **made}
    return found


def table_content(
    table: IndexTable,
    description: pd.DataFrame,
    reductions: Reductions,
    corners: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return all that is shown of one table but its claims.

    `corners` is of `corner_geometry`, `description` of `stats.describe_axis`.
    """
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
        "corners": corners,
        "phones": phone_columns(table, reductions),
    }


def speech_content(
    tables: Mapping[str, IndexTable],
    leading: str,
    speech: Speech,
    phones: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the utterances that are shown, and what is heard on cards.

    `phones` are the columns of each table's phones, by its name.
    """
    rng = np.random.default_rng(SEED)
    ids = shown_utterances(tables[leading], N_UTTERANCES, SEED)
    utterances = [utterance_view(tables, leading, one, speech, rng) for one in ids]
    odd = {
        name: {phone: known["odd"] for phone, known in of_one.items()}
        for name, of_one in phones.items()
        if tables[name].is_curve  # on a plain codebook no token is far from the others
    }
    spent = sum(len(one["audio"] or "") for one in utterances)
    return {
        "utterances": utterances,
        "n_utterances": int((tables[leading].utterances["n_frames"] > 0).sum()),
        "listening": cards_to_hear(tables, odd, speech, spent=spent, seed=SEED),
        "audio": speech.policy,
    }


def _without_phone_bands(content: dict[str, Any]) -> str:
    for table in content["tables"].values():
        for name in ("61", "48", "39"):
            table["sets"][name]["bands"] = None
    return "bands of the phones' histograms"


def _without_stages(content: dict[str, Any]) -> str:
    for ladder in content["stages"].values():
        for key in ladder["keys"]:
            if key not in content["names"]:
                del content["tables"][key]
    content["stages"] = {}
    return "bit rates below the full one"


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
    _without_stages,
    _fewer_utterances,
    _without_transitions,
    _without_details,
)
"""What is left out of a page that would be too large, one after the other, each saying what."""

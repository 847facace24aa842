"""What a page of several tables shows first: how they differ, paired."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.report.page.panels import lines_of_two
from sfvq_analysis.report.page.together import together, why_not_together
from sfvq_analysis.report.phone_differences import BETTER, phone_differences
from sfvq_analysis.stats.compare import ENOUGH_FITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from sfvq_analysis.report.paired import Paired
    from sfvq_analysis.stats import Reductions
    from sfvq_analysis.tables import IndexTable

FAMILIES = {
    "units": "what a codebook knows, in whatever order its codes are",
    "order": "what the order of its codes is worth",
}
_PHONE_MEASURES = {
    "bits": "bits that the index tells of the phone",
    "width": "shortest range with 80 % of the phone, share of the axis",
}


class Told(NamedTuple):
    """How a measure of `sfvq_analysis.stats.profiles` is called and explained to readers."""

    title: str
    meaning: str


_SHUFFLED = "less that of shuffled labels"
MEASURES = {
    "pnmi": Told("PNMI", f"share of the phones' information that the index tells, {_SHUFFLED}"),
    "phone_purity": Told(
        "phone purity", f"share of frames of the commonest phone of their index, {_SHUFFLED}"
    ),
    "group_js": Told("groups apart", "Jensen-Shannon distance of two groups' histograms, mean"),
    "perplexity": Told("perplexity", "how many codes are in even use"),
    "distortion": Told("distortion", "squared distance to the nearest codeword, mean"),
    "arcs": Told("PNMI of 16 arcs", f"what 16 stretches of the axis tell of phones, {_SHUFFLED}"),
    "split": Told(
        "consonants | vowels", "parted by one threshold, as a share of the best order's gain"
    ),
    "relative_step": Told(
        "step", "change of the index from frame to frame, of what it would be without order"
    ),
    "similar_pairs": Told(
        "similar phones", "distance of similar phones' histograms, of that of all phones"
    ),
    "adjacency": Told("adjacent peaks", "similar phones' peaks nearer than other phones'"),
    "morans_i": Told("Moran's I", "likeness of neighbouring codes' groups"),
    "range_width": Told(
        "width of groups", "shortest range with 80 % of a group, share of the axis"
    ),
    "feature_correlation": Told(
        "features and place", "correlation of phonological likeness and nearness on the axis"
    ),
}
_ROUNDING = 1e-12
_NUMBERS = (
    "effect", "low", "high", "baseline_effect", "baseline_low", "baseline_high", "difference",
    "difference_low", "difference_high", "p", "p_corrected",
)  # fmt: skip


def comparison_content(
    tables: Mapping[str, IndexTable], found: Paired, reductions: Mapping[str, Reductions]
) -> dict[str, Any]:
    """Return the differences of tables from one of them, a pair each."""
    frame, inference = found.frame, found.inference
    content: dict[str, Any] = {
        "baseline": found.baseline,
        "unpaired": list(found.unpaired.values()),
        "families": FAMILIES,
        "phone_measures": _PHONE_MEASURES,
        "level": inference.level,
        "n_draws": inference.n_bootstraps,
        "enough_fits": ENOUGH_FITS,
        "pairs": [],
    }
    if frame is None:
        return content
    content |= {"unit": frame["unit"].iloc[0], "n_units": int(frame["n_units"].max())}
    content["pairs"] = [
        {
            "name": str(name),
            "rows": [_row(row) for row in rows.to_dict("records")],
            "phones": _phones(
                phone_differences(reductions[str(name)], reductions[found.baseline], inference),
                tables[str(name)],
            ),
            "together": _together(tables, str(name), found.baseline),
            "python": lines_of_two(str(name), found.baseline),
        }
        for name, rows in frame.groupby("method", sort=False)
    ]
    return content


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("family", "measure", "better", "verdict", "reason")},
        **MEASURES[row["measure"]]._asdict(),
        **{name: _short(row[name]) for name in _NUMBERS},
    }


def _phones(frame: pd.DataFrame, table: IndexTable) -> dict[str, list[dict[str, Any]]]:
    """Return the differences of phones by measure, the largest first."""
    kept = [name for name in _NUMBERS if name in frame]
    inventory = table.inventory
    return {
        measure: [
            {
                **{name: row[name] for name in ("phone", "better", "verdict", "n_tokens")},
                "ipa": inventory.ipa(row["phone"]),
                "group": inventory.group_of(row["phone"]) or "",
                **{name: _short(row[name]) for name in kept},
            }
            for row in frame[frame["measure"] == measure].to_dict("records")
        ]
        for measure in BETTER
    }


def _together(tables: Mapping[str, IndexTable], name: str, baseline: str) -> dict[str, Any]:
    """Return joint counts with the curve across, or why there are none."""
    across, up = (name, baseline) if tables[name].is_curve else (baseline, name)
    why = why_not_together(tables[across], tables[up])
    found = {} if why else together(tables[across], tables[up])
    return {"across": across, "up": up, "why_not": why, **found}


def _short(value: float) -> float:
    """Return a number with as many digits as are read, without what is rounding only."""
    return 0.0 if abs(value) < _ROUNDING else float(f"{value:.5g}")

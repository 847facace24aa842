"""The stages of a curve's growth on the page: each a table of its own, and what each bit adds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sfvq_analysis import stats
from sfvq_analysis.errors import OptionError
from sfvq_analysis.report.page.content import table_content
from sfvq_analysis.report.page.geometry import corner_geometry
from sfvq_analysis.report.stages import stage_name
from sfvq_analysis.report.statistics import QUICK_DRAWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.report.stages import Stages
    from sfvq_analysis.tables import IndexTable

_FEW = replace(QUICK_DRAWS, n_permutations=20)  # of the null the mean alone is used
_SHOWN = {
    "bits": "bits", "codebook_size": "size", "used": "used", "perplexity": "perplexity",
    "corrected": "pnmi", "low": "pnmi_low", "high": "pnmi_high", "parent_share": "parent",
    "parent_low": "parent_low", "parent_high": "parent_high", "parent_null": "parent_null",
    "near_share": "near",
}  # fmt: skip


def checked_stages(tables: Mapping[str, IndexTable], stages: Stages | None) -> Stages:
    """Return the stages of tables, each below the table itself in bits.

    Raises
    ------
    OptionError
        If stages are of no table, or the name of one is a table's.
    """
    for name, of in (stages or {}).items():
        if name not in tables:
            raise OptionError(
                f"stages of {name!r} are given, and no such table",
                remedy=f"use one of {', '.join(map(repr, tables))}",
            )
        taken = [one for one in (stage_name(name, bits) for bits in of) if one in tables]
        if taken:
            raise OptionError(f"{taken[0]!r} is a table and a stage", remedy="rename the table")
        if any(2**bits >= tables[name].codebook_size for bits in of):
            raise OptionError(
                f"a stage of {name!r} has as many codes as its table",
                remedy="give the smaller ones only",
            )
    return {name: of for name, of in (stages or {}).items() if of}


def stage_tables(
    tables: Mapping[str, IndexTable], stages: Stages, quantizers: Mapping[str, Quantizer]
) -> dict[str, dict[str, Any]]:
    """Return what is shown of each stage, by `stage_name`, as of any other table."""
    return {
        stage_name(name, bits): _stage_table(stage, quantizers.get(name))
        for name in tables
        for bits, stage in stages.get(name, {}).items()
    }


def _stage_table(table: IndexTable, quantizer: Quantizer | None) -> dict[str, Any]:
    reductions = stats.reduce(table)
    description = stats.describe_axis(reductions, inference=QUICK_DRAWS)
    grown = {len(one): one for one in getattr(quantizer, "stages", ())}
    corners = grown.get(table.codebook_size)
    final = None if quantizer is None else quantizer.corners()
    return table_content(table, description, reductions, corner_geometry(corners, final))


def ladders(tables: Mapping[str, IndexTable], stages: Stages) -> dict[str, dict[str, Any]]:
    """Return the bit rates of each table that has stages: names of their tables, and measures."""
    return {name: _ladder(name, tables[name], of) for name, of in stages.items()}


def unheard_stages(found: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return why the cards of stages have no examples, by the keys of `ladders`."""
    return {
        key: f"Examples are of the indices at {of['bits'][-1]} bits: move the slider there."
        for of in found.values()
        for key in of["keys"][:-1]
    }


def _ladder(name: str, table: IndexTable, stages: Mapping[int, IndexTable]) -> dict[str, Any]:
    bits = table.codebook_size.bit_length() - 1
    found = stats.bit_ladder({**stages, bits: table}, inference=_FEW)
    rows = [
        {shown: _plain(row[known]) for known, shown in _SHOWN.items()}
        for row in found.to_dict("records")
    ]
    ordered = [int(row["bits"]) for row in rows]
    keys = [name if one == bits else stage_name(name, one) for one in ordered]
    return {"bits": ordered, "keys": keys, "rows": rows}


def _plain(value: float) -> float:
    return float(f"{value:.4g}") if isinstance(value, float) else value

"""The stages of a curve's growth, read in the same pass as the curve itself.

The table of a stage stands inside its curve's: ``tables/sfvq/bits3`` is what ``tables/sfvq`` was at
eight codes, and a table like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import SpaceFillingVQ
from sfvq_analysis.tables import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.tables import IndexTable

    Stages = Mapping[str, Mapping[int, IndexTable]]

_FOLDER = re.compile(r"bits([0-9]+)")


def stage_name(name: str, bits: int) -> str:
    """Return what the stage of so many bits of a curve is called.

    Examples
    --------
    >>> stage_name("sfvq", 3)
    'sfvq.bits3'
    """
    return f"{name}.bits{bits}"


def with_stages(quantizers: Mapping[str, Quantizer]) -> dict[str, Quantizer]:
    """Return quantizers and, by `stage_name`, the stages of those that are curves.

    Raises
    ------
    OptionError
        If a quantizer has the name of another one's stage.
    """
    stages = {
        stage_name(name, bits): stage
        for name, quantizer in quantizers.items()
        if isinstance(quantizer, SpaceFillingVQ)
        for bits, stage in quantizer.stage_quantizers().items()
    }
    twice = sorted(stages.keys() & quantizers.keys())
    if twice:
        raise OptionError(
            f"{twice[0]!r} is a quantizer and the stage of another", remedy="rename it"
        )
    return {**quantizers, **stages}


def parted(
    tables: Mapping[str, IndexTable], quantizers: Mapping[str, Quantizer]
) -> tuple[dict[str, IndexTable], dict[str, dict[int, IndexTable]]]:
    """Return the tables of quantizers, and those of stages by name and bits.

    Parameters
    ----------
    tables
        Of `with_stages` of `quantizers`.
    quantizers
        Without stages.
    """
    stages = {
        name: {bits: tables[stage_name(name, bits)] for bits in quantizer.stage_quantizers()}
        for name, quantizer in quantizers.items()
        if isinstance(quantizer, SpaceFillingVQ)
    }
    return (
        {name: tables[name] for name in quantizers},
        {name: of for name, of in stages.items() if of},
    )


def save_stages(stages: Mapping[int, IndexTable], folder: Path) -> None:
    """Write the tables of stages inside the folder of their curve's table."""
    for bits, table in stages.items():
        table.save(folder / f"bits{bits}")


def load_stages(folder: Path, table: IndexTable) -> dict[int, IndexTable]:
    """Return the tables of stages inside the folder of a table, by bits; none where none are.

    Raises
    ------
    OptionError
        If one of them is a stage of another codebook.
    """
    found = {}
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        match = _FOLDER.fullmatch(path.name)
        if match is None or not path.is_dir():
            continue
        stage = load_table(path)
        digests = (
            stage.provenance.get("quantizer", {}).get("fit", {}).get("stage_of"),
            table.provenance.get("quantizer", {}).get("codebook_digest"),
        )
        if digests[0] != digests[1]:
            raise OptionError(
                f"it is a stage of codebook {digests[0]}, and the table is of {digests[1]}",
                where=str(path),
                remedy="remove it, or index anew with --stages",
            )
        found[int(match[1])] = stage
    return found

"""The stages of a curve's growth, read in the same pass as the curve itself.

The table of a stage stands inside its curve's: ``tables/sfvq/bits3`` is what ``tables/sfvq`` was at
eight codes, and a table like any other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import SpaceFillingVQ
from sfvq_analysis.tables import load_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.tables import IndexTable

    Stages = Mapping[str, Mapping[int, IndexTable]]

Table = TypeVar("Table")
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
    stages = {stage_name(*key): stage for key, stage in _stages_of(quantizers).items()}
    twice = sorted(stages.keys() & quantizers.keys())
    if twice:
        raise OptionError(
            f"{twice[0]!r} is a quantizer and the stage of another", remedy="rename it"
        )
    return {**quantizers, **stages}


def table_folders(quantizers: Mapping[str, Quantizer], folder: Path) -> dict[str, Path]:
    """Return where the table of each of `with_stages` of quantizers goes, below a folder."""
    return {
        **{name: folder / name for name in quantizers},
        **{
            stage_name(name, bits): folder / name / f"bits{bits}"
            for name, bits in _stages_of(quantizers)
        },
    }


def parted(
    tables: Mapping[str, Table], quantizers: Mapping[str, Quantizer]
) -> tuple[dict[str, Table], dict[str, dict[int, Table]]]:
    """Return the tables of quantizers, and those of stages by name and bits.

    Parameters
    ----------
    tables
        Of `with_stages` of `quantizers`, or what was written of them.
    quantizers
        Without stages.
    """
    stages: dict[str, dict[int, Table]] = {}
    for name, bits in _stages_of(quantizers):
        stages.setdefault(name, {})[bits] = tables[stage_name(name, bits)]
    return {name: tables[name] for name in quantizers}, stages


def _stages_of(quantizers: Mapping[str, Quantizer]) -> dict[tuple[str, int], Quantizer]:
    """Return the stages of those that are curves, by name and bits."""
    return {
        (name, bits): stage
        for name, quantizer in quantizers.items()
        if isinstance(quantizer, SpaceFillingVQ)
        for bits, stage in quantizer.stage_quantizers().items()
    }


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

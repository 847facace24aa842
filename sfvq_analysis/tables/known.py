"""What is known of a table besides its frames, as its files keep it."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.errors import TableError
from sfvq_analysis.phones import PhoneInventory
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMAT = 1


class Known(NamedTuple):
    """Size of the codebook, grid, provenance and inventory, as `IndexTable` has them."""

    codebook_size: int
    grid: FrameGrid
    provenance: Mapping[str, Any]
    inventory: PhoneInventory

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(
            {
                "format": _FORMAT,
                "codebook_size": self.codebook_size,
                "grid": asdict(self.grid),
                "provenance": dict(self.provenance),
                "inventory": self.inventory.to_json(),
            },
            sort_keys=True,
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Known:
        """Return what `to_json` wrote.

        Raises
        ------
        TableError
            If it isn't that.
        """
        try:
            known = json.loads(text)
        except (ValueError, RecursionError):
            known = None
        wanted = {"format", "codebook_size", "grid", "provenance"}
        if (
            not isinstance(known, dict)
            or known.get("format") != _FORMAT
            or not wanted <= known.keys()
        ):
            raise TableError("its files hold no provenance of ours", remedy="save the table anew")
        size, grid, provenance = (known[name] for name in ("codebook_size", "grid", "provenance"))
        sound = type(size) is int and isinstance(provenance, dict) and isinstance(grid, dict)
        if not sound or grid.keys() != {one.name for one in fields(FrameGrid)}:
            raise TableError("its provenance is damaged", remedy="save the table anew")
        stored = known.get("inventory")
        inventory = PhoneInventory() if stored is None else PhoneInventory.from_json(stored)
        return cls(size, FrameGrid(**grid), provenance, inventory)

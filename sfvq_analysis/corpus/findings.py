"""What to do with what is wrong in a tree: stop at it, or leave it out and keep a list."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sfvq_analysis.errors import ErrorPolicy, check_option

if TYPE_CHECKING:
    from sfvq_analysis.errors import CorpusError


class Skipped(NamedTuple):
    """Something that was left out: where it is, and why."""

    place: str
    reason: str


@dataclass
class Findings:
    """Refusals while a tree is scanned.

    Attributes
    ----------
    on_error
        ``"raise"`` stops at the first refusal, ``"skip"`` lists it.
    skipped
        What was left out, in the order it was met.
    """

    on_error: ErrorPolicy = "raise"
    skipped: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_option("on_error", self.on_error, ("raise", "skip"))

    def refuse(self, error: CorpusError) -> None:
        """Raise an error, or note it."""
        if self.on_error == "raise":
            raise error
        self.skipped.append(Skipped(error.where or "", error.what))

"""The kit of malformed and awkward inputs: all its cases, and the files they need.

Run as ``python tests/badinputs/make_kit.py FOLDER`` (with ``tests`` on the path) it writes the kit
and a list of what each case must answer.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from badinputs import (
    archive_cases,
    audio_cases,
    checkpoint_cases,
    csv_cases,
    ctm_cases,
    eaf_cases,
    emu_cases,
    esps_cases,
    harder_audio_cases,
    harder_label_cases,
    harder_tree_cases,
    htk_cases,
    latent_cases,
    number_cases,
    path_cases,
    table_cases,
    text_cases,
    textgrid_cases,
    timit_cases,
    tree_cases,
)

if TYPE_CHECKING:
    from badinputs.case import Case

_PARTS = (
    audio_cases,
    number_cases,
    text_cases,
    timit_cases,
    textgrid_cases,
    htk_cases,
    ctm_cases,
    csv_cases,
    eaf_cases,
    emu_cases,
    esps_cases,
    checkpoint_cases,
    latent_cases,
    archive_cases,
    tree_cases,
    table_cases,
    harder_audio_cases,
    harder_label_cases,
    harder_tree_cases,
    path_cases,
)


def cases_of(*calls: str) -> tuple[Case, ...]:
    """Return the cases that make one of some calls, all by default; names are unique."""
    return tuple(case for case in _all_cases() if not calls or case.call in calls)


@functools.cache
def _all_cases() -> tuple[Case, ...]:
    cases = tuple(case for part in _PARTS for case in part.cases())
    assert len({case.name for case in cases}) == len(cases)
    return cases


def make(folder: Path, cases: tuple[Case, ...] | None = None) -> None:
    """Write the files of cases, each below a folder of its name; the same bytes every time."""
    for case in cases_of() if cases is None else cases:
        case.write(folder)


def listed() -> str:
    """Return one line a case: name, call, and what it must answer."""
    lines = []
    for case in cases_of():
        answers = []
        if case.value is not None:
            answers.append("value")
        if case.refusal is not None:
            answers.append(f"{case.refusal.kind} /{case.refusal.cause}/ {case.refusal.place!r}")
        lines.append(f"{case.name}\t{case.call}\t{' or '.join(answers)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    make(Path(sys.argv[1]))
    print(listed(), end="")  # noqa: T201

"""A table whose names try to break out of a page, and the names."""

from __future__ import annotations

from dataclasses import replace

from made_tables import random_table
from renamed_tables import renamed

from sfvq_analysis.phones import PhoneGroups, PhoneSet

NASTY = (
    "</script><img src=x onerror=alert(1)>",
    "<!--<script>",
    "\"'`&amp;",
    "\u202eevil",
    "👩\u200d🔬",
    "_hidden",
    "$$x^2$$",
    "\\(y\\)",
    "a\x01b",
    "{{ 7 * 7 }}",
    "@{label}",
)
_PHONES = ("h#", "s", "z", "f", "iy", "aa", "m", "n", "l", "r", "sh")


def nasty_table(codebook_size=8):
    """Return a table in which labels, groups, ids, speakers and provenance are nasty."""
    table = random_table(0, n_utterances=24, phones=(*_PHONES, None), codebook_size=codebook_size)
    names = dict(zip(_PHONES, NASTY, strict=True))
    printable = [one for one in NASTY if one.isprintable()]  # files of groups have no others
    groups = {one: f"_of {printable[at // 3]}" for at, one in enumerate(printable)}
    table = renamed(table, PhoneSet("none", PhoneGroups.of(groups)), names)
    said = table.utterances
    ids = [f"{one}{NASTY[at % len(NASTY)]}" for at, one in enumerate(said["utterance"])]
    speakers = [f"{one}{NASTY[at % 3]}" for at, one in enumerate(said["speaker"])]
    return replace(
        table,
        utterances=said.assign(utterance=ids, speaker=speakers, sentence=NASTY[0]),
        segments=table.segments.assign(
            utterance=table.segments["utterance"].cat.rename_categories(ids)
        ),
        frames=table.frames.assign(utterance=table.frames["utterance"].cat.rename_categories(ids)),
        provenance={
            "corpus": {"name": NASTY[0], "notes": NASTY[2]},
            "encoder": {"encoder": NASTY[1]},
        },
    )

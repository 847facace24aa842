"""What was read and how, and whether the codebook is well: header, health and alarms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sfvq_analysis import stats
from sfvq_analysis.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sfvq_analysis.tables import IndexTable

NOTHING = "n/a"
_MANY_DEAD, _MOST, _FEW, _UNLABELLED, _DIFFERING = 0.5, 0.5, 0.1, 0.2, 0.1


class Row(NamedTuple):
    """A row of the header or of health: what it tells, and a text for each table."""

    term: str
    values: tuple[str, ...]

    @property
    def shared(self) -> str | None:
        """The text that all tables have, None where they differ."""
        return self.values[0] if len(set(self.values)) == 1 else None


def brief(tables: Mapping[str, IndexTable]) -> list[tuple[str, str]]:
    """Return the name of each table and, in one line, what it is of."""
    terms = ("corpus", "speech", "encoder", "quantizer")
    facts = [(name, dict(_facts(table))) for name, table in tables.items()]
    return [(name, "; ".join(known[term] for term in terms)) for name, known in facts]


def header(tables: Mapping[str, IndexTable], command: str, seed: int) -> list[Row]:
    """Return where each table comes from, a row a fact; facts that no table has are left out."""
    by_table = [dict(_facts(table)) for table in tables.values()]
    terms = dict.fromkeys(term for facts in by_table for term in facts)
    rows = [Row(term, tuple(facts.get(term, NOTHING) for facts in by_table)) for term in terms]
    n = len(by_table)
    return [
        *rows,
        Row("page", (f"sfvq_analysis {VERSION}, samples drawn with seed {seed}",) * n),
        Row("command", (command or "not recorded",) * n),
    ]


def health(tables: Mapping[str, IndexTable]) -> list[Row]:
    """Return how each codebook is used and how much of the speech is labelled."""
    by_table = [dict(_health(table)) for table in tables.values()]
    return [Row(term, tuple(one[term] for one in by_table)) for term in by_table[0]]


def alarms(tables: Mapping[str, IndexTable]) -> list[str]:
    """Return what a reader must know before believing anything on the page, a sentence each."""
    return [f"{name}: {said}" for name, table in tables.items() for said in _alarms(table)]


def differing_share(table: IndexTable) -> float | None:
    """Return the share of frames that the paper's rule puts at another point of the curve.

    The rule looks at the two segments at the nearest corner. It differs exactly where the nearest
    point of the whole curve is on neither of them. None where the table can't tell: a plain
    codebook, or codes made by that rule.
    """
    mode = table.provenance.get("options", {}).get("mode", "exact")
    if not table.is_curve or mode != "exact":
        return None
    corner = table.frames["codeword"].to_numpy()
    segment = table.frames["curve_segment"].to_numpy()
    return float(((corner != segment) & (corner != segment + 1)).mean())


def _facts(table: IndexTable) -> Iterator[tuple[str, str]]:
    known = table.provenance
    corpus = known.get("corpus", {})
    notes = f" ({corpus['notes']})" if corpus.get("notes") else ""
    said = table.utterances
    yield "corpus", f"{corpus.get('name', 'unknown')}{notes}"
    yield "split", _named(said["split"]) or "none"
    yield (
        "speech",
        (
            f"{len(said):,} utterances, {len(table.frames):,} frames, "
            f"{said['speaker'].nunique():,} speakers{_sexes(table)}"
        ),
    )
    inventory = table.inventory
    yield (
        "phone set",
        ", ".join(filter(None, [inventory.phone_set, inventory.source, inventory.note])),
    )
    encoder = known.get("encoder", {})
    yield "encoder", _options(encoder, "encoder") or "unknown"
    if known.get("encoder_digest"):
        yield "encoder digest", str(known["encoder_digest"])
    quantizer = known.get("quantizer", {})
    kind = "curve" if table.is_curve else "plain codebook"
    yield "quantizer", f"{quantizer.get('kind', kind)}, {_bits(table.codebook_size)}"
    fit = {k: v for k, v in quantizer.get("fit", {}).items() if k != "encoder_digest"}
    if fit:
        yield "fit", _options(fit)
    if quantizer.get("codebook_digest"):
        yield "codebook digest", str(quantizer["codebook_digest"])
    if known.get("options"):
        yield "policies", _options(known["options"])
    if known.get("counted"):
        yield "counted", _options({k.replace("_", " "): v for k, v in known["counted"].items()})
    grid = table.grid
    yield (
        "grid",
        (
            f"a frame each {1000 * grid.hop / grid.sample_rate:g} ms "
            f"(hop {grid.hop}, offset {grid.offset} at {grid.sample_rate} Hz)"
        ),
    )
    if known.get("version"):
        yield "table made by", f"sfvq_analysis {known['version']}"


def _health(table: IndexTable) -> Iterator[tuple[str, str]]:
    used = stats.usage(table).iloc[0]
    frames = table.frames
    yield "frames", f"{len(frames):,}"
    yield "codes used", f"{int(used['used'])} of {table.codebook_size}"
    yield "dead codes", _dead(table)
    yield "perplexity", _number(used["perplexity"])
    yield "commonest code", f"{_percent(used['top_share'])} of all frames"
    corner, curve = frames["codeword_distortion"].mean(), frames["distortion"].mean()
    yield "squared distance to the codeword", _number(corner)
    yield "squared distance to the curve", _number(curve) if table.is_curve else "no curve"
    differing = differing_share(table)
    yield (
        "projected otherwise by the paper's two-segment rule",
        _percent(differing) if differing is not None else _why_not_differing(table),
    )
    yield "frames without a label", _percent(_unlabelled(table))
    yield "frames of phones in no group", _percent(_outside_groups(table))


def _alarms(table: IndexTable) -> Iterator[str]:
    if len(table.frames) == 0:
        yield "there is no frame."
        return
    used = stats.usage(table).iloc[0]
    size = table.codebook_size
    if used["used"] == 1 or used["perplexity"] < max(2.0, _FEW * size / 2):
        yield f"the codebook has collapsed: a perplexity of {used['perplexity']:.1f} of {size}."
    if used["top_share"] > _MOST:
        yield f"one code has {_percent(used['top_share'])} of all frames."
    if used["dead"] > _MANY_DEAD * size:
        yield f"{used['dead']} of {size} codes have no frame."
    if len(table.frames) < 10 * size:
        yield f"{len(table.frames):,} frames are few for {size} codes."
    unlabelled = _unlabelled(table)
    if unlabelled == 1:
        yield "no frame has a label: nothing can be said of phones."
    elif unlabelled > _UNLABELLED:
        yield f"{_percent(unlabelled)} of the frames have no label."
    differing = differing_share(table)
    if differing is not None and differing > _DIFFERING:
        yield f"the paper's two-segment rule puts {_percent(differing)} of the frames elsewhere."
    if table.utterances["speaker"].nunique() < 2:
        yield "there is one speaker: intervals resample utterances and say nothing of others."


def _unlabelled(table: IndexTable) -> float:
    return float(table.frames["phone"].isna().mean()) if len(table.frames) else 0.0


def _outside_groups(table: IndexTable) -> float:
    """Return the share of frames that have a label, but no group."""
    if not len(table.frames):
        return 0.0
    frames = table.frames
    return float((frames["phone"].notna() & frames["phone_group"].isna()).mean())


def _why_not_differing(table: IndexTable) -> str:
    return "codes were made by that rule" if table.is_curve else "no curve"


def _dead(table: IndexTable) -> str:
    ranges = stats.dead_codes(table)
    spans = [
        str(first) if first == last else f"{first}-{last}"
        for first, last in zip(ranges["first"], ranges["last"], strict=True)
    ]
    n_dead = int(ranges["n_codes"].sum())
    shown = ", ".join(spans[:8]) + (", …" if len(spans) > 8 else "")
    return f"{n_dead}: {shown}" if n_dead else "none"


def _sexes(table: IndexTable) -> str:
    speakers = table.utterances.drop_duplicates("speaker")
    counts = speakers.loc[speakers["sex"] != "", "sex"].value_counts().sort_index()
    return f" ({', '.join(f'{n} {sex}' for sex, n in counts.items())})" if len(counts) else ""


def _named(values: Any) -> str:
    return ", ".join(sorted({str(one) for one in values} - {""}))


def _options(options: Mapping[str, Any], first: str | None = None) -> str:
    head = [str(options[first])] if first is not None and first in options else []
    return ", ".join([*head, *(f"{k} {_short(v)}" for k, v in options.items() if k != first)])


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _bits(size: int) -> str:
    bits = np.log2(size)
    return f"{int(bits)} bits ({size} codes)" if bits == int(bits) else f"{size} codes"


def _number(value: float) -> str:
    return NOTHING if np.isnan(value) else f"{value:.4g}"


def _percent(share: float) -> str:
    return NOTHING if np.isnan(share) else f"{100 * share:.3g} %"

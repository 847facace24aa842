"""What notebooks show of an object: a few facts and a preview, as a small piece of HTML.

Every text is escaped here, whatever it holds; there is no style, script, link or picture in it, so
that a notebook's own look holds. Objects give their facts; nothing of them is computed that a
repr wouldn't.
"""

from __future__ import annotations

import re
from collections import Counter
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Features
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.tables import IndexDataset, IndexTable
    from sfvq_analysis.voice import VoiceModel

MOST_ROWS = 5
LONGEST_TEXT = 80
_UNSHOWN = re.compile("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls, what turns the direction of text that follows, and halves of a pair."""
_KNOWN_OF_UTTERANCE = ("id", "speaker", "sex", "dialect", "sentence", "split")
_KNOWN_OF_FRAME = ("utterance", "frame", "phone", "phone_group", "codeword", "position")


class Preview(NamedTuple):
    """Some of many rows: names of columns, rows of cells, how many rows there are in all."""

    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    n_rows: int


def as_html(title: str, facts: Mapping[str, object], preview: Preview | None = None) -> str:
    """Return a heading, a list of facts and the first rows of a preview, as HTML.

    Parameters
    ----------
    title
        What it is.
    facts
        In this order; those that are empty or None are left out.
    preview
        Of it five rows are shown at most.

    Examples
    --------
    >>> as_html("Corpus", {"name": "<b>", "notes": ""})
    '<div><strong>Corpus</strong><table><tbody><tr><th>name</th><td>&lt;b&gt;</td></tr></tbody></table></div>'
    """
    known = {name: value for name, value in facts.items() if value not in ("", None)}
    listed = "".join(f"<tr>{_th(name)}{_td(value)}</tr>" for name, value in known.items())
    parts = [f"<strong>{_text(title)}</strong>", f"<table><tbody>{listed}</tbody></table>"]
    if preview is not None and preview.n_rows:
        rows = list(islice(preview.rows, MOST_ROWS))
        head = "".join(map(_th, preview.columns))
        body = "".join(f"<tr>{''.join(map(_td, row))}</tr>" for row in rows)
        parts += [
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
            f"<small>{len(rows)} of {preview.n_rows:,} rows</small>",
        ]
    return f"<div>{''.join(parts)}</div>"


def table_html(table: IndexTable) -> str:
    """Return what notebooks show of an index table."""
    labelled = int(table.frames["phone"].notna().sum())
    utterances = table.utterances
    n_speakers = int(utterances["speaker"].replace("", None).nunique())
    known = known_of_index(table.provenance)
    facts = {
        "corpus": known.pop("corpus"),
        "utterances": joined(
            f"{len(utterances):,}", f"{n_speakers:,} speakers" if n_speakers else None
        ),
        "frames": joined(f"{len(table.frames):,}", f"{labelled:,} with a phone"),
        "codes": joined(
            f"{table.codebook_size:,}",
            f"{'curve' if table.is_curve else 'plain codebook'}",
            f"{table.frames['codeword'].nunique():,} in use",
        ),
        "grid": f"{table.grid.sample_rate / table.grid.hop:g} frames a second",
        "phones": joined(table.inventory.phone_set, table.inventory.source),
        **known,
    }
    return as_html("IndexTable", facts, _frames(table))


def dataset_html(dataset: IndexDataset) -> str:
    """Return what notebooks show of a dataset; no frame is read for it."""
    known = known_of_index(dataset.provenance)
    facts = {
        "place": dataset.store.where(),
        "corpus": known.pop("corpus"),
        "utterances": f"{dataset.n_utterances:,}",
        "frames": f"{dataset.n_frames:,}",
        "codes": f"{dataset.codebook_size:,}",
        "grid": f"{dataset.grid.sample_rate / dataset.grid.hop:g} frames a second",
        "phones": joined(dataset.inventory.phone_set, dataset.inventory.source),
        **known,
    }
    columns = ("shard", "first utterance", "utterances", "frames")
    return as_html("IndexDataset", facts, Preview(columns, dataset.shards, len(dataset)))


def known_of_index(provenance: Mapping[str, Any]) -> dict[str, object]:
    """Return the facts that an index's provenance holds: corpus, quantizer, encoder and so on."""
    quantizer, corpus = provenance.get("quantizer", {}), provenance.get("corpus", {})
    encoder = provenance.get("encoder", {}).get("encoder")
    return {
        "corpus": joined(corpus.get("name"), corpus.get("notes")),
        "quantizer": joined(quantizer.get("name"), quantizer.get("codebook_digest")),
        "encoder": joined(encoder, provenance.get("encoder_digest")),
        "left out": joined(*_skipped(provenance.get("skipped"))),
        "version": provenance.get("version"),
    }


def corpus_html(corpus: Corpus) -> str:
    """Return what notebooks show of a corpus; no file is read for it."""
    speakers = {utterance.speaker for utterance in corpus} - {""}
    splits = Counter(utterance.split for utterance in corpus if utterance.split)
    tiers = sorted({tier for utterance in corpus for tier in utterance.labels})
    facts = {
        "name": corpus.name,
        "notes": corpus.notes,
        "utterances": f"{len(corpus):,}",
        "speakers": f"{len(speakers):,}" if speakers else None,
        "splits": joined(*(f"{name} {count:,}" for name, count in sorted(splits.items()))),
        "labels": joined(*tiers) or "none",
        "left out": joined(*_skipped(corpus.skipped)),
    }
    columns = [name for name in _KNOWN_OF_UTTERANCE if any(getattr(one, name) for one in corpus)]
    rows = ([getattr(utterance, name) for name in columns] for utterance in corpus)
    return as_html("Corpus", facts, Preview(columns, rows, len(corpus)))


def quantizer_html(quantizer: Quantizer) -> str:
    """Return what notebooks show of a codebook."""
    provenance = quantizer.provenance
    fit = provenance.fit
    n_frames = fit.get("n_frames")
    facts = {
        "codewords": f"{quantizer.codebook_size:,}",
        "dimensions": f"{quantizer.dim:,}",
        "digest": quantizer.digest,
        "fitted by": fit.get("method"),
        "on": f"{n_frames:,} frames" if isinstance(n_frames, int) else None,
        "seed": fit.get("seed"),
        "encoder": joined(provenance.encoder.get("encoder"), fit.get("encoder_digest")),
        "order": "by what follows what in time" if fit.get("temporal") else None,
        "file": quantizer.source,
    }
    return as_html(type(quantizer).__name__, facts)


def features_html(features: Features) -> str:
    """Return what notebooks show of frames of latents."""
    grid, values = features.grid, features.values
    facts = {
        "frames": f"{len(values):,}",
        "dimensions": f"{values.shape[1]:,}",
        "grid": f"{grid.sample_rate / grid.hop:g} frames a second",
        "stretches": f"{len(features.lengths):,}" if features.lengths else "order unknown",
        "encoder": joined(*(f"{name} {value}" for name, value in features.encoder.items())),
    }
    columns = [str(one) for one in range(min(values.shape[1], MOST_ROWS))]
    columns += ["…"] if values.shape[1] > MOST_ROWS else []
    rows = (
        [f"{one:.4g}" for one in row[:MOST_ROWS]] + ["…"] * (len(row) > MOST_ROWS) for row in values
    )
    return as_html("Features", facts, Preview(columns, rows, len(values)))


def voice_model_html(model: VoiceModel) -> str:
    """Return what notebooks show of a voice conversion model."""
    quantizer = model.quantizer
    names = sorted(model.speakers)
    facts = {
        "voices": f"{len(names):,}",
        "such as": joined(*names[:MOST_ROWS]),
        "codebook": joined(type(quantizer).__name__, quantizer.codebook_size, quantizer.digest),
        "weights": f"{sum(one.numel() for one in model.nets.parameters()):,}",
        **{name: value for name, value in model.card.items() if isinstance(value, str | int)},
    }
    return as_html("VoiceModel", facts)


def _frames(table: IndexTable) -> Preview:
    """Return the first frames, without joining the others."""
    frames = table.frames.head(MOST_ROWS)
    position = frames["curve_segment"] + frames["t"].astype("float64")
    shown = frames.assign(position=position.round(3))
    columns = [name for name in _KNOWN_OF_FRAME if name != "position" or table.is_curve]
    return Preview(columns, shown[columns].astype(object).to_numpy(), len(table.frames))


def _skipped(skipped: Sequence[object] | None) -> list[str]:
    return [f"{len(skipped):,} utterances"] if skipped else []


def joined(*parts: object) -> str:
    """Return texts beside each other, without those that are empty or None."""
    return " · ".join(str(part) for part in parts if part not in ("", None))


def _th(value: object) -> str:
    return f"<th>{_text(value)}</th>"


def _td(value: object) -> str:
    return f"<td>{_text(value)}</td>"


def _text(value: object) -> str:
    """Return a value as text that can't be markup; long ones are cut, missing ones are a dash."""
    if value is None or _is_missing(value):
        return "-"
    text = str(value)
    whole = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
    return escape(_UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", whole), quote=True)


def _is_missing(value: Any) -> bool:
    """Tell whether a value is NaN or NA, without needing pandas."""
    try:
        return bool(value != value)  # noqa: PLR0124 (NaN alone differs from itself)
    except TypeError:  # NA has no truth value
        return True

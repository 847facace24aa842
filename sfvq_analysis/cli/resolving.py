"""From the texts of a command line to corpora, encoders, quantizers and tables."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sfvq_analysis.errors import OptionError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.corpus.layout import Labels
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.encoders.protocol import EncoderConfig
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.tables import Indexed, IndexTable

_HOLD_OUT = re.compile(r"([0-9]+)/([0-9]+)")
_NAMED = {
    "vqvae": "name that model with --encoder vqvae:FILE",
    "latents": "name their place with --encoder latents:PATH",
    "hf": "name that model with --encoder hf:MODEL@LAYER",
    "module": "name that file with --encoder module:FILE.py:FACTORY",
}
_EVERYTHING = "all"
LISTED = 20
"""Of what was skipped for one reason, no more are named on a terminal; records hold all."""
FEW_FRAMES = 10
"""Fewer frames than this for a codeword are few to fit it on."""


def command_line() -> str:
    """Return the command as it was typed, without the path of the program."""
    return shlex.join(["sfvq", *sys.argv[1:]])


def find_corpus(
    root: str,
    labels: Labels,
    *,
    tier: str | None = None,
    label_place: str | None = None,
    speakers: str | None = None,
    channel: int | None = None,
    on_error: ErrorPolicy = "raise",
    sa: bool = True,
    split: str | None = None,
    note: str | None = None,
) -> Corpus:
    """Return the corpus that CORPUS and the options of the same names as these say."""
    from sfvq_analysis.corpus import load_corpus

    if speakers is not None and labels == "timit":
        raise OptionError("--speakers is given for TIMIT", remedy="its paths tell speakers")
    corpus = load_corpus(
        root,
        labels,
        tier=_tiers(tier),
        label_place=label_place,
        pattern=speakers,
        on_error=on_error,
    )
    if channel is not None:
        corpus = corpus.with_channel(channel)
    if note is not None:
        corpus = replace(corpus, notes=note)
    if not sa:
        kept = [u.id for u in corpus if u.sentence_type != "sa"]
        corpus = corpus.select(id=kept)
    return corpus if split in (None, _EVERYTHING) else corpus.select(split=split)


def find_recordings(root: str, labels: Labels, channel: int | None = None) -> Corpus:
    """Return a corpus of which only the audio is needed: its labels are in a table already."""
    from sfvq_analysis.corpus.timit import is_timit

    path = Path(root)
    named = str(root) == "demo" and not path.exists()
    if labels == "auto" and not named and not is_timit(path):
        labels = "none"
    return find_corpus(root, labels, channel=channel)


def _tiers(text: str | None) -> str | dict[str, str] | None:
    """Return what ``--tier PHONES`` or ``--tier PHONES,WORDS`` names."""
    if text is None or "," not in text:
        return text
    names = text.split(",")
    if len(names) > 2:
        raise OptionError(f"tier is {text!r}", remedy="write PHONES or PHONES,WORDS")
    return dict(zip(("phone", "word"), names, strict=True))


def find_encoder(
    spec: str | None,
    quantizers: Mapping[str, Quantizer],
    *,
    device: str = "cpu",
    half: bool = False,
) -> Encoder:
    """Return the encoder named, else the one the quantizers were fitted on, else ``mel``."""
    return find_encoder_maker(spec, quantizers, device=device, half=half)()


def find_encoder_maker(
    spec: str | None,
    quantizers: Mapping[str, Quantizer],
    *,
    device: str = "cpu",
    half: bool = False,
) -> Callable[[], Encoder]:
    """Return what makes the encoder that `find_encoder` gives, wherever it is called."""
    from sfvq_analysis.encoders import load_encoder

    if spec is not None:
        return partial(load_encoder, spec, device=device, half=half)
    stated = [q.provenance.encoder for q in quantizers.values() if q.provenance.encoder]
    if stated:
        return partial(_encoder_stated, stated[0])
    if quantizers:
        files = ", ".join(quantizer.source for quantizer in quantizers.values())
        raise OptionError(
            "no codebook says which encoder it belongs to",
            where=files,
            remedy="name it with --encoder",
        )
    return partial(load_encoder, "mel")


def _encoder_stated(config: EncoderConfig) -> Encoder:
    """Return the encoder that a codebook states, if that says all of it."""
    from sfvq_analysis.encoders.registry import encoder_of

    try:
        return encoder_of(config)
    except OptionError as error:
        raise OptionError(error.what, remedy=_NAMED.get(config["encoder"], error.remedy)) from error


def find_quantizers(paths: Sequence[Path]) -> dict[str, Quantizer]:
    """Return quantizers by the names of their files."""
    from sfvq_analysis.quantizers import load_quantizer

    return {name: load_quantizer(path) for name, path in _by_name(paths).items()}


def find_codebook(path: Path, tables: Mapping[str, Indexed]) -> NDArray[np.float32]:
    """Return the corners of a codebook that one of the tables was read with."""
    return next(iter(find_codebooks([path], tables).values()))


def find_codebooks(
    paths: Sequence[Path], tables: Mapping[str, Indexed]
) -> dict[str, NDArray[np.float32]]:
    """Return the corners of codebooks by the names of the tables that were read with them."""
    return {name: one.corners() for name, one in find_quantizers_of(paths, tables).items()}


def find_quantizers_of(
    paths: Sequence[Path], tables: Mapping[str, Indexed]
) -> dict[str, Quantizer]:
    """Return codebooks by the names of the tables that were read with them."""
    from sfvq_analysis.quantizers import load_quantizer

    digests = {
        name: str(table.provenance.get("quantizer", {}).get("codebook_digest", "unknown"))
        for name, table in tables.items()
    }
    found: dict[str, Quantizer] = {}
    for path in paths:
        quantizer = load_quantizer(path)
        read = [name for name, digest in digests.items() if digest == quantizer.digest]
        if not read:
            raise OptionError(
                f"codebook {quantizer.digest} read none of the tables "
                f"({', '.join(digests.values())})",
                where=str(path),
                remedy="give the one they were made with",
            )
        found |= dict.fromkeys(read, quantizer)
    return found


def find_tables(folders: Sequence[Path]) -> dict[str, Indexed]:
    """Return tables, and datasets in shards, by the names of their folders."""
    from sfvq_analysis.tables import open_table

    return {name: open_table(path) for name, path in _by_name(folders).items()}


def find_seen_tables(folders: Sequence[Path]) -> dict[str, IndexTable]:
    """Return tables by the names of their folders; of a large dataset a sample."""
    from sfvq_analysis.report.seen import seen_tables

    return seen_tables(find_tables(folders))


def find_methods(texts: Sequence[str]) -> dict[str, list[Indexed]]:
    """Return the tables of each method that ``[NAME=]TABLE[,TABLE...]`` names."""
    from sfvq_analysis.tables import open_table

    folders: dict[str, list[Path]] = {}
    for text in texts:
        name, paths = _named_paths(text)
        if name in folders:
            raise OptionError(
                f"two methods are called {name!r}", remedy="write NAME=TABLE to tell them apart"
            )
        folders[name] = paths
    return {name: [open_table(path) for path in paths] for name, paths in folders.items()}


def _named_paths(text: str) -> tuple[str, list[Path]]:
    name, named, rest = text.partition("=")
    if not named or Path(text).is_dir():
        name, rest = "", text
    paths = [Path(text)] if Path(text).is_dir() else [Path(part) for part in rest.split(",")]
    if "" in rest.split(",") or (named and not name and rest != text):
        raise OptionError(f"method is {text!r}", remedy="write NAME=TABLE[,TABLE...]")
    return name or paths[0].resolve().name, paths


def parts_of(
    corpus: Corpus, fit_split: str | None, split: str | None, hold_out: str | None
) -> tuple[Corpus, Corpus]:
    """Return the part to fit on and the part to read."""
    if hold_out is not None:
        if fit_split or split:
            raise OptionError("--hold-out and splits exclude each other", remedy="give one of them")
        return corpus.hold_out(*n_of_m(hold_out))
    splits = {utterance.split for utterance in corpus}
    to_fit = fit_split or ("train" if "train" in splits else _EVERYTHING)
    to_read = split or ("test" if "test" in splits else _EVERYTHING)
    fit, read = (
        corpus if name == _EVERYTHING else corpus.select(split=name) for name in (to_fit, to_read)
    )
    return fit, read


def n_of_m(text: str) -> tuple[int, int]:
    """Return the two numbers of ``N/M``."""
    match = _HOLD_OUT.fullmatch(text)
    if match is None:
        raise OptionError(f"hold-out is {text!r}", remedy="write N/M, such as 5/23")
    return int(match[1]), int(match[2])


def echo_skipped(skipped: Sequence[tuple[str, str]]) -> None:
    """Print what was left out, and why: of what has one reason, the first and how many more."""
    n_of: Counter[str] = Counter()
    for name, reason in skipped:
        n_of[reason] += 1
        if n_of[reason] <= LISTED:
            typer.echo(printable(f"  skipped {name}: {reason}"))
    for reason, n in n_of.items():
        if n > LISTED:
            typer.echo(printable(f"  skipped {n - LISTED:,} more: {reason}"))


def echo_counted(provenance: Mapping[str, Any]) -> None:
    """Print what a reader of a table must know was missing or left out."""
    counted = {name: n for name, n in provenance["counted"].items() if name != "frames"}
    words = [f"{n} {name.replace('_', ' ')}" for name, n in counted.items() if n]
    if words:
        typer.echo(f"  {', '.join(words)}")
    unknown = provenance["unknown_phones"]
    if unknown:
        typer.echo(f"  unknown phones: {', '.join(f'{k} {n}x' for k, n in unknown.items())}")
    echo_skipped([(one["utterance"], one["reason"]) for one in provenance["skipped"]])
    few = provenance["quantizer"].get("frames_fitted_per_codeword")
    if few is not None and few < FEW_FRAMES:
        typer.echo(f"  fitted on {few:g} frames a codeword: too few to trust")
    too_short = provenance["utterances_without_frames"]
    if too_short:
        typer.echo(f"  too short for a frame: {', '.join(too_short)}")


def _by_name(paths: Sequence[Path]) -> dict[str, Path]:
    named = {path.stem: path for path in paths}
    if len(named) < len(paths):
        raise OptionError(
            f"two of {', '.join(map(str, paths))} have the same name", remedy="rename one"
        )
    return named

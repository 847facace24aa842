"""`open_webdataset`: a corpus in the tars of WebDataset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.corpus.findings import Findings
from sfvq_analysis.corpus.remote.skeleton import Skeleton, scanned
from sfvq_analysis.corpus.remote.staging import new_staging
from sfvq_analysis.corpus.remote.tar_listing import TarListings, list_tar
from sfvq_analysis.corpus.remote.tar_places import all_in_a_line, name_of_tars, tar_places
from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sfvq_analysis.corpus.corpus import Corpus
    from sfvq_analysis.errors import ErrorPolicy

_READERS = 8


def scan_webdataset(
    scan: Callable[..., Corpus],
    places: Path | str | Iterable[Path | str],
    *,
    label_place: Path | str | None = None,
    on_error: ErrorPolicy = "raise",
    **options: Any,
) -> Corpus:
    """Find the utterances of the tars of a WebDataset.

    The tars are read once, as streams, for the names in them; of one on this machine that isn't
    compressed only the headers. Whoever reads an utterance gets its bytes then.

    Parameters
    ----------
    scan
        `sfvq_analysis.corpus.scan_corpus`.
    places
        Paths or URLs of tars, or one, in which ``{000..099}`` and ``{a,b}`` stand for several, and
        ``*`` and ``?`` for what is there. They may be compressed with gzip, bzip2 or xz.
    label_place, on_error, **options
        As `scan` takes them.

    Returns
    -------
    Corpus
        As of the same files in one folder: an utterance's id is its sample's key, which is unique
        in all tars. What a sample's ``json`` says of ``speaker``, ``sex``, ``dialect``,
        ``sentence`` and ``split`` goes before what paths say.

    Raises
    ------
    CorpusError
        If a tar is missing, damaged or cut off, holds what is no file, or the files of a sample
        don't follow each other; the message names tar and file.
    OptionError
        If no tar is named, or labels are those of EMU.
    StoreError
        If a place can't be reached.
    """
    if options.get("labels") == "emu":
        raise OptionError("labels are 'emu', which isn't read from tars", remedy="unpack them")
    findings = Findings(on_error)
    named = tar_places(places)
    found = TarListings()
    with ThreadPoolExecutor(min(_READERS, len(named))) as readers:
        for part in readers.map(partial(list_tar, on_error=on_error), named):
            found.add(part, findings)
    root = Path(places if isinstance(places, str | Path) else all_in_a_line(named))
    with new_staging() as folder:
        skeleton = Skeleton(folder / "tree", root, str(root))
        skeleton.grow(found.files, findings)
        skeleton.fill_read_on_scanning()
        corpus = scanned(
            lambda: scan(skeleton.tree, label_place=label_place, on_error=on_error, **options),
            [skeleton],
        )
    name = name_of_tars(named) if corpus.name == skeleton.tree.name else corpus.name
    told = tuple(replace(one, **found.properties.get(one.id, {})) for one in corpus)
    skipped = (*findings.skipped, *corpus.skipped)
    return replace(corpus, name=name, utterances=told, skipped=skipped)

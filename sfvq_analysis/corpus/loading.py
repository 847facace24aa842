"""`scan_corpus` and `load_corpus`: one call for every kind of tree."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.corpus import Corpus
from sfvq_analysis.corpus.demo import demo_corpus
from sfvq_analysis.corpus.findings import Findings
from sfvq_analysis.corpus.layout import MFA_TIERS, SHARED, SUFFIX_OF, Layout
from sfvq_analysis.corpus.pairing import AUDIO_SUFFIXES, stems_of
from sfvq_analysis.corpus.remote.scanning import as_local, is_remote, scan_remote
from sfvq_analysis.corpus.remote.tar_places import is_webdataset
from sfvq_analysis.corpus.remote.webdataset import scan_webdataset
from sfvq_analysis.corpus.timit import is_timit, load_timit
from sfvq_analysis.corpus.tree import labels_there, property_pattern, utterances_of
from sfvq_analysis.corpus.utterance import PHONE_TIER
from sfvq_analysis.errors import CorpusError, OptionError, check_option
from sfvq_analysis.files import is_file, is_folder
from sfvq_analysis.labels import read_label_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sfvq_analysis.corpus.layout import Labels
    from sfvq_analysis.corpus.pairing import Files, Stems
    from sfvq_analysis.errors import ErrorPolicy

_BESIDE: tuple[Labels, ...] = ("phn", "textgrid", "eaf", "emu")
_ELSE: tuple[Labels, ...] = ("htk", "ctm", "buckeye", "csv")


def scan_corpus(
    folder: Path | str,
    labels: Labels = "auto",
    *,
    tier: str | Mapping[str, str] | None = None,
    label_place: Path | str | None = None,
    pattern: str | None = None,
    on_error: ErrorPolicy = "raise",
) -> Corpus:
    r"""Find the utterances of a corpus; audio and labels are read later, one by one.

    Parameters
    ----------
    folder
        A TIMIT tree, or any tree of audio files.
    labels
        ``"timit"``: a TIMIT tree. ``"phn"`` (TIMIT-style, with ``.wrd`` and ``.txt`` where there
        are any), ``"textgrid"``, ``"eaf"`` (ELAN), ``"emu"`` (``_annot.json``), ``"htk"``
        (``.lab``), ``"esps"`` (``.lab`` as Festival has it), ``"buckeye"`` (``.phones``, with
        ``.words`` where there are any): a label file of the audio's name for each. ``"mfa"``:
        TextGrids as the Montreal Forced Aligner writes them, whose empty intervals are silence.
        ``"mlf"``, ``"ctm"``, ``"csv"``: one file for all (`label_place`), or one for each.
        ``"none"``: audio alone. ``"auto"``: a TIMIT tree if it is one, else the one format whose
        files stand beside the audio; TextGrids with the tiers ``words`` and ``phones`` are taken
        for the aligner's.
    tier
        Which tier of the label files holds the phones, or a mapping of ``"phone"``, ``"word"``,
        ``"text"`` to names of tiers. By default ``phones`` and ``words`` with ``"mfa"``, else the
        only tier there is.
    label_place
        Folder of the label files, where they don't stand beside the audio (same paths below it),
        or the one file. ``FOLDER/*/NAME``: of audio in ``FOLDER/s1/wav``, labels are in
        ``FOLDER/s1/NAME``, as in CMU and L2 ARCTIC.
    pattern
        Regular expression over the path below `folder`, without suffix and with ``/``; its named
        groups ``speaker``, ``sex``, ``dialect``, ``sentence``, ``split`` become properties. By
        default the parent folder is the speaker, or the one above it if labels stand in
        ``FOLDER/*/NAME``, or the session of an EMU database; without a speaker every utterance has
        its own. Not for TIMIT.
    on_error
        ``"raise"``: what is wrong with a file or folder stops the scan. ``"skip"``: the utterance
        is left out and listed in `Corpus.skipped`.

    Returns
    -------
    Corpus
        Sorted by id: the path below `folder` without suffix, ``speaker_sentence`` in TIMIT.

    Raises
    ------
    CorpusError
        If the folder isn't such a tree, audio lacks its labels or labels their audio, or names
        can't be told apart.
    OptionError
        If `labels`, `tier` or `pattern` is none, or doesn't fit the tree.
    """
    if not isinstance(label_place, str | Path | None):
        raise OptionError(
            f"label_place is a {type(label_place).__name__}",
            remedy="give a path; a DataFrame can be written with its to_csv(path, index=False)",
        )
    root, place = Path(folder), None if label_place is None else Path(label_place)
    _check_folder(root)
    layout = Layout.of(labels, tier, place)
    findings = Findings(on_error)
    expression = property_pattern(pattern or None, layout)
    elsewhere = (tier, label_place, pattern) != (None, None, None)
    if labels == "timit" or (labels == "auto" and not elsewhere and is_timit(root)):
        return load_timit(root, on_error=on_error)
    _check_place(layout)
    stems = stems_of(root, findings)
    if labels == "auto":
        layout = _found_layout(root, stems, layout, findings)
        expression = property_pattern(pattern or None, layout)
    utterances = tuple(utterances_of(root, stems, layout, expression, findings))
    if not utterances and not findings.skipped:
        raise _nothing(root, layout)
    return Corpus(
        root.resolve().name,
        root,
        utterances,
        skipped=tuple(findings.skipped),
        empty_is_silence=layout.labels == "mfa",
    )


def load_corpus(
    root: Path | str,
    labels: Labels = "auto",
    *,
    tier: str | Mapping[str, str] | None = None,
    label_place: Path | str | None = None,
    pattern: str | None = None,
    on_error: ErrorPolicy = "raise",
) -> Corpus:
    """Load a corpus by its folder (`scan_corpus`), or the built-in one by the name ``"demo"``.

    Parameters
    ----------
    root
        The folder, or its URL (``s3://…``, whatever fsspec knows); or tars of WebDataset
        (``speech-{000..099}.tar``, as in `open_webdataset`). The text ``"demo"`` names the built-in
        corpus unless such a folder exists. `label_place` may be a URL, too.
    labels, tier, label_place, pattern, on_error
        As in `scan_corpus`.

    Raises
    ------
    CorpusError, OptionError
        As `scan_corpus`.
    """
    if str(root) == "demo" and not Path(root).exists():
        check_option("labels", labels, ("auto", "timit"))
        return demo_corpus()
    scan: Callable[..., Corpus] = scan_corpus
    if is_webdataset(root) and not is_folder(Path(root)):
        scan = partial(scan_webdataset, scan_corpus)
    elif is_remote(root) or is_remote(label_place):
        scan = partial(scan_remote, scan_corpus)
    return scan(
        as_local(root),
        labels=labels,
        tier=tier,
        label_place=as_local(label_place),
        pattern=pattern,
        on_error=on_error,
    )


def open_webdataset(
    places: Path | str | Iterable[Path | str],
    labels: Labels = "auto",
    *,
    tier: str | Mapping[str, str] | None = None,
    pattern: str | None = None,
    on_error: ErrorPolicy = "raise",
) -> Corpus:
    """Load a corpus from the tars of a WebDataset, which are read as streams, never unpacked.

    Parameters
    ----------
    places
        Paths or URLs of tars, or one, in which ``{000..099}`` and ``{a,b}`` stand for several, and
        ``*`` and ``?`` for what is there. They may be compressed with gzip, bzip2 or xz.
    labels, tier, pattern, on_error
        As in `scan_corpus`.

    Returns
    -------
    Corpus
        As of the same files in one folder: an utterance's id is its sample's key, the path up to
        the first dot of the name, which is unique in all tars. What a sample's ``json`` says of
        ``speaker``, ``sex``, ``dialect``, ``sentence`` and ``split`` goes before what paths say.

    Raises
    ------
    CorpusError
        If a tar is missing, damaged or cut off, holds what is no file, or the files of a sample
        don't follow each other; the message names tar and file. Else as `scan_corpus`.
    OptionError
        If no tar is named, or as `scan_corpus`.
    """
    return scan_webdataset(
        scan_corpus, places, labels=labels, tier=tier, pattern=pattern, on_error=on_error
    )


def _check_folder(root: Path) -> None:
    if not is_folder(root):
        what = "that is a file" if is_file(root) else "no such folder"
        raise CorpusError(what, where=str(root), remedy="give the corpus' folder")


def _check_place(layout: Layout) -> None:
    place = layout.place
    if place is None or is_folder(place) or (is_file(place) and not layout.sibling):
        return
    what = "folder" if layout.sibling else "file or folder"
    raise CorpusError(f"no such {what}", where=str(place), remedy="mend label_place")


def _found_layout(root: Path, stems: Stems, layout: Layout, findings: Findings) -> Layout:
    """Return the layout with the one format of label files that stand beside audio."""
    labelled: Mapping[str, Files] = {}
    if layout.place is not None and is_file(layout.place):
        suffix = layout.place.suffix.lower()
        kinds = [kind for kind in SHARED if SUFFIX_OF[kind] == suffix]
    else:
        # what is wrong there is met again by the scan itself
        labelled = labels_there(root, stems, layout, Findings(findings.on_error))
        kinds = _formats_there(labelled, beside=layout.place is None)
    if len(kinds) > 1:
        raise CorpusError(
            f"labels of several formats are there: {', '.join(kinds)}",
            where=str(root),
            remedy=f"choose one: labels={kinds[0]!r} (--labels {kinds[0]})",
        )
    if not kinds:
        raise _nothing(root, layout)
    kind = kinds[0]
    if kind == "textgrid" and _is_aligned(labelled, root, layout):
        unnamed = layout.tiers == {PHONE_TIER: None}
        return replace(layout, labels="mfa", tiers=MFA_TIERS if unnamed else layout.tiers)
    return replace(layout, labels=kind)


def _formats_there(stems: Mapping[str, Files], *, beside: bool) -> list[Labels]:
    """Return which formats stand beside audio, or in a folder of labels alone."""
    there = {
        suffix
        for files in stems.values()
        if not beside or any(audio in files for audio in AUDIO_SUFFIXES)
        for suffix in files
    }
    found = [kind for kind in _BESIDE if SUFFIX_OF[kind] in there]
    # a .lab is often a transcript that the others were made from; .phones and .csv may be anything
    others = (kind for kind in _ELSE if SUFFIX_OF[kind] in there)
    return found or list(islice(others, 1))


def _is_aligned(stems: Mapping[str, Files], root: Path, layout: Layout) -> bool:
    """Tell whether TextGrids are of the Montreal Forced Aligner, by the tiers of the first."""
    if layout.tiers[PHONE_TIER] not in (None, MFA_TIERS[PHONE_TIER]):
        return False
    first = next(files[".textgrid"] for files in stems.values() if ".textgrid" in files)
    try:
        tiers = next(iter(read_label_file((layout.place or root) / first, "textgrid").values()))
    except CorpusError:  # said again on loading, by the name of its utterance
        return False
    return set(MFA_TIERS.values()) <= set(tiers)


def _nothing(root: Path, layout: Layout) -> CorpusError:
    if layout.labels == "none":
        return CorpusError("no audio there", where=str(root), remedy="give a folder of speech")
    if layout.place is not None:
        return CorpusError(
            f"no label files in {layout.searched}", where=str(root), remedy="mend label_place"
        )
    return CorpusError(
        "no audio with a label file beside it",
        where=str(root),
        remedy='give a labelled tree, or say how it is labelled (labels="textgrid", …; --labels)',
    )

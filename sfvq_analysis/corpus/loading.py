"""`load_corpus`: one call for every kind of tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sfvq_analysis.corpus.demo import demo_corpus
from sfvq_analysis.corpus.sidecar import load_sidecar
from sfvq_analysis.corpus.timit import is_timit, load_timit
from sfvq_analysis.errors import check_option

if TYPE_CHECKING:
    from sfvq_analysis.corpus.corpus import Corpus

Labels = Literal["auto", "timit", "phn", "none"]


def load_corpus(root: Path | str, labels: Labels = "auto") -> Corpus:
    """Load a corpus by its folder, or the built-in one by the name ``"demo"``.

    Parameters
    ----------
    root
        The folder; the text ``"demo"`` names the built-in corpus unless such a folder exists.
    labels
        ``"timit"``: a TIMIT tree; ``"phn"``: any tree of audio files with a ``.phn`` beside each;
        ``"auto"``: the first of the two that fits; ``"none"``: any tree of audio, without labels.

    Raises
    ------
    CorpusError
        If the folder isn't such a tree.
    """
    check_option("labels", labels, ("auto", "timit", "phn", "none"))
    path = Path(root)
    if str(root) == "demo" and not path.exists():
        return demo_corpus()
    match labels:
        case "auto":
            return load_timit(path) if path.is_dir() and is_timit(path) else load_sidecar(path)
        case "timit":
            return load_timit(path)
        case "phn":
            return load_sidecar(path)
        case _:
            return load_sidecar(path, labelled=False)

"""The built-in corpus: synthetic speech in the shape of TIMIT."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.timit import load_timit

if TYPE_CHECKING:
    from sfvq_analysis.corpus.corpus import Corpus


def demo_corpus() -> Corpus:
    """Return the corpus that comes with the package: flite's voices, no human speech.

    Examples
    --------
    >>> demo_corpus()
    Corpus('demo', 72 utterances, 12 speakers)
    """
    folder = Path(str(resources.files("sfvq_analysis") / "data" / "demo_corpus"))
    return replace(load_timit(folder, name="demo"), notes="synthetic speech")

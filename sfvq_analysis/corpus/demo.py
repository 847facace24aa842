"""The built-in corpus: synthetic speech in the shape of TIMIT."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.timit import load_timit
from sfvq_analysis.files import package_data

if TYPE_CHECKING:
    from sfvq_analysis.corpus.corpus import Corpus


def demo_corpus() -> Corpus:
    """Return the corpus that comes with the package: flite's voices, no human speech.

    Examples
    --------
    >>> demo_corpus()
    Corpus('demo', 72 utterances, 12 speakers)
    """
    folder = package_data("demo_corpus")
    return replace(load_timit(folder, name="demo"), notes="synthetic speech")

"""Corpora: which utterances there are, who speaks them, and how their labels are read."""

from sfvq_analysis.corpus.corpus import Corpus
from sfvq_analysis.corpus.demo import demo_corpus
from sfvq_analysis.corpus.findings import Skipped
from sfvq_analysis.corpus.loading import load_corpus, open_webdataset, scan_corpus
from sfvq_analysis.corpus.timit import load_timit
from sfvq_analysis.corpus.utterance import Recording, Utterance

__all__ = [
    "Corpus",
    "Recording",
    "Skipped",
    "Utterance",
    "demo_corpus",
    "load_corpus",
    "load_timit",
    "open_webdataset",
    "scan_corpus",
]

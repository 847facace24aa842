"""Corpora: which utterances there are, who speaks them, and how their labels are read."""

from sfvq_analysis.corpus.corpus import Corpus
from sfvq_analysis.corpus.demo import demo_corpus
from sfvq_analysis.corpus.loading import load_corpus
from sfvq_analysis.corpus.sidecar import load_sidecar
from sfvq_analysis.corpus.timit import load_timit
from sfvq_analysis.corpus.utterance import Recording, Utterance

__all__ = [
    "Corpus",
    "Recording",
    "Utterance",
    "demo_corpus",
    "load_corpus",
    "load_sidecar",
    "load_timit",
]

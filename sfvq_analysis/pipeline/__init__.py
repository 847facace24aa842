"""Where corpus, encoder and quantizer meet and become an index table."""

from sfvq_analysis.pipeline.abx import AbxExport, abx_export
from sfvq_analysis.pipeline.abx_items import AbxOptions
from sfvq_analysis.pipeline.encoding import EncodedUtterance, encoded_utterances
from sfvq_analysis.pipeline.indexed import SkippedUtterance
from sfvq_analysis.pipeline.indexing import index_parts, index_table
from sfvq_analysis.pipeline.journal import IndexJournal, index_journal, journal_path
from sfvq_analysis.pipeline.label_rows import index_latents
from sfvq_analysis.pipeline.options import IndexOptions
from sfvq_analysis.pipeline.sampling import SampledFeatures, sample_features
from sfvq_analysis.pipeline.snippets import Snippet, nearest_snippets
from sfvq_analysis.pipeline.voices import train_voice

__all__ = [
    "AbxExport",
    "AbxOptions",
    "EncodedUtterance",
    "IndexJournal",
    "IndexOptions",
    "SampledFeatures",
    "SkippedUtterance",
    "Snippet",
    "abx_export",
    "encoded_utterances",
    "index_journal",
    "index_latents",
    "index_parts",
    "index_table",
    "journal_path",
    "nearest_snippets",
    "sample_features",
    "train_voice",
]

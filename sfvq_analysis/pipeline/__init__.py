"""Where corpus, encoder and quantizer meet and become an index table."""

from sfvq_analysis.pipeline.encoding import EncodedUtterance, encoded_utterances
from sfvq_analysis.pipeline.indexing import index_table
from sfvq_analysis.pipeline.options import IndexOptions
from sfvq_analysis.pipeline.sampling import sample_features

__all__ = [
    "EncodedUtterance",
    "IndexOptions",
    "encoded_utterances",
    "index_table",
    "sample_features",
]

"""Label files of every format: which phone (word, …) is when."""

from sfvq_analysis.labels.csv_table import labels_of_frame
from sfvq_analysis.labels.entries import Label, LabelTier, Tiers, Utterances
from sfvq_analysis.labels.registry import LabelFormat, LabelSource, read_label_file, read_labels

__all__ = [
    "Label",
    "LabelFormat",
    "LabelSource",
    "LabelTier",
    "Tiers",
    "Utterances",
    "labels_of_frame",
    "read_label_file",
    "read_labels",
]

"""The index table: three frames that every statistic, figure and page is a function of.

Contract
--------
`IndexTable` holds ``utterances``, ``segments`` and ``frames``, whose columns and dtypes are
`UTTERANCE_COLUMNS`, `SEGMENT_COLUMNS` and `FRAME_COLUMNS`. Utterances are sorted by id; segments
and frames follow their order. ``frames.phone_segment`` is the ordinal of the phone segment that
owns the frame, -1 outside all; ``frames.phone`` is its raw label, NA if that is no known phone.
Codes lie in ``0 … codebook_size - 1``, unused ones included; a plain codebook has curve_segment -1
and t NaN.
A table is stored as a folder of three Parquet files, each with the table's provenance in its
metadata.
"""

from sfvq_analysis.tables.concatenation import concatenate_tables
from sfvq_analysis.tables.contract import (
    FRAME_COLUMNS,
    GROUP_DTYPE,
    PHONE_TIER,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    as_contract,
    group_codes_of,
    group_dtype,
    phone_codes,
    phone_labels_of,
    phone_rows,
)
from sfvq_analysis.tables.csv_files import read_index_csv, write_csv
from sfvq_analysis.tables.dataset import (
    IndexDataset,
    Indexed,
    open_dataset,
    open_table,
    save_in_shards,
)
from sfvq_analysis.tables.index_table import IndexTable
from sfvq_analysis.tables.simulated import Simulation, simulated_table
from sfvq_analysis.tables.storage import load_table
from sfvq_analysis.tables.writing import TableWriter, WrittenTable, save_parts

__all__ = [
    "FRAME_COLUMNS",
    "GROUP_DTYPE",
    "PHONE_TIER",
    "SEGMENT_COLUMNS",
    "UTTERANCE_COLUMNS",
    "IndexDataset",
    "IndexTable",
    "Indexed",
    "Simulation",
    "TableWriter",
    "WrittenTable",
    "as_contract",
    "concatenate_tables",
    "group_codes_of",
    "group_dtype",
    "load_table",
    "open_dataset",
    "open_table",
    "phone_codes",
    "phone_labels_of",
    "phone_rows",
    "read_index_csv",
    "save_in_shards",
    "save_parts",
    "simulated_table",
    "write_csv",
]

"""An index written by a process of its own: ``reproduced_index.py FOLDER CORPUS``, for the tests.

The corpus is read below the current folder, so that its path differs with it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sfvq_analysis import fit_sfvq, fit_vq, index_table, load_encoder, load_timit
from sfvq_analysis.pipeline import IndexOptions, index_journal, journal_path, sample_features
from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
from sfvq_analysis.tables.csv_files import write_csv


def main(out: Path, root: Path) -> None:
    corpus = load_timit(root)
    encoder = load_encoder("mel")
    features = sample_features(corpus, encoder, max_frames=300, seed=1, on_error="skip")
    quantizers = {
        "sfvq": fit_sfvq(features, bits=3, seed=1),
        "vq": fit_vq(features, bits=3, seed=1),
    }
    options = IndexOptions(unknown="na", on_error="skip")
    with index_journal(journal_path(out)) as journal, whole_folder(out) as folder:
        tables = index_table(corpus, encoder, quantizers, options, journal=journal)
        for name, table in tables.items():
            table.save(folder / name)
            write_csv(table.to_pandas(), folder / f"{name}.csv")
        write_manifest(folder, {"tables": provenance_of(tables), "skipped": features.skipped})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

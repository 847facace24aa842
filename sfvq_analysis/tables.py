"""The index table: three frames that every statistic, figure and page is a function of.

Contract
--------
`IndexTable` holds ``utterances``, ``segments`` and ``frames``, whose columns and dtypes are
`UTTERANCE_COLUMNS`, `SEGMENT_COLUMNS` and `FRAME_COLUMNS`. Utterances are sorted by id; segments
and frames follow their order. ``frames.phone_segment`` is the ordinal of the phone segment that
owns the frame, -1 outside all; ``frames.phone`` is its raw label. Codes lie in
``0 … codebook_size - 1``, unused ones included; a plain codebook has curve_segment -1 and t NaN.
A table is stored as a folder of three Parquet files, each with the table's provenance in its
metadata.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sfvq_analysis.errors import SfvqError, TableError
from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

GROUP_DTYPE = pd.CategoricalDtype(list(PHONE_GROUPS), ordered=True)
PHONE_TIER = "phone"

UTTERANCE_COLUMNS: Mapping[str, str] = {
    "utterance": "str",
    "speaker": "str",
    "sex": "str",
    "dialect": "str",
    "sentence": "str",
    "split": "str",
    "audio": "str",
    "sample_rate": "int64",
    "n_samples": "int64",
    "n_frames": "int64",
}
SEGMENT_COLUMNS: Mapping[str, str] = {
    "utterance": "category",
    "tier": "category",
    "ordinal": "int32",
    "start": "int64",
    "stop": "int64",
    "label": "category",
    "phone_group": "group",
    "n_frames": "int32",
}
FRAME_COLUMNS: Mapping[str, str] = {
    "utterance": "category",
    "frame": "int32",
    "centre": "int64",
    "phone_segment": "int32",
    "phone": "category",
    "phone_group": "group",
    "codeword": "int32",
    "curve_segment": "int32",
    "t": "float32",
    "distortion": "float32",
    "codeword_distortion": "float32",
}
_FRAMES = ("utterances", "segments", "frames")
_METADATA = b"sfvq_analysis"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class IndexTable:
    """Codes of a corpus, aligned with its labels.

    Attributes
    ----------
    utterances
        One row an utterance. `audio` is the path below the corpus' root.
    segments
        One row a segment of any tier; `start` and `stop` in samples of the audio file;
        `phone_group` and `n_frames` (frames owned, may be 0) for the phone tier.
    frames
        One row a frame; `centre` in samples at the grid's rate. `distortion` is the squared
        distance to the decoded point, `codeword_distortion` that to the nearest codeword.
    codebook_size
        K.
    grid
        Where frame centres are.
    provenance
        JSON-able: encoder, quantizer, digests, version, options, counted things.

    Raises
    ------
    TableError
        If columns, dtypes or values break the contract.
    """

    utterances: pd.DataFrame
    segments: pd.DataFrame
    frames: pd.DataFrame
    codebook_size: int
    grid: FrameGrid
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        _check_columns("utterances", self.utterances, UTTERANCE_COLUMNS)
        _check_columns("segments", self.segments, SEGMENT_COLUMNS)
        _check_columns("frames", self.frames, FRAME_COLUMNS)
        self._check_codes()
        self._check_utterances()

    def _check_codes(self) -> None:
        codeword, segment = self.frames["codeword"], self.frames["curve_segment"]
        if self.codebook_size < 2:
            raise TableError(f"codebook_size is {self.codebook_size}", remedy="a codebook has >= 2")
        if len(codeword) == 0:
            return
        if codeword.min() < 0 or codeword.max() >= self.codebook_size:
            raise TableError(
                f"codewords span {codeword.min()} … {codeword.max()}",
                remedy=f"they must lie in 0 … {self.codebook_size - 1}",
            )
        if segment.min() < -1 or segment.max() > self.codebook_size - 2:
            raise TableError(
                f"curve segments span {segment.min()} … {segment.max()}",
                remedy=f"they must lie in 0 … {self.codebook_size - 2}, or be -1",
            )

    def _check_utterances(self) -> None:
        ids = self.utterances["utterance"]
        if not ids.is_unique or not ids.is_monotonic_increasing:
            raise TableError("utterances aren't unique and sorted", remedy="sort them by id")
        for name in ("segments", "frames"):
            known = getattr(self, name)["utterance"].cat.categories
            if list(known) != list(ids):
                raise TableError(f"{name}.utterance has other categories than utterances.utterance")
        counted = self.frames["utterance"].cat.codes.value_counts().reindex(range(len(ids)))
        wrong = np.flatnonzero(
            counted.fillna(0).to_numpy() != self.utterances["n_frames"].to_numpy()
        )
        if len(wrong):
            raise TableError(
                f"utterance {ids.iloc[wrong[0]]!r} has {counted.iloc[wrong[0]]:g} frames, its row "
                f"says {self.utterances['n_frames'].iloc[wrong[0]]}"
            )

    @property
    def is_curve(self) -> bool:
        """Whether the codes are those of a curve, so that `position` means something."""
        return bool((self.frames["curve_segment"] >= 0).all()) and len(self.frames) > 0

    def to_pandas(self) -> pd.DataFrame:
        """Return one flat frame: every frame with its utterance's properties and ``position``.

        ``position`` (float64) is the exact place on the axis, curve_segment + t; NaN for a plain
        codebook. ``seconds`` is the frame centre.
        """
        flat = self.frames.copy()
        flat["position"] = flat["curve_segment"] + flat["t"].astype("float64")
        flat["seconds"] = flat["centre"] / self.grid.sample_rate
        row = flat["utterance"].cat.codes.to_numpy()
        for column in ("speaker", "sex", "dialect", "sentence", "split"):
            flat[column] = self.utterances[column].astype("category").iloc[row].array
        return flat

    def utterance(self, identity: str) -> pd.Series:
        """Return the row of an utterance.

        Raises
        ------
        TableError
            If there is none of that id.
        """
        found = self.utterances[self.utterances["utterance"] == identity]
        if found.empty:
            raise TableError(
                f"no utterance {identity!r}",
                remedy=f"there are {len(self.utterances)}, such as "
                f"{', '.join(map(repr, self.utterances['utterance'].head(3)))}",
            )
        return found.iloc[0]

    def of_utterance(self, identity: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the segments and the frames of one utterance."""
        row = self.utterance(identity).name
        return (
            self.segments[self.segments["utterance"].cat.codes == row],
            self.frames[self.frames["utterance"].cat.codes == row],
        )

    def save(self, folder: Path | str) -> Path:
        """Write the table to a folder of Parquet files, whole or not at all.

        Raises
        ------
        TableError
            If the folder exists.
        """
        import pyarrow.parquet as pq

        folder = Path(folder)
        if folder.exists():
            raise TableError("folder exists", where=str(folder), remedy="give another or remove it")
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            for name in _FRAMES:
                pq.write_table(self._as_arrow(name), partial / f"{name}.parquet")
            partial.chmod(0o755)
            partial.rename(folder)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        return folder

    def to_csv(self, path: Path | str) -> Path:
        """Write `to_pandas` as CSV."""
        path = Path(path)
        self.to_pandas().to_csv(path, index=False, lineterminator="\n")
        return path

    def _as_arrow(self, name: str) -> pa.Table:
        import pyarrow as pa

        table = pa.Table.from_pandas(getattr(self, name), preserve_index=False)
        known = {
            "format": _FORMAT,
            "codebook_size": self.codebook_size,
            "grid": asdict(self.grid),
            "provenance": dict(self.provenance),
        }
        text = json.dumps(known, sort_keys=True).encode()
        return table.replace_schema_metadata({**(table.schema.metadata or {}), _METADATA: text})

    def __repr__(self) -> str:
        return (
            f"IndexTable({len(self.utterances)} utterances, {len(self.segments)} segments, "
            f"{len(self.frames)} frames, codebook_size={self.codebook_size})"
        )


def load_table(folder: Path | str) -> IndexTable:
    """Read a table that `IndexTable.save` wrote.

    Raises
    ------
    TableError
        If a file is missing, isn't Parquet, has no provenance, or the table breaks its contract.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(folder)
    read, known = {}, {}
    for name in _FRAMES:
        path = folder / f"{name}.parquet"
        if not path.is_file():
            raise TableError("file is missing", where=str(path), remedy="give a saved IndexTable")
        try:
            table = pq.read_table(path)
        except (pa.ArrowInvalid, OSError) as error:
            raise TableError(
                f"not Parquet ({error})", where=str(path), remedy="restore it"
            ) from error
        known = _known(table.schema.metadata, path)
        read[name] = table.to_pandas()
    try:
        return IndexTable(
            **{name: as_contract(read[name], columns) for name, columns in _CONTRACTS.items()},
            codebook_size=known["codebook_size"],
            grid=FrameGrid(**known["grid"]),
            provenance=known["provenance"],
        )
    except SfvqError as error:
        raise error.at(str(folder)) from error


def as_contract(frame: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return a frame with exactly the given columns, in order, cast to their dtypes.

    Parameters
    ----------
    frame
        Any frame that has the columns.
    columns
        `UTTERANCE_COLUMNS`, `SEGMENT_COLUMNS` or `FRAME_COLUMNS`.
    """
    missing = [name for name in columns if name not in frame]
    if missing:
        raise TableError(f"columns {missing} are missing")
    dtypes: dict[str, Any] = {
        name: GROUP_DTYPE if dtype == "group" else dtype for name, dtype in columns.items()
    }
    return frame[list(columns)].astype(dtypes).reset_index(drop=True)


_CONTRACTS: Mapping[str, Mapping[str, str]] = {
    "utterances": UTTERANCE_COLUMNS,
    "segments": SEGMENT_COLUMNS,
    "frames": FRAME_COLUMNS,
}


def _known(metadata: Mapping[bytes, bytes] | None, path: Path) -> dict[str, Any]:
    try:
        known = json.loads((metadata or {})[_METADATA])
    except (KeyError, ValueError):
        known = None
    if not isinstance(known, dict) or known.get("format") != _FORMAT:
        raise TableError("it has no provenance of ours", where=str(path), remedy="save it anew")
    return known


def _check_columns(name: str, frame: pd.DataFrame, columns: Mapping[str, str]) -> None:
    if list(frame.columns) != list(columns):
        raise TableError(
            f"{name} has columns {list(frame.columns)}", remedy=f"it must have {list(columns)}"
        )
    for column, dtype in columns.items():
        found = frame[column].dtype
        right = {
            "group": found == GROUP_DTYPE,
            "category": isinstance(found, pd.CategoricalDtype),
            "str": pd.api.types.is_string_dtype(found),
        }.get(dtype, str(found) == dtype)
        if not right:
            raise TableError(f"{name}.{column} is {found}", remedy=f"it must be {dtype}")

"""`IndexTable`: the three frames and what is known of them, checked as one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import TableError
from sfvq_analysis.phones import PhoneInventory
from sfvq_analysis.tables.contract import (
    CONTRACTS,
    check_codes,
    check_columns,
    check_frames,
    check_order,
    check_owners,
    phone_labels_of,
)
from sfvq_analysis.tables.values import check_texts, check_times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from sfvq_analysis.timeline import FrameGrid


@dataclass(frozen=True, slots=True, eq=False)
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
    inventory
        What the labels of the phone tier mean; by default, as in tables of earlier versions, by the
        rules of TIMIT's 61.

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
    inventory: PhoneInventory = field(default_factory=PhoneInventory)

    def __post_init__(self) -> None:
        for name in CONTRACTS:
            check_columns(name, getattr(self, name), self.inventory.groups)
        check_codes(self.frames, self.codebook_size)
        check_texts(self.utterances, self.segments)
        check_order(self.utterances, self.segments, self.frames)
        check_times(self.utterances, self.segments)
        check_frames(self.utterances, self.frames, self.grid)
        inventory = self.inventory.covering(phone_labels_of(self.segments))
        object.__setattr__(self, "inventory", inventory)
        check_owners(self.segments, self.frames, len(self.utterances), inventory)

    @property
    def is_curve(self) -> bool:
        """Whether the codes are those of a curve, so that `position` means something."""
        return bool((self.frames["curve_segment"] >= 0).all()) and len(self.frames) > 0

    def tables(self) -> Iterator[IndexTable]:
        """Yield the table: the shards of an `IndexDataset` are more."""
        yield self

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
        row = self.utterance(identity).name  # row labels are 0, 1, …
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
        from sfvq_analysis.tables.storage import save_table

        return save_table(self, Path(folder))

    def to_csv(self, path: Path | str, *, spreadsheet_safe: bool = False) -> Path:
        """Write `to_pandas` as CSV; `sfvq_analysis.tables.read_index_csv` gives the same frame.

        Parameters
        ----------
        path
            The file, written whole or not at all.
        spreadsheet_safe
            Put ``'`` before text that a spreadsheet would take for a formula. Such text doesn't
            come back as it was.
        """
        from sfvq_analysis.tables.csv_files import write_csv

        return write_csv(self.to_pandas(), Path(path), spreadsheet_safe=spreadsheet_safe)

    def _repr_html_(self) -> str:
        from sfvq_analysis.showing import table_html

        return table_html(self)

    def __repr__(self) -> str:
        rows = (len(self.utterances), len(self.segments), len(self.frames))
        return in_short(*rows, self.codebook_size)


def in_short(n_utterances: int, n_segments: int, n_frames: int, codebook_size: int) -> str:
    """Return what a table of so many rows says of itself."""
    return (
        f"IndexTable({n_utterances} utterances, {n_segments} segments, {n_frames} frames, "
        f"codebook_size={codebook_size})"
    )

"""`Histogram`: the frame that `index_histogram` gives, which says in notebooks what it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from sfvq_analysis.showing import Preview, as_html, joined, known_of_index

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROW = ("n_frames", "n_tokens", "n_speakers")


class Histogram(pd.DataFrame):  # type: ignore[misc]
    """A histogram as a DataFrame; what is made from it (a part, a sum) is a plain DataFrame.

    Attributes
    ----------
    about
        What it is of: the table's `provenance`, and the `options` it was counted with.
    """

    _metadata = ["about"]  # noqa: RUF012 (pandas' way to keep it on a copy)
    about: Mapping[str, Any]

    @classmethod
    def of(cls, frame: pd.DataFrame, about: Mapping[str, Any]) -> Histogram:
        """Return a frame as a histogram that knows what it is of."""
        histogram = cls(frame)
        histogram.about = about
        return histogram

    def _repr_html_(self) -> str:
        """Return what notebooks show: what it is of, and its values with their peaks."""
        by = list(self.columns[: self.columns.get_loc("index")])
        size = int(self["index"].max()) + 1 if len(self) else 0
        values = self.iloc[::size] if size else self.iloc[:0]
        peak = [self["index"].iloc[at] for at in _peaks(self, size)]
        rows = values[[*by, *_ROW]].assign(peak=peak).astype(object).to_numpy()
        about: Mapping[str, Any] = getattr(self, "about", {})  # nothing, of one made by hand
        options = about.get("options", {})
        facts = {
            "by": joined(*by),
            "indices": f"{size:,}",
            **known_of_index(about.get("provenance", {})),
            **{name: value for name, value in options.items() if value not in (0, ())},
        }
        columns = [*by, "frames", "tokens", "speakers", "peak at"]
        return as_html("Histogram", facts, Preview(columns, rows, len(rows)))


def _peaks(histogram: pd.DataFrame, size: int) -> list[int]:
    """Return the row of the highest smoothed density of every value of `by`."""
    if not size:
        return []
    smoothed = histogram["smoothed"].fillna(0.0).to_numpy().reshape(-1, size)
    return [at + size * row for row, at in enumerate(smoothed.argmax(axis=1).tolist())]

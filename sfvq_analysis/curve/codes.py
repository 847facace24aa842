"""`Codes`: where frames are on a curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class Codes(NamedTuple):
    """Where frames are on a curve (or in a plain codebook); arrays of shape (n_frames,).

    `codeword` is the nearest corner. `segment` and `t` give the decoded point
    ``(1 - t) c_segment + t c_{segment+1}``. `distortion` is the squared Euclidean distance, summed
    over dimensions, to the decoded point; `codeword_distortion` that to the nearest corner. A
    plain codebook has segment -1, t NaN and both distortions equal.
    """

    codeword: NDArray[np.int32]
    segment: NDArray[np.int32]
    t: NDArray[np.float32]
    distortion: NDArray[np.float32]
    codeword_distortion: NDArray[np.float32]

    @classmethod
    def empty(cls, n_frames: int) -> Codes:
        """Return codes to be filled in."""
        index = np.empty((2, n_frames), dtype=np.int32)
        real = np.empty((3, n_frames), dtype=np.float32)
        return cls(index[0], index[1], real[0], real[1], real[2])

    def rows(self, part: slice) -> Codes:
        """Return some frames' codes, as views."""
        return Codes(
            self.codeword[part],
            self.segment[part],
            self.t[part],
            self.distortion[part],
            self.codeword_distortion[part],
        )

    def put(self, numbers: NDArray[np.integer[Any]], found: Codes) -> None:
        """Write the codes of the frames with these numbers."""
        for there, here in zip(self, found, strict=True):
            there[numbers] = here

    def to_pandas(self) -> pd.DataFrame:
        """Return a row a frame, `position` included.

        Examples
        --------
        >>> import numpy as np
        >>> from sfvq_analysis import SpaceFillingVQ
        >>> curve = SpaceFillingVQ(np.array([[0, 0], [1, 0], [1, 1]]))
        >>> codes = curve.encode(np.array([[0.75, 0.5]], np.float32))
        >>> codes.to_pandas()[["codeword", "position"]].to_dict("records")
        [{'codeword': 1, 'position': 1.5}]
        """
        import pandas as pd

        return pd.DataFrame({**self._asdict(), "position": self.position})

    @property
    def position(self) -> NDArray[np.float64]:
        """Place on the axis, segment + t; NaN for a plain codebook."""
        return self.segment.astype(np.float64) + self.t

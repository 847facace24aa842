"""How often each codeword is used, over as many batches as are added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sfvq_analysis.curve.checks import is_tensor
from sfvq_analysis.errors import QuantizerError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class CodebookUsage:
    """Frames per codeword; ``a + b`` is that of both sets of frames.

    Attributes
    ----------
    counts
        Frames of each codeword, K integers.

    Raises
    ------
    QuantizerError
        If counts are none, or aren't integers >= 0.

    Examples
    --------
    >>> epoch = CodebookUsage.of([0, 1, 1, -1], 4) + CodebookUsage.of([0], 4)
    >>> epoch
    CodebookUsage(counts=(2, 2, 0, 0))
    >>> epoch.share, epoch.perplexity, epoch.dead.tolist()
    (0.5, 2.0, [2, 3])
    """

    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", tuple(self.counts))  # JSON has lists
        if not self.counts or any(type(n) is not int or n < 0 for n in self.counts):
            raise QuantizerError(
                "counts aren't those of codewords", remedy="give integers >= 0, one a codeword"
            )

    @classmethod
    def of(cls, indices: ArrayLike | Tensor, codebook_size: int) -> CodebookUsage:
        """Count indices of any shape; -1, that of a masked frame, counts for nothing.

        Parameters
        ----------
        indices
            Integers, -1 … K - 1.
        codebook_size
            K.

        Raises
        ------
        QuantizerError
            If an index is none of the codebook's.
        """
        array = indices.cpu().numpy() if is_tensor(indices) else np.asarray(indices)
        flat = array.reshape(-1)
        if flat.size and not (np.issubdtype(flat.dtype, np.integer) and flat.min() >= -1):
            raise QuantizerError(
                f"indices are {flat.dtype} from {flat.min()}", remedy="give integers >= -1"
            )
        if flat.size and flat.max() >= codebook_size:
            raise QuantizerError(
                f"an index is {flat.max()}, the codebook has {codebook_size} codewords",
                remedy="give indices of this codebook",
            )
        counts = np.bincount(flat.astype(np.int64) + 1, minlength=codebook_size + 1)[1:]
        return cls(tuple(counts.tolist()))

    def __add__(self, other: CodebookUsage) -> CodebookUsage:
        if len(self.counts) != len(other.counts):
            raise QuantizerError(
                f"usage of {len(self.counts)} and of {len(other.counts)} codewords",
                remedy="start a new sum when the codebook has grown",
            )
        return CodebookUsage(tuple(a + b for a, b in zip(self.counts, other.counts, strict=True)))

    @property
    def n_frames(self) -> int:
        """How many frames were counted."""
        return sum(self.counts)

    @property
    def share(self) -> float:
        """Share of the codewords that were used, 0 … 1."""
        return sum(count > 0 for count in self.counts) / len(self.counts)

    @property
    def perplexity(self) -> float:
        """2^H, H the entropy of the index in bits: 1 … K; NaN without frames."""
        if not self.n_frames:
            return float("nan")
        p = np.array([count for count in self.counts if count]) / self.n_frames
        return float(2.0 ** -(p * np.log2(p)).sum())

    @property
    def dead(self) -> NDArray[np.intp]:
        """Codewords that no frame used, in order."""
        return np.flatnonzero(np.array(self.counts) == 0)

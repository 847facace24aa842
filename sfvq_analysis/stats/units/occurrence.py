"""How evenly the codes are used: the occurrence measures of Privacy PORCUPINE.

With g(k) the frames of code k over the whole set, labelled or not, M their sum and K the codebook's
size:

- ``kl_binomial``: Σ_v P(v) log2(P(v) / B(v)), bits, where P(v) is the share of codes with g(k) = v
  and B is Binomial(M, 1/K), which the g(k) follow if M independent draws use the codes evenly.
- ``worst_case``: -log2(min g / M), bits, what the rarest code discloses; infinite with a dead code.
  (The authors' program counts one frame more for that code: -log2((min g + 1) / M).)
  ``worst_case_used`` is of the codes that have a frame.
- ``entropy``: -Σ g/M log2(g/M), bits, the mean disclosure; ``entropy_max`` = log2 K.
- ``sparseness``: ||g||_2 / ||g||_1; ``sparseness_min`` = 1 / √K if all g are equal; 1 for one code.
- ``sd``: the standard deviation of g over the codes; ``sd_binomial`` = √(M (1/K) (1 - 1/K)).

Frames of speech follow each other and aren't independent draws: the binomial is an ideal to measure
a distance from, not a null hypothesis. None of this changes when codes are relabelled.

Reference: M. H. Vali, T. Bäckström, "Privacy PORCUPINE: Anonymization of Speaker Attributes Using
Occurrence Normalization for Space-Filling Vector Quantization", Interspeech 2024, 2230-2234.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import binom

from sfvq_analysis.stats.arithmetic.contingency import entropy_of
from sfvq_analysis.stats.units.usage import code_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sfvq_analysis.stats.counting.reductions import Reducible

_MEASURES = (
    "kl_binomial",
    "worst_case",
    "worst_case_used",
    "entropy",
    "entropy_max",
    "sparseness",
    "sparseness_min",
    "sd",
    "sd_binomial",
)


def occurrences(table: Reducible) -> pd.DataFrame:
    """Return the measures of the module's docstring as one row.

    Columns: ``n_frames`` (M), ``codebook_size`` (K), the measures in the order above, and
    ``reason`` why they are NaN (no frame), else empty.

    Examples
    --------
    >>> from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
    >>> corpus = demo_corpus().select(speaker="fslt0")
    >>> table = index_table(corpus, load_encoder("vqvae"), demo_quantizers()["sfvq"])
    >>> found = occurrences(table).iloc[0]
    >>> bool(found["entropy"] < found["entropy_max"]), bool(found["sd"] > found["sd_binomial"])
    (True, True)
    """
    g = code_frames(table)
    size, total = len(g), int(g.sum())
    values = _measures(g.astype(np.float64)) if total else dict.fromkeys(_MEASURES, np.nan)
    reason = "" if total else "no frame"
    row = {"n_frames": total, "codebook_size": size, **values, "reason": reason}
    return pd.DataFrame([row]).astype({"reason": "str"})


def _measures(g: NDArray[np.float64]) -> dict[str, float]:
    size, total = len(g), float(g.sum())
    dead = bool((g == 0).any())
    rarest = float(-np.log2(g[g > 0].min() / total)) + 0.0  # no -0 for the only code
    values = (
        _bits_from_binomial(g),
        np.inf if dead else rarest,
        rarest,
        float(entropy_of(g) / np.log(2)),
        float(np.log2(size)),
        float(np.linalg.norm(g) / total),
        float(1 / np.sqrt(size)),
        float(g.std()),
        float(np.sqrt(total / size * (1 - 1 / size))),
    )
    return dict(zip(_MEASURES, values, strict=True))


def _bits_from_binomial(g: NDArray[np.float64]) -> float:
    """Return KL(empirical distribution of the values g || Binomial(Σ g, 1 / K)), bits."""
    values, count = np.unique(g, return_counts=True)
    share = count / len(g)
    ideal = binom.logpmf(values, g.sum(), 1 / len(g))  # finite where the pmf underflows
    return float((share * (np.log(share) - ideal)).sum() / np.log(2))

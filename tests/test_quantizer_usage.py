"""`CodebookUsage` over an epoch."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
import torch

from sfvq_analysis.errors import QuantizerError
from sfvq_analysis.quantizers import CodebookUsage


def test_batches_add_up_to_the_epoch(rng):
    indices = rng.integers(-1, 10, size=(6, 4, 25))
    batches = [CodebookUsage.of(torch.from_numpy(part), 12) for part in indices]
    total = sum(batches[1:], start=batches[0])
    assert total == CodebookUsage.of(indices, 12)
    wanted = [int((indices == k).sum()) for k in range(12)]
    assert total.counts == tuple(wanted)
    assert total.n_frames == (indices >= 0).sum()
    assert total.share == pytest.approx(10 / 12)
    assert total.dead.tolist() == [10, 11]
    p = [n / sum(wanted) for n in wanted if n]
    assert total.perplexity == pytest.approx(2 ** -sum(q * math.log2(q) for q in p), rel=1e-12)


def test_extremes():
    even = CodebookUsage.of(np.arange(8), 8)
    assert (even.share, even.perplexity, len(even.dead)) == (1.0, pytest.approx(8), 0)
    one = CodebookUsage.of([3, 3], 8)
    assert (one.share, one.perplexity) == (1 / 8, 1.0)
    nothing = CodebookUsage.of([], 8) + CodebookUsage.of(torch.full((2, 3), -1), 8)
    assert (nothing.n_frames, nothing.share, len(nothing.dead)) == (0, 0.0, 8)
    assert math.isnan(nothing.perplexity)
    assert nothing + one == one


def test_json_round_trip():
    usage = CodebookUsage.of([0, 2, 2], 4)
    assert CodebookUsage(**json.loads(json.dumps(asdict(usage)))) == usage


def test_what_does_not_fit_is_refused():
    with pytest.raises(QuantizerError, match="an index is 4, the codebook has 4 codewords"):
        CodebookUsage.of([0, 4], 4)
    for wrong in ([-2], [0.5], [True]):
        with pytest.raises(QuantizerError, match="give integers >= -1"):
            CodebookUsage.of(wrong, 4)
    with pytest.raises(QuantizerError, match="when the codebook has grown"):
        CodebookUsage.of([0], 4) + CodebookUsage.of([0], 8)
    for counts in ((), (1, -1), (0.5, 1)):
        with pytest.raises(QuantizerError, match="one a codeword"):
            CodebookUsage(counts)

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from sfvq_analysis import plots


def test_left_has_the_codewords_and_right_the_curve(rng):
    points, vq, sfvq = rng.normal(size=(50, 2)), rng.normal(size=(8, 2)), rng.normal(size=(8, 2))
    left, right = plots.vq_and_sfvq(points, vq, sfvq)
    assert (left.get_title(), right.get_title()) == ("VQ", "SFVQ")
    assert left.figure is right.figure
    curves = [line.get_xydata() for line in right.lines if len(line.get_xydata()) == 8]
    assert any(np.allclose(drawn, sfvq) for drawn in curves)


def test_given_axes_are_used(rng):
    figure, axes = plt.subplots(1, 2)
    drawn = plots.vq_and_sfvq(*(rng.normal(size=(8, 2)) for _ in range(3)), axes=tuple(axes))
    assert drawn == tuple(axes)
    assert plt.get_fignums() == [figure.number]

import matplotlib.pyplot as plt
import numpy as np
import pytest

from sfvq_analysis import plots
from sfvq_analysis.errors import OptionError


@pytest.mark.parametrize("iteration", range(1, 8))
def test_path_visits_every_cell_once_in_steps_of_one_cell(iteration):
    points = plots.hilbert_points(iteration)
    side = 2**iteration
    cells = points * side - 0.5
    assert np.array_equal(cells, cells.round())
    assert len({tuple(cell) for cell in cells.astype(int)}) == side**2 == len(points)
    assert cells.min() == 0
    assert cells.max() == side - 1
    assert (np.abs(np.diff(cells, axis=0)).sum(axis=1) == 1).all()


def test_each_quarter_is_the_iteration_before():
    fine, coarse = plots.hilbert_points(5), plots.hilbert_points(4)
    assert np.array_equal(fine[256:512], coarse / 2 + [0, 0.5])
    blocks = fine.reshape(-1, 4, 2).mean(axis=1)
    assert np.allclose(blocks, coarse)


def test_panel():
    ax = plots.hilbert(3)
    assert ax.get_title() == "Iteration 3"
    assert np.array_equal(np.column_stack(ax.lines[0].get_data()), plots.hilbert_points(3))
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 1), (0, 1))


@pytest.mark.parametrize("iteration", [0, 11, 2.0, "3"])
def test_other_iterations_are_refused(iteration):
    with pytest.raises(OptionError, match="iteration is"):
        plots.hilbert(iteration)
    assert plt.get_fignums() == []

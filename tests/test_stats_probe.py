import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.labels.probe import Probe


def _blobs(rng, n):
    values = rng.integers(0, 3, n)
    return (values[:, None] * [3.0, -300.0] + rng.normal(size=(n, 2)) * [1, 100]), values


def test_it_is_scikit_learns_on_standardised_latents(rng):
    fitted, values = _blobs(rng, 300)
    read, truth = _blobs(rng, 200)
    answers = Probe(C=0.5).answers(fitted.astype(np.float32), values, read.astype(np.float32))
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(fitted, values)
    assert (answers == theirs.predict(read)).mean() > 0.99
    assert (answers == truth).mean() > 0.9


def test_constant_dimensions_and_early_stops_give_no_warning(rng):
    fitted, values = _blobs(rng, 100)
    constant = np.column_stack([fitted, np.ones(100)])
    assert (Probe(max_iter=1).answers(constant, values, constant) >= 0).all()


def test_one_value_is_the_answer_to_all(rng):
    assert Probe().answers(np.zeros((2, 1)), np.array([5, 5]), np.zeros((3, 1))).tolist() == [5] * 3


def test_bad_values():
    with pytest.raises(OptionError, match="latents hold NaN"):
        Probe().answers(np.full((2, 1), np.nan), np.array([0, 1]), np.zeros((1, 1)))
    with pytest.raises(OptionError, match="C is 0"):
        Probe(C=0)
    with pytest.raises(OptionError, match="max_fitted"):
        Probe(max_fitted=0)

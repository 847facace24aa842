"""A training that is killed and resumed ends with the same losses and weights, to the last bit."""

import math
import os
import subprocess
import sys
from pathlib import Path

import killed_trainings
import pandas as pd
import pytest
import torch
from killed_trainings import KILLS
from made_voices import scalars, spoken, weights
from threadpoolctl import threadpool_limits

from sfvq_analysis.training.voice import train_voice_model

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork"),
    pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU adds up in no fixed order"),
]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folder in which the trainings were killed."""
    folder = tmp_path_factory.mktemp("killed")
    script = Path(killed_trainings.__file__)
    one_thread = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, script, folder], check=True, cwd=script.parent, env=one_thread)
    return folder


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Sums of the killed ones' bits need their number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What trainings that weren't killed end with, and their folders, by their options."""
    found = {}
    for options in {options for options, _ in KILLS.values()}:
        folder = tmp_path_factory.mktemp("undisturbed") / "run"
        found[options] = train_voice_model(spoken(), folder, options), folder
    return found


def rows(model):
    return [list(row.items()) for row in model.card["log"]]


@pytest.mark.parametrize("name", list(KILLS))
def test_it_ends_as_if_nothing_had_been(killed, undisturbed, name):
    options, _ = KILLS[name]
    folder = killed / name
    expected, other = undisturbed[options]
    model = train_voice_model(spoken(), folder, options, resume=True)
    assert rows(model) == rows(expected)
    assert weights(model) == weights(expected)
    assert model.card == expected.card
    assert model.quantizer.provenance == expected.quantizer.provenance
    for log in sorted(other.glob("*/log.csv")):
        phase = log.parent.name
        assert (folder / phase / "log.csv").read_bytes() == log.read_bytes()
        losses = pd.read_csv(log)
        shown = scalars(folder / phase / "events")
        assert set(shown) >= {f"{phase}/total", f"{phase}/rate"}
        for tag, values in shown.items():
            logged = dict(zip(losses["step"], losses[tag.partition("/")[2]], strict=True))
            assert set(values) == set(logged)
            assert all(math.isclose(values[at], logged[at], rel_tol=1e-6) for at in values)


def test_the_spectrograms_are_not_read_again(killed, undisturbed):
    def unreadable():
        raise OSError("the corpus is gone")
        yield

    options, _ = KILLS["in the decoder's phase"]
    model = train_voice_model(unreadable(), killed / "in the decoder's phase", options, resume=True)
    assert weights(model) == weights(undisturbed[options][0])

"""`training.voice.log`: rows, TensorBoard's events, the progress bar."""

import time

import pytest
import torch
from made_voices import scalars

from sfvq_analysis.training.voice.log import TrainingLog
from sfvq_analysis.training.voice.objective import Losses
from sfvq_analysis.training.voice.run_folder import State


def log_of(events=None, restored=None, *, progress=False, n_steps=100):
    return TrainingLog(events, "joint", n_steps, restored, progress=progress)


def row(step, held_out=1.0, **others):
    return {"step": step, "phase": "joint", "held_out": held_out, "usage": 0.5, **others}


def state(log, step):
    return State(step, done=False, modules={}, learner={}, **known_of(log))


def known_of(log):
    return {"rows": log.rows, "best": log.best, "waited": log.waited}


LOSSES = Losses(*[torch.tensor(0.25, requires_grad=True)] * 4, torch.zeros(1, dtype=torch.long))


def test_it_has_settled_after_so_many_evaluations_without_a_better_one():
    with log_of() as log:
        assert log.best == float("inf")
        seen = []
        for step, held_out in enumerate([3.0, 2.0, 2.0, 2.5, 1.5, 1.6, 1.7, 1.8]):
            log.add(row(step, held_out))
            seen.append((log.has_settled(2), log.has_settled(3), log.has_settled(0)))
        assert [two for two, _, _ in seen] == [False] * 3 + [True] + [False] * 2 + [True] * 2
        assert [three for _, three, _ in seen] == [False] * 7 + [True]
        assert not any(never for _, _, never in seen)
        assert log.best == 1.5


def test_where_nothing_is_held_out_nothing_is_waited_for():
    with log_of() as log:
        for step in range(5):
            log.add({"step": step, "phase": "teacher", "units": 0.5})
        assert not log.has_settled(1)
        assert [one["step"] for one in log.rows] == [0, 1, 2, 3, 4]


def test_every_number_of_a_row_becomes_a_scalar(tmp_path):
    with log_of(tmp_path / "events") as log:
        log.add(row(2, 1.5, codewords=16))
        log.add(row(4, 1.25, codewords=32))
        # written as it comes: nothing is lost in a kill
        assert scalars(tmp_path / "events") == {
            "joint/held_out": {2: 1.5, 4: 1.25},
            "joint/usage": {2: 0.5, 4: 0.5},
            "joint/codewords": {2: 16.0, 4: 32.0},
        }


@pytest.mark.parametrize("known", [0, 4, 6])
def test_rows_after_the_last_checkpoint_are_replaced(tmp_path, known):
    """A training is killed after row 6; the checkpoint it goes on from is older or has it."""
    events = tmp_path / "events"
    restored = None
    with log_of(events) as log:
        for step in (2, 4, 6):
            if step == known + 2:
                restored = state(log, known)._replace(rows=list(log.rows))
            log.add(row(step, step / 8))
        restored = restored or state(log, 6)
    time.sleep(1.01)  # files are read in the order of the seconds in their names
    with log_of(events, restored if known else None) as log:
        assert [one["step"] for one in log.rows] == list(range(2, known + 1, 2))
        for step in range(known + 2, 10, 2):
            log.add(row(step, step / 16))
    wanted = {step: step / (8 if step <= known else 16) for step in (2, 4, 6, 8)}
    assert scalars(events)["joint/held_out"] == wanted


def test_what_was_known_goes_on():
    with log_of() as log:
        log.add(row(2, 1.0))
        log.add(row(4, 1.5))
        restored = state(log, 4)
    with log_of(restored=restored) as again:
        assert (again.best, again.waited, again.n_done) == (1.0, 1, 4)
        again.add(row(6, 1.25))
        assert again.has_settled(2)
        assert len(again.rows) == 3
        assert len(restored.rows) == 2


def test_the_bar_shows_phase_steps_and_loss(capsys):
    with log_of(progress=True, n_steps=40) as log:
        for _ in range(40):
            log.tick(LOSSES)
    assert log.n_done == 40
    shown = capsys.readouterr().err
    assert "joint" in shown
    assert "40/40" in shown
    assert "loss=0.250" in shown


def test_nothing_is_shown_or_written_unless_wanted(capsys, tmp_path):
    with log_of() as log:
        for _ in range(40):
            log.tick(LOSSES)
        log.add(row(40))
    assert capsys.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())

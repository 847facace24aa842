"""Trainings that are killed: run as a script, it starts each in a process that kills itself.

Usage: ``killed_trainings.py FOLDER``; the training called NAME is left in ``FOLDER/NAME``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
from made_voices import spoken, toy

from sfvq_analysis import fit_sfvq
from sfvq_analysis.training.voice import TrainOptions, train_voice_model
from sfvq_analysis.training.voice import train as training
from sfvq_analysis.training.voice.learner import Learner

_CURVE = {
    "encoder": {"normalise": "utterance", "centred": True},
    "augment": True,
    "whitening": 0.5,
    "steps": 12,
    "decoder_steps": 8,
    "checkpoint_every": 4,
}
CURVE = toy(**_CURVE)
"""12 steps of all, in the fifth of which the curve grows, and 8 of the decoder."""
TAUGHT = toy(**_CURVE, units=1.0, teacher_steps=4)
"""4 steps of a teacher before."""
PLAIN = toy(bottleneck="vq", estimator="straight_through", steps=12, checkpoint_every=4)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def nth_call_kills(owner: object, name: str, number: int) -> None:
    """Let the call of a function with that number, from 0, be the end."""
    kept, calls = getattr(owner, name), []

    def counted(*args, **kwargs):
        if len(calls) == number:
            kill()
        calls.append(None)
        return kept(*args, **kwargs)

    setattr(owner, name, counted)


def step(number: int):
    return lambda: nth_call_kills(Learner, "step", number)


def state(number: int):
    """Die when the state with that number is written, but doesn't have its name yet."""

    def renaming() -> None:
        kept, calls = Path.replace, []

        def replace(self, target):
            if Path(target).name == "state.pt":
                calls.append(target)
                if len(calls) > number:
                    kill()
            return kept(self, target)

        Path.replace = replace

    return renaming


def call(name: str, number: int = 0):
    return lambda: nth_call_kills(training, name, number)


KILLS = {
    "before the spectrograms": (CURVE, [call("_mels")]),
    "before the first checkpoint": (CURVE, [step(2)]),
    "before the curve has grown in the checkpoint": (CURVE, [step(7)]),
    "after it has grown": (CURVE, [step(9)]),
    "while a checkpoint is written": (CURVE, [state(1)]),
    "between the phases": (CURVE, [call("save_voice_model")]),
    "while points are written": (CURVE, [call("decoded_points", 1)]),
    "in the decoder's phase": (CURVE, [step(18)]),
    "again and again": (CURVE, [step(5), step(5), step(7)]),
    "in the teacher's phase": (TAUGHT, [step(3)]),
    "after the teacher's phase": (TAUGHT, [step(9)]),
    "running means": (PLAIN, [step(6)]),
}
"""Options, and the moments at which the training and then each resumption of it end."""


def run(folder: Path, options: TrainOptions, end) -> None:
    """Train, or go on, in a process that ends so."""
    process = os.fork()
    if not process:
        end()
        train_voice_model(spoken(), folder, options, resume=True)
        os._exit(0)
    _, status = os.waitpid(process, 0)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        raise SystemExit(f"{folder.name}: it wasn't killed, but ended with {status}")


def warm_up() -> None:
    """Load what every training loads; no gradient, whose threads wouldn't outlive a fork."""
    import lightning_fabric  # noqa: F401
    from torch.utils import tensorboard  # noqa: F401

    fit_sfvq(np.random.default_rng(0).normal(size=(500, 4)), bits=5)


if __name__ == "__main__":
    warm_up()
    for name, (options, ends) in KILLS.items():
        for end in ends:
            run(Path(sys.argv[1]) / name, options, end)

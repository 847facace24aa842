"""What a training keeps on disk, so that it goes on where it was cut off."""

from __future__ import annotations

import dataclasses
import io
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import torch

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.files import new_file
from sfvq_analysis.tables.csv_files import write_csv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sfvq_analysis.training.voice.options import TrainOptions

_OPTIONS, _STATE, _LOG, _EVENTS = "options.json", "state.pt", "log.csv", "events"


class State(NamedTuple):
    """Everything that changes in a phase of a training.

    Attributes
    ----------
    step
        Steps made.
    done
        Whether the phase has ended.
    modules
        State of each module by name: networks, unit heads, quantizer.
    learner
        What the optimizer remembers.
    rows
        Of the log.
    best, waited
        Least held-out reconstruction so far, and evaluations since.
    """

    step: int
    done: bool
    modules: Mapping[str, Mapping[str, Any]]
    learner: Mapping[str, Any]
    rows: list[dict[str, Any]]
    best: float
    waited: int


class PhaseFolder:
    """The folder of one phase.

    Parameters
    ----------
    path
        Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def events(self) -> Path:
        """Folder of TensorBoard's event file."""
        return self.path / _EVENTS

    @property
    def has_begun(self) -> bool:
        """Whether there is a checkpoint."""
        return (self.path / _STATE).exists()

    @property
    def has_ended(self) -> bool:
        """Whether the phase is over."""
        state = self.load()
        return state is not None and state.done

    def save(self, state: State) -> None:
        """Write the log as a table, then the state, each whole or not at all."""
        write_csv(pd.DataFrame(state.rows), self.path / _LOG)
        buffer = io.BytesIO()
        torch.save(state._asdict(), buffer)
        with new_file(self.path / _STATE) as file:
            file.write(buffer.getvalue())

    def load(self) -> State | None:
        """Return the state saved last, None where there is none.

        Raises
        ------
        VoiceError
            If it is damaged.
        """
        if not self.has_begun:
            return None
        with self.reading():
            return State(**torch.load(self.path / _STATE, map_location="cpu", weights_only=True))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Raise a VoiceError where reading or restoring the state goes wrong in any way."""
        try:
            yield
        except Exception as error:  # damaged pickles raise almost anything
            raise VoiceError(
                "the training's state is damaged",
                where=str(self.path / _STATE),
                remedy="remove the folder and start anew",
            ) from error


class RunFolder:
    """A folder of one training.

    Parameters
    ----------
    path
        Where it is.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def mels(self) -> Path:
        """Folder of the spectrograms."""
        return self.path / "mels"

    @property
    def units(self) -> Path:
        """File of the units that the joint phase tells."""
        return self.path / "units.npz"

    @property
    def alike(self) -> Path:
        """Folder of the spectrograms made alike over speakers."""
        return self.path / "alike"

    @property
    def points(self) -> Path:
        """Folder of the decoded latents of the frozen encoder."""
        return self.path / "points"

    @property
    def frozen(self) -> Path:
        """File of the model with its encoder frozen and a codebook fitted."""
        return self.path / "frozen.safetensors"

    def phase(self, name: str) -> PhaseFolder:
        """Return the folder of a phase."""
        return PhaseFolder(self.path / name)

    def begin(self, options: TrainOptions, *, resume: bool) -> None:
        """Note the options, or check that a training to go on with had the same.

        Raises
        ------
        VoiceError
            If the folder holds a training and none was to be resumed, one of other options, or
            what it says of them is damaged.
        """
        stated = json.dumps(dataclasses.asdict(options), indent=1)
        file = self.path / _OPTIONS
        if not file.exists():
            with new_file(file) as writable:
                writable.write(stated.encode())
            return
        if not resume:
            raise VoiceError(
                "it holds a training already",
                where=str(self.path),
                remedy="resume it, or name another folder",
            )
        known, now = _options(file), json.loads(stated)
        other = sorted(name for name in {*known, *now} if known.get(name) != now.get(name))
        if other:
            raise VoiceError(
                f"its training had other options ({', '.join(other)})",
                where=str(self.path),
                remedy="resume it with the same, or name another folder",
            )


def _options(file: Path) -> dict[str, Any]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        known = None
    if not isinstance(known, dict):
        raise VoiceError(
            "it doesn't state a training's options",
            where=str(file),
            remedy="remove the folder and start anew",
        )
    return known

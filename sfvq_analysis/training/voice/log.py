"""What a training tells while it runs: rows of a table, a TensorBoard file, a progress bar."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from sfvq_analysis.training.voice.objective import Losses
    from sfvq_analysis.training.voice.run_folder import State

_SHOWN_EVERY = 20


class TrainingLog:
    """Rows of losses, one an evaluation, and the least held-out reconstruction.

    Parameters
    ----------
    events
        Folder of the TensorBoard file; None where another process writes it.
    phase
        Name of the phase.
    n_steps
        Of the phase.
    restored
        What is known from before.
    progress
        Whether to show a progress bar with the time left.
    """

    def __init__(
        self,
        events: Path | None,
        phase: str,
        n_steps: int,
        restored: State | None,
        *,
        progress: bool,
    ) -> None:
        self.rows: list[dict[str, Any]] = [] if restored is None else list(restored.rows)
        self.best = float("inf") if restored is None else restored.best
        self.waited = 0 if restored is None else restored.waited
        self.n_done = 0 if restored is None else restored.step
        self._bar = tqdm(total=n_steps, initial=self.n_done, desc=phase, disable=not progress)
        self._writer = _writer(events, self.n_done) if events else None

    def tick(self, losses: Losses) -> None:
        """Show a step."""
        self.n_done += 1
        if self.n_done % _SHOWN_EVERY == 0 and not self._bar.disable:
            self._bar.set_postfix(loss=f"{float(losses.total.detach()):.3f}", refresh=False)
        self._bar.update()

    def add(self, row: dict[str, Any]) -> None:
        """Add a row, and note if its held-out reconstruction, if any, is the least so far."""
        if "held_out" in row:
            better = row["held_out"] < self.best
            self.waited = 0 if better else self.waited + 1
            self.best = min(row["held_out"], self.best)
        self.rows.append(row)
        if self._writer is not None:
            for name, value in row.items():
                if isinstance(value, float | int) and name != "step":
                    self._writer.add_scalar(f"{row['phase']}/{name}", value, row["step"])
            self._writer.flush()  # a kill must not take what a checkpoint holds

    def has_settled(self, patience: int) -> bool:
        """Tell whether the last `patience` evaluations brought nothing; never for 0."""
        return 0 < patience <= self.waited

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
        if self._writer is not None:
            self._writer.close()


def _writer(folder: Path, done: int) -> Any:
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=done + 1)  # rows of a run that was cut off

"""A phase of the training: its steps, with log, judgement and checkpoints, from wherever it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from sfvq_analysis.quantizers import SpaceFillingVQ
from sfvq_analysis.quantizers.usage import CodebookUsage
from sfvq_analysis.training.voice.learner import Learner
from sfvq_analysis.training.voice.log import TrainingLog
from sfvq_analysis.training.voice.objective import means
from sfvq_analysis.training.voice.run_folder import State
from sfvq_analysis.training.voice.schedule import rate_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lightning_fabric import Fabric
    from torch import nn

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.training.voice.objective import Batch, Losses
    from sfvq_analysis.training.voice.options import TrainOptions
    from sfvq_analysis.training.voice.run_folder import PhaseFolder

_STRIDE = 1_000_003  # between the seeds of trainings, in steps


class Phase(NamedTuple):
    """Steps of one kind.

    Attributes
    ----------
    name
        What the log calls it.
    n_steps
        How many there are.
    objective
        Gives losses.
    batch
        Makes the batch of a step.
    judge
        Batches of held-out speech; none where reconstruction isn't learnt.
    quantizer
        Whose codes are counted, and who learns; None for none.
    corners
        How many corners it has at a step.
    modules
        What a checkpoint holds, by name.
    """

    name: str
    n_steps: int
    objective: nn.Module
    batch: Callable[[int], Batch]
    judge: list[Batch]
    quantizer: Quantizer | None
    corners: Callable[[int], int]
    modules: Mapping[str, nn.Module]


def run_phase(
    phase: Phase, fabric: Fabric, options: TrainOptions, folder: PhaseFolder, *, progress: bool
) -> list[dict[str, Any]]:
    """Make the steps that are left of a phase, in place; return all rows of its log.

    Every step seeds torch's generator by its own number, so that what was drawn before it doesn't
    matter to it. A phase that has ended is read from its folder.
    """
    state = folder.load()
    if state is not None:
        with folder.reading():
            _restore(phase, state)
        if state.done:
            return state.rows
    learner = Learner(fabric, phase.objective, phase.quantizer, options.clip)
    if state is not None:
        with folder.reading():
            learner.restore(state.learner)
    events = folder.events if fabric.is_global_zero else None
    with TrainingLog(events, phase.name, phase.n_steps, state, progress=progress) as log:
        _make_steps(phase, learner, options, folder, log)
    fabric.barrier()
    state = None if learner.writes else folder.load()
    if state is not None:
        _restore(phase, state)  # what BatchNorm has seen differs from process to process
    return log.rows


def _make_steps(
    phase: Phase, learner: Learner, options: TrainOptions, folder: PhaseFolder, log: TrainingLog
) -> None:
    pending: list[Losses] = []
    phase.objective.train()
    for step in range(log.n_done, phase.n_steps):
        torch.manual_seed(options.seed * _STRIDE + step)
        if isinstance(phase.quantizer, SpaceFillingVQ) and _grown(phase.quantizer, phase, step):
            learner.replace_codebook(phase.quantizer)
            log.waited = 0
        rate = rate_at(step, phase.n_steps, options)
        losses = learner.step(phase.batch(step), rate)
        pending.append(losses.detached())
        log.tick(losses)
        n_done, last = step + 1, step + 1 == phase.n_steps
        if n_done % options.evaluate_every and not last:
            continue
        row = _row(phase, n_done, rate, pending)
        log.add(row | ({"held_out": learner.judged(phase.judge)} if phase.judge else {}))
        pending = []
        done = last or (_is_grown(phase) and log.has_settled(options.patience))
        if learner.writes and (done or n_done % options.checkpoint_every == 0):
            folder.save(_state(phase, learner, log, done=done))
        if done:
            return


def _grown(quantizer: SpaceFillingVQ, phase: Phase, step: int) -> bool:
    """Let a curve grow to as many corners as it has at a step; tell whether it did."""
    before = quantizer.codebook_size
    while quantizer.codebook_size < phase.corners(step):
        quantizer.grow()
    return quantizer.codebook_size > before


def _is_grown(phase: Phase) -> bool:
    """Tell whether a codebook, if there is one, has all the codewords it will have."""
    quantizer = phase.quantizer
    return quantizer is None or quantizer.codebook_size == phase.corners(phase.n_steps - 1)


def _row(phase: Phase, step: int, rate: float, pending: list[Losses]) -> dict[str, Any]:
    row: dict[str, Any] = {"step": step, "phase": phase.name, "rate": rate, **means(pending)}
    if phase.quantizer is None:
        return row
    size = phase.quantizer.codebook_size
    seen = [x.indices.flatten() for x in pending]  # codes of smaller codebooks stay below
    usage = CodebookUsage.of(torch.cat(seen), size)
    return row | {"codewords": size, "usage": usage.share, "perplexity": usage.perplexity}


def _state(phase: Phase, learner: Learner, log: TrainingLog, *, done: bool) -> State:
    modules = {name: module.state_dict() for name, module in phase.modules.items()}
    return State(log.n_done, done, modules, learner.state(), log.rows, log.best, log.waited)


def _restore(phase: Phase, state: State) -> None:
    quantizer = phase.quantizer
    if isinstance(quantizer, SpaceFillingVQ):
        while quantizer.codebook_size < len(state.modules["quantizer"]["codebook"]):
            quantizer.grow()
    for name, module in phase.modules.items():
        module.load_state_dict(dict(state.modules[name]))

"""A module, its optimizer and the device they are on; what makes one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch

from sfvq_analysis.training.voice.objective import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lightning_fabric import Fabric
    from torch import Tensor, nn

    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.training.voice.objective import Losses

_BETAS, _DECAY = (0.9, 0.98), 1e-4


class Learner:
    """Makes steps of AdamW on a module.

    Parameters
    ----------
    fabric
        Knows devices and precision.
    objective
        Gives losses; only what requires a gradient learns.
    quantizer
        Its bottleneck, whose codewords aren't drawn to 0 by weight decay; None for none.
    clip
        Longest gradient.
    """

    def __init__(
        self, fabric: Fabric, objective: nn.Module, quantizer: Quantizer | None, clip: float
    ) -> None:
        self.objective = objective
        self._fabric, self._clip = fabric, clip
        codewords = [] if quantizer is None else [quantizer.codebook]
        others = [
            weight
            for weight in objective.parameters()
            if weight.requires_grad and all(weight is not codeword for codeword in codewords)
        ]
        groups: list[dict[str, Any]] = [
            {"params": others},
            {"params": codewords, "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(
            [group for group in groups if group["params"]], betas=_BETAS, weight_decay=_DECAY
        )
        self._set_up()

    def _set_up(self) -> None:
        self._module, self._stepper = self._fabric.setup(self.objective, self.optimizer)

    @property
    def writes(self) -> bool:
        """Whether this process is the one that writes files."""
        return bool(self._fabric.is_global_zero)

    def replace_codebook(self, quantizer: Quantizer) -> None:
        """Let a codebook that has grown learn, from no memory of former steps."""
        group = self.optimizer.param_groups[1]
        for former in group["params"]:
            self.optimizer.state.pop(former, None)
        group["params"] = [quantizer.codebook]
        self._set_up()

    def step(self, batch: Batch, rate: float) -> Losses:
        """Make a step with this process' share of a batch, at a learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        losses: Losses = self._module(self._share(batch))
        self._stepper.zero_grad()
        self._fabric.backward(losses.total)
        self._fabric.clip_gradients(self._module, self._stepper, max_norm=self._clip)
        self._stepper.step()
        return losses

    def judged(self, batches: Iterable[Batch]) -> float:
        """Return the mean reconstruction loss of batches in evaluation mode."""
        self.objective.eval()
        with torch.no_grad():
            losses = [self.objective(self._moved(batch)).reconstruction for batch in batches]
        self.objective.train()
        mean = torch.stack(losses).mean()
        # processes must stop together, but their BatchNorms differ a little
        return float(cast("Tensor", self._fabric.all_reduce(mean)))

    def _share(self, batch: Batch) -> Batch:
        rank, size = self._fabric.global_rank, self._fabric.world_size
        return self._moved(Batch(*(part[rank::size] for part in batch)))

    def _moved(self, batch: Batch) -> Batch:
        return Batch(*(part.to(self._fabric.device) for part in batch))

    def state(self) -> Mapping[str, Any]:
        """Return what the optimizer remembers, and how losses are scaled for 16 bits."""
        scaling = self._fabric.strategy.precision.state_dict()
        return {"optimizer": self.optimizer.state_dict(), "scaling": scaling}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take what a learner of the same module remembered."""
        self.optimizer.load_state_dict(state["optimizer"])
        self._fabric.strategy.precision.load_state_dict(state["scaling"])

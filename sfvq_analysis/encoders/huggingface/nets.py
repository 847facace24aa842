"""Running a net: from what it hears to its hidden states, layer by layer.

Hidden state 0 is what the first layer of the transformer is given, k what layer k gives, and N, the
last, what the model gives as ``last_hidden_state``: with ``do_stable_layer_norm`` and in Whisper it
has been through the final layer norm, which the others have not. (transformers 5 leaves that norm
out of the last of its ``hidden_states`` for some families.)
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from sfvq_analysis.encoders.huggingface.geometry import Convolutions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sfvq_analysis.encoders.huggingface.shape import Shape

States = list[dict[int, Tensor]]
"""Of every utterance, hidden states (n_frames, dim) by layer."""


class _EnoughError(Exception):
    """The highest layer that is wanted has been reached."""


class _Tap:
    """Takes what the layers of a transformer are given while it runs."""

    def __init__(self, layers: nn.ModuleList, wanted: Sequence[int]) -> None:
        self._layers = layers
        self._wanted = set(wanted)
        self._taken: dict[int, Tensor] = {}

    def run(self, module: nn.Module, *inputs: Any, **options: Any) -> dict[int, Tensor]:
        """Return the wanted hidden states, each (batch, n_frames, dim)."""
        last = len(self._layers)
        with ExitStack() as hooks:
            for k in self._wanted - {last}:
                handle = self._layers[k].register_forward_pre_hook(self._taking(k))
                hooks.callback(handle.remove)
            try:
                output = module(*inputs, **options)
            except _EnoughError:
                return self._taken
        if last in self._wanted:
            self._taken[last] = output.last_hidden_state
        return self._taken

    def _taking(self, k: int) -> Any:
        def take(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            self._taken[k] = inputs[0]
            if k == max(self._wanted):
                raise _EnoughError

        return take


class WaveNet:
    """A net that hears samples: convolutions, then a transformer.

    Parameters
    ----------
    net
        With its weights, on its device.
    shape
        Its shape.

    Notes
    -----
    Utterances of several lengths share a batch if a mask hides the padding of the shorter ones.
    Convolutions see no padding in the frames that count; with ``feat_extract_norm`` "group" their
    norm is over time, and every utterance goes through them alone. The positional convolutions of
    data2vec are several, with a norm between, and see more than zeros beyond an utterance's end, as
    does batch normalisation there: such models get batches of one length only.
    """

    def __init__(self, net: nn.Module, shape: Shape) -> None:
        options = shape.options
        self._net: Any = net
        self._convolutions = Convolutions.of(options)
        self._padded = options.get("feat_extract_norm", "layer") == "layer"
        several = shape.family.name == "data2vec-audio"
        self._masked = not several and not options.get("conv_pos_batch_norm", False)

    def states(self, heard: Sequence[Tensor], wanted: Sequence[int]) -> States:
        """Return the wanted hidden states of samples, each of shape (n_samples,)."""
        lengths = [self._convolutions.n_frames(len(samples)) for samples in heard]
        found: States = [{} for _ in heard]
        for group in self._groups(lengths):
            local = self._projected([heard[i] for i in group])
            frames = [part[: lengths[i]] for part, i in zip(local, group, strict=True)]
            batch = self._transformed(frames, wanted)
            for row, i in enumerate(group):
                found[i] = {k: state[row, : lengths[i]] for k, state in batch.items()}
        return found

    def _groups(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        everyone = list(range(len(lengths)))
        if self._masked:
            yield everyone
            return
        for length in sorted(set(lengths)):
            yield [i for i in everyone if lengths[i] == length]

    def _projected(self, heard: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return what the convolutions make of utterances, each (n_frames or more, dim)."""
        if self._padded:
            return list(self._convolved(pad_sequence(list(heard), batch_first=True)))
        return [self._convolved(samples[None])[0] for samples in heard]

    def _convolved(self, batch: Tensor) -> Tensor:
        features = self._net.feature_extractor(batch).transpose(1, 2)  # (b, n, channels)
        projected = self._net.feature_projection(features)
        result: Tensor = projected[0] if isinstance(projected, tuple) else projected
        return result  # (b, n, dim)

    def _transformed(self, frames: Sequence[Tensor], wanted: Sequence[int]) -> dict[int, Tensor]:
        batch = pad_sequence(list(frames), batch_first=True)  # (b, n, dim)
        counts = torch.tensor([len(part) for part in frames], device=batch.device)
        mask = torch.arange(batch.shape[1], device=batch.device) < counts[:, None]  # (b, n)
        encoder = self._net.encoder
        tap = _Tap(encoder.layers, wanted)
        return tap.run(encoder, batch, attention_mask=None if mask.all() else mask)


class MelNet:
    """A net that hears log-mels of a fixed length: Whisper's encoder."""

    def __init__(self, net: nn.Module) -> None:
        self._net: Any = net

    def states(self, heard: Sequence[Tensor], wanted: Sequence[int]) -> States:
        """Return the wanted hidden states of log-mels, each of shape (n_mels, 2 n_frames)."""
        batch = _Tap(self._net.layers, wanted).run(self._net, torch.stack(list(heard)))
        return [{k: state[i] for k, state in batch.items()} for i in range(len(heard))]


_ONE_AT_A_TIME = threading.Lock()


@contextmanager
def exact_evaluation(net: nn.Module, device: torch.device) -> Iterator[None]:
    """Run a net in evaluation mode and full precision, whatever the caller left set.

    One net at a time: what is taken on the way hangs on the net.
    """
    with ExitStack() as settings:
        settings.enter_context(_ONE_AT_A_TIME)
        settings.enter_context(_full_precision())
        settings.enter_context(torch.inference_mode())
        settings.enter_context(torch.autocast(device.type, enabled=False))
        if device.type == "cuda":
            flags = torch.backends.cudnn.flags(
                enabled=True, benchmark=False, deterministic=True, allow_tf32=False
            )
            settings.enter_context(flags)
        net.eval()
        yield


@contextmanager
def _full_precision() -> Iterator[None]:
    """Keep matrix products of float32 from being computed in less."""
    try:
        precision = torch.get_float32_matmul_precision()
    except RuntimeError:  # set by torch's newer means, which this can't undo
        yield
        return
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)

"""The published decoder: codes and a speaker to a waveform, one sample after the other.

Architecture (van Niekerk, Nortje, Kamper 2020), widths as published
--------------------------------------------------------------------
Every code's vector (64) is held for two frames of 10 ms, the speaker's embedding (64) laid beside
it; ``rnn1``, a bidirectional GRU of two layers, makes 2 x 128 channels of them, held for 160
samples each. ``rnn2``, a GRU of 896 units, reads these and the embedding (256) of the previous
sample's mu-law class; ``fc1`` (256, ReLU) and ``fc2`` give the logits of the 256 classes of the
next sample. Before the first sample stands class 128, silence.

Time: code j gives samples 320 j … 320 j + 319. The model was trained so that these are samples
320 j + 160 … 320 j + 479 of the source's audio: what is generated lacks the source's first 10 ms.

What generation spares, exactly: the previous class's share of ``rnn2``'s input is a row of a table,
the conditioning's is multiplied out once for its 160 samples. What remains is one product with the
recurrent weights a sample, 9.6 MB at the published widths: reading them from memory is the cost.
On one CPU core that is .5 to .75 ms a sample, 8 to 12 s for a second of sound; in a batch of 32
utterances it is .1 ms a sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm.auto import tqdm

from sfvq_analysis.encoders.mel import HOP
from sfvq_analysis.errors import OptionError, VoiceError, check_between, check_count
from sfvq_analysis.voice import mu_law
from sfvq_analysis.voice.gru_step import GruStep
from sfvq_analysis.weights import as_weights, load_weights

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from sfvq_analysis.weights import Weights

FRAMES_PER_CODE = 2
SAMPLES_PER_CODE = FRAMES_PER_CODE * HOP
_REMEDY = "give the 'decoder' of a ZeroSpeech checkpoint"


@dataclass(frozen=True, slots=True)
class WaveDecoderConfig:
    """Widths of a `WaveDecoder`; the defaults are those of the published English model.

    Parameters
    ----------
    dim
        Of a code's vector.
    n_speakers, speaker_dim
        Speakers it was trained on, and the width of their embedding.
    conditioning_channels
        Units of each direction of ``rnn1``.
    mu_dim
        Width of a class's embedding.
    rnn_channels, fc_channels
        Units of ``rnn2`` and of ``fc1``.

    Raises
    ------
    OptionError
        If one of them isn't a positive integer.
    """

    dim: int = 64
    n_speakers: int = 102
    speaker_dim: int = 64
    conditioning_channels: int = 128
    mu_dim: int = 256
    rnn_channels: int = 896
    fc_channels: int = 256

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            check_count(name, getattr(self, name))


class WaveDecoder(nn.Module):
    """The autoregressive decoder of the module's docstring.

    Parameters
    ----------
    config
        Its widths.

    References
    ----------
    B. van Niekerk, L. Nortje, H. Kamper, Interspeech 2020, 4836-4840.

    Examples
    --------
    >>> widths = WaveDecoderConfig(dim=2, n_speakers=3, mu_dim=4, rnn_channels=8, fc_channels=8)
    >>> decoder = WaveDecoder(widths)
    >>> audio = decoder.generate(torch.zeros(1, 5, 2), torch.tensor([0]), seed=0)
    >>> audio.shape, audio.dtype
    ((1, 1600), dtype('float32'))
    """

    def __init__(self, config: WaveDecoderConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or WaveDecoderConfig()
        channels = config.conditioning_channels
        self.speaker_embedding = nn.Embedding(config.n_speakers, config.speaker_dim)
        self.rnn1 = nn.GRU(
            config.dim + config.speaker_dim, channels, 2, batch_first=True, bidirectional=True
        )
        self.mu_embedding = nn.Embedding(mu_law.CLASSES, config.mu_dim)
        self.rnn2 = nn.GRU(config.mu_dim + 2 * channels, config.rnn_channels, batch_first=True)
        self.fc1 = nn.Linear(config.rnn_channels, config.fc_channels)
        self.fc2 = nn.Linear(config.fc_channels, mu_law.CLASSES)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> WaveDecoder:
        """Return the decoder of a state dict, ours or the ``decoder`` of a public checkpoint.

        Parameters
        ----------
        state
            Tensors or arrays by name; the widths are read off their shapes. They are copied, as
            float32.

        Raises
        ------
        VoiceError
            If a name is missing or unknown, shapes don't fit together, or a value isn't finite.
        """
        weights = _arrays(state)
        config = _config_of(weights)
        with torch.device("meta"):  # no memory, and no draw from torch's own generator
            decoder = cls(config)
        load_weights(decoder, weights, VoiceError)
        return decoder.eval()

    def forward(self, previous: Tensor, vectors: Tensor, speaker: Tensor) -> Tensor:
        """Return the logits of every sample's class, given the true classes before it.

        Parameters
        ----------
        previous
            Class of the sample before, integers 0 … 255, shape (batch, n), n <= 320 codes.
        vectors
            Of the codes, shape (batch, codes, dim).
        speaker
            Integers 0 … n_speakers - 1, shape (batch,).

        Returns
        -------
        Tensor, shape (batch, n, 256)

        Raises
        ------
        VoiceError
            If shapes don't fit together, vectors aren't finite, or a class or a speaker is out of
            its range.
        """
        self._check_codes(vectors, speaker)
        _check_previous(previous, vectors)
        n = previous.shape[1]
        held = self._conditioning(vectors, speaker).repeat_interleave(HOP, dim=1)[:, :n]
        states, _ = self.rnn2(torch.cat((self.mu_embedding(previous), held), dim=2))  # (b, n, u)
        logits: Tensor = self.fc2(torch.relu(self.fc1(states)))  # (b, n, 256)
        return logits

    def generate(
        self,
        vectors: Tensor,
        speaker: Tensor,
        *,
        seed: int,
        progress: bool = False,
        temperature: float = 1.0,
    ) -> NDArray[np.float32]:
        """Return a waveform, drawn sample by sample.

        Parameters
        ----------
        vectors
            Of the codes, shape (batch, codes, dim).
        speaker
            Integers 0 … n_speakers - 1, shape (batch,).
        seed
            Of the draws, an integer >= 0. Every row has a stream of its own: which draws it gets
            doesn't depend on the rows beside it.
        progress
            Show a bar of samples done and time left.
        temperature
            Logits are divided by it; below 1 the likelier classes win more often, at 0 always.

        Returns
        -------
        NDArray[np.float32], shape (batch, 320 codes)
            At 16 kHz, in [-1, 1]. The audio that the model learnt from had a peak of .999.

        Raises
        ------
        VoiceError
            If shapes don't fit together, vectors aren't finite, or a speaker is out of its range.
        OptionError
            If `seed` isn't an integer >= 0, or `temperature` no number >= 0.
        """
        self._check_codes(vectors, speaker)
        check_count("seed", seed, at_least=0)
        check_between("temperature", temperature, 0)
        batch, n = vectors.shape[0], vectors.shape[1] * SAMPLES_PER_CODE
        classes = np.empty((n, batch), dtype=np.int64)
        with torch.inference_mode(), _progress_bar(n, shown=progress) as bar:
            steps = self._steps(vectors, speaker, _draws(seed, batch, n), temperature)
            for i, (chosen, _) in enumerate(steps):
                classes[i] = chosen.cpu().numpy()
                bar.update()
        return np.ascontiguousarray(mu_law.decode(classes.T))

    def _steps(
        self, vectors: Tensor, speaker: Tensor, draws: NDArray[np.float32], temperature: float
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each sample's class (b,) and the logits (b, 256) it was drawn from."""
        cell = GruStep.of(self.mu_embedding, self.rnn2)
        frames = self._conditioning(vectors, speaker)  # (b, 2 codes, 2c)
        uniform = torch.from_numpy(draws).to(frames.device)
        previous = torch.full_like(speaker, mu_law.SILENCE)  # (b,)
        state = frames.new_zeros(len(frames), self.config.rnn_channels)  # (b, u)
        for i, draw in enumerate(uniform):
            if i % HOP == 0:
                held = frames[:, i // HOP] @ cell.from_vector  # (b, 3u)
            state = cell.step(cell.from_class[previous] + held, state)
            logits = self.fc2(torch.relu(self.fc1(state)))  # (b, 256)
            previous = _chosen(logits, draw, temperature)
            yield previous, logits

    def _conditioning(self, vectors: Tensor, speaker: Tensor) -> Tensor:
        """Return what ``rnn1`` makes of codes and speaker, shape (batch, 2 codes, 2 channels)."""
        held = vectors.repeat_interleave(FRAMES_PER_CODE, dim=1)  # (b, f, d)
        voice = self.speaker_embedding(speaker)[:, None].expand(-1, held.shape[1], -1)  # (b, f, s)
        channels: Tensor = self.rnn1(torch.cat((held, voice), dim=2))[0]  # (b, f, 2c)
        return channels

    def _check_codes(self, vectors: Tensor, speaker: Tensor) -> None:
        dim, n_speakers = self.config.dim, self.config.n_speakers
        if vectors.ndim != 3 or vectors.shape[2] != dim or 0 in vectors.shape:
            raise VoiceError(
                f"vectors of the codes have shape {tuple(vectors.shape)}",
                remedy=f"give (batch, codes, {dim}), at least one code",
            )
        if not torch.isfinite(vectors).all():
            raise VoiceError("vectors hold NaN or infinity", remedy="mend the vectors")
        if tuple(speaker.shape) != (len(vectors),) or not _all_within(speaker, n_speakers):
            raise VoiceError(
                f"speaker is {speaker.tolist()}",
                remedy=f"give {len(vectors)} integers 0 … {n_speakers - 1}, one a row",
            )


def _draws(seed: int, batch: int, n: int) -> NDArray[np.float32]:
    """Return uniform numbers in [0, 1), shape (n, batch), a stream for every column."""
    streams = [np.random.default_rng([seed, row]) for row in range(batch)]
    return np.stack([stream.random(n, dtype=np.float32) for stream in streams], axis=1)


def _chosen(logits: Tensor, draw: Tensor, temperature: float) -> Tensor:
    """Return a class (b,) for logits (b, 256): where the draw (b,) falls in their distribution."""
    if temperature == 0:
        return logits.argmax(dim=1)
    below = (logits / temperature).softmax(dim=1).cumsum(dim=1)  # (b, 256)
    at = draw[:, None] * below[:, -1:]
    return torch.searchsorted(below, at, right=True)[:, 0].clamp_(max=mu_law.CLASSES - 1)


def _progress_bar(n: int, *, shown: bool) -> tqdm[Any]:
    shape = (
        "{desc} {percentage:3.0f}% |{bar}| {n_fmt} of {total_fmt} samples, "
        "{elapsed}, {remaining} left"
    )
    return tqdm(total=n, desc="generating", disable=not shown, bar_format=shape)


def _check_previous(previous: Tensor, vectors: Tensor) -> None:
    longest = vectors.shape[1] * SAMPLES_PER_CODE
    if previous.ndim != 2 or len(previous) != len(vectors) or not 1 <= previous.shape[1] <= longest:
        raise VoiceError(
            f"previous classes have shape {tuple(previous.shape)}",
            remedy=f"give ({len(vectors)}, n), 1 <= n <= {longest}",
        )
    if not _all_within(previous, mu_law.CLASSES):
        raise VoiceError("previous classes aren't all 0 … 255", remedy="give mu_law.encode's")


def _all_within(index: Tensor, size: int) -> bool:
    if index.is_floating_point() or index.is_complex() or index.dtype == torch.bool:
        return False
    return bool(((index >= 0) & (index < size)).all())


def _arrays(state: Mapping[str, Any]) -> Weights:
    arrays = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    others = {name: value for name, value in state.items() if name not in arrays}
    return arrays | as_weights(others, VoiceError)


def _config_of(weights: Weights) -> WaveDecoderConfig:
    """Read the widths off the shapes."""
    n_speakers, speaker_dim = _shape(weights, "speaker_embedding.weight")
    _, mu_dim = _shape(weights, "mu_embedding.weight")
    fc_channels, rnn_channels = _shape(weights, "fc1.weight")
    _, conditioning_channels = _shape(weights, "rnn1.weight_hh_l0")
    _, inputs = _shape(weights, "rnn1.weight_ih_l0")
    widths = n_speakers, speaker_dim, conditioning_channels, mu_dim, rnn_channels, fc_channels
    try:
        return WaveDecoderConfig(inputs - speaker_dim, *widths)
    except OptionError as error:
        raise VoiceError(f"no wave decoder: {error.what}", remedy=_REMEDY) from error


def _shape(weights: Weights, name: str) -> tuple[int, ...]:
    """Return the shape of a matrix."""
    if name not in weights:
        raise VoiceError(f"{name} is missing", remedy=_REMEDY)
    shape = weights[name].shape
    if len(shape) != 2:
        raise VoiceError(f"{name} has shape {shape}, it should be a matrix", remedy=_REMEDY)
    return shape

"""How a voice model is trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sfvq_analysis.errors import OptionError, check_between, check_count, check_option
from sfvq_analysis.quantizers.estimators import Estimator, Gradients
from sfvq_analysis.training.frames import check_seed
from sfvq_analysis.voice.model import VoiceConfig

Bottleneck = Literal["sfvq", "vq"]
Schedule = Literal["cosine", "halving"]
BOTTLENECKS, SCHEDULES = ("sfvq", "vq"), ("cosine", "halving")
FIRST_CORNERS = 16
"""Corners that a curve has when joint training begins."""
_COUNTS = {
    ("steps", "batch", "evaluate_every", "checkpoint_every"): 1,
    ("teacher_steps", "decoder_steps", "patience"): 0,
    ("hold_out",): 2,
    ("codes",): FIRST_CORNERS,
    ("window",): 32,
}
_NUMBERS = {
    ("units", "reconstruction"): (0.0,),
    ("jitter", "whitening"): (0.0, 1.0),
    ("rate", "clip"): (1e-12,),
    ("course",): (0.1, 10.0),
}


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """Every choice of a training; stored with the model.

    Attributes
    ----------
    shapes
        Of the networks, and what is done around the encoder.
    bottleneck
        What stands between encoder and decoder: a space-filling curve or a plain codebook.
    codes
        Codewords, a power of two.
    steps
        Of encoder, bottleneck and decoder together.
    decoder_steps
        Then of the decoder alone, on the codes of the frozen encoder's latents and of a codebook
        fitted to them; 0 leaves the jointly trained codebook and decoder as they are.
    batch, window
        Windows of a batch, and 10 ms frames of a window (1.28 s by default); even.
    rate
        Highest learning rate of AdamW.
    schedule
        ``"cosine"``: the rate rises over a twentieth of the steps, then falls along a cosine.
        ``"halving"``: it is halved after 60 and again after 80 % of them.
    clip
        Longest gradient.
    jitter
        Share of codes that are replaced by the one before or after (van Niekerk et al. 2020).
    units
        Weight of the loss that lets the latents tell clusters of plain features
        (`sfvq_analysis.training.voice.units`); 0: none.
    unit_sizes
        Of the codebooks of clusters.
    band_unit_sizes
        Of codebooks of log-mels themselves, to be told too.
    teacher_steps
        Steps of a teacher (`sfvq_analysis.training.voice.teacher`), whose hidden layer has a part
        in what is clustered; 0: there is none.
    reconstruction
        Weight of the spectrogram's squared error, in units of its variance, in the joint phase; 0:
        the decoder learns in its own phase only.
    estimator, commitment
        How gradients pass the bottleneck (`sfvq_analysis.quantizers.estimators.Gradients`).
    whitening
        Power by which the finished latents are whitened, 0 … 1: axis i of variance v_i is divided
        by v_i^(whitening / 2). Like a centred encoder it needs `decoder_steps`: the joint phase
        knows neither.
    course
        How much the finished latents are stretched along the course of speech, from silence to
        vowels (`sfvq_analysis.training.voice.whitening.course_matrix`); 1: not.
    augment
        Whether what the encoder hears is altered (`sfvq_analysis.training.voice.augmentation`).
    hold_out
        One speaker in so many is held out to judge by; they are not trained on.
    patience
        Stop when the held-out reconstruction hasn't become better in so many evaluations; 0: never.
    evaluate_every, checkpoint_every
        Steps between rows of the log, and between checkpoints; the latter a multiple of the former.
    seed
        Of weights, batches, noise and clusters.

    Raises
    ------
    OptionError
        If one is out of range.
    """

    shapes: VoiceConfig = field(default_factory=VoiceConfig)
    bottleneck: Bottleneck = "sfvq"
    codes: int = 256
    steps: int = 20_000
    decoder_steps: int = 0
    batch: int = 32
    window: int = 128
    rate: float = 4e-4
    schedule: Schedule = "cosine"
    clip: float = 1.0
    jitter: float = 0.5
    units: float = 0.0
    unit_sizes: tuple[int, ...] = (64, 128, 256, 256, 500)
    band_unit_sizes: tuple[int, ...] = ()
    teacher_steps: int = 0
    reconstruction: float = 1.0
    estimator: Estimator = "noise"
    commitment: float = 0.25
    whitening: float = 0.0
    course: float = 1.0
    augment: bool = False
    hold_out: int = 20
    patience: int = 0
    evaluate_every: int = 500
    checkpoint_every: int = 500
    seed: int = 0

    def __post_init__(self) -> None:
        check_option("bottleneck", self.bottleneck, BOTTLENECKS)
        check_option("schedule", self.schedule, SCHEDULES)
        Gradients(self.estimator, self.commitment)  # checks them
        for names, at_least in _COUNTS.items():
            for name in names:
                check_count(name, getattr(self, name), at_least)
        for names, bounds in _NUMBERS.items():
            for name in names:
                check_between(name, getattr(self, name), *bounds)
        check_seed(self.seed)
        for size in (*self.unit_sizes, *self.band_unit_sizes):
            check_count("a number of units", size, at_least=2)
        self._check_together()

    def _check_together(self) -> None:
        """Raise an OptionError where options that are right by themselves don't go together."""
        if self.units and not self.unit_sizes:
            raise OptionError(
                f"units is {self.units}, but there are none", remedy="give sizes of codebooks"
            )
        if not self.reconstruction and not (self.units and self.decoder_steps):
            raise OptionError(
                "reconstruction has no weight, and nothing in its place",
                remedy="give units a weight, and decoder_steps",
            )
        if self.teacher_steps and not self.units:
            raise OptionError(
                "a teacher is to be trained, but units have no weight",
                remedy="give units a weight, or no teacher_steps",
            )
        if self.window % 2:
            raise OptionError(f"window is {self.window}", remedy="use an even number of frames")
        if self.codes & (self.codes - 1):
            raise OptionError(f"codes is {self.codes}", remedy="use a power of two")
        if not self.decoder_steps and (
            self.whitening or self.course != 1 or self.shapes.encoder.centred
        ):
            raise OptionError(
                "latents are to be whitened or centred, but no decoder learns from those",
                remedy="give decoder_steps, or leave latents as they are",
            )
        if self.checkpoint_every % self.evaluate_every:
            raise OptionError(
                f"checkpoint_every is {self.checkpoint_every}",
                remedy=f"use a multiple of evaluate_every, {self.evaluate_every}",
            )

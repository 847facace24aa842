"""Training a voice conversion model: all parts together, then the decoder for a fitted codebook.

1. Joint: encoder, bottleneck and decoder learn to tell a spectrogram from codes and a voice, and
   the latents, if wanted, to tell units (`units`), for which a teacher may be trained before
   (`teacher`). A curve grows on the way.
2. The encoder is frozen; its latents are whitened, if wanted (decoder and codebook make up for it);
   a codebook is fitted to the latents of all training speech.
3. Decoder: it learns to do with that codebook's points.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sfvq_analysis.encoders.mel import normalised
from sfvq_analysis.encoders.protocol import Features
from sfvq_analysis.encoders.vqvae import VQVAEEncoder
from sfvq_analysis.errors import VoiceError
from sfvq_analysis.quantizers import PlainVQ, Provenance, Quantizer, SpaceFillingVQ
from sfvq_analysis.quantizers.estimators import Gradients
from sfvq_analysis.training.baselines import fit_vq
from sfvq_analysis.training.curve_fit import fit_sfvq
from sfvq_analysis.training.fit_options import STRETCHED_LATENTS, FitOptions
from sfvq_analysis.training.voice.batches import PointBatches, SpectrogramBatches
from sfvq_analysis.training.voice.fabric import Precision, reproducible, start_fabric
from sfvq_analysis.training.voice.frame_store import FrameStore, SpokenFrames
from sfvq_analysis.training.voice.latents import latents_of
from sfvq_analysis.training.voice.objective import DecoderObjective, JointObjective
from sfvq_analysis.training.voice.outcome import decoded_points, drawn_latents, voices_of
from sfvq_analysis.training.voice.phase import Phase, run_phase
from sfvq_analysis.training.voice.run_folder import RunFolder
from sfvq_analysis.training.voice.schedule import corners_at
from sfvq_analysis.training.voice.teacher import taught_units
from sfvq_analysis.training.voice.vocal_tracts import middle_frames
from sfvq_analysis.training.voice.whitening import course_matrix, whiten, whitening_matrix
from sfvq_analysis.training.voice.windows import WindowSampler
from sfvq_analysis.voice.checkpoint import load_voice_model, save_voice_model
from sfvq_analysis.voice.model import VoiceModel, VoiceNets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from lightning_fabric import Fabric
    from numpy.typing import NDArray

    from sfvq_analysis.training.voice.options import TrainOptions

_JUDGED = 4  # batches of held-out speech
_JUDGE_SEED = 1
JOINT, DECODER = "joint", "decoder"
FRAME_SECONDS = 0.01


def train_voice_model(
    spoken: Iterable[SpokenFrames],
    path: Path,
    options: TrainOptions,
    *,
    resume: bool = False,
    progress: bool = False,
    precision: Precision = "32-true",
) -> VoiceModel:
    """Train a model on spectrograms.

    Parameters
    ----------
    spoken
        Utterances with their log-mels (`sfvq_analysis.encoders.mel.log_mel_spectrogram`). Those
        shorter than a window are left out, and named in the card.
    path
        Folder of the run: spectrograms, and for each phase a checkpoint, ``log.csv`` and
        TensorBoard's ``events``.
    options
        Of the training.
    resume
        Go on where the run in that folder was cut off, with the same options; on the CPU, with
        the same number of threads, it ends with the same bits. Spectrograms that are there already
        aren't read again.
    progress
        Whether to show a progress bar with the time left.
    precision
        Of the networks' arithmetic, as Lightning Fabric has it.

    Returns
    -------
    VoiceModel
        With the voices of all speakers trained on.

    Raises
    ------
    VoiceError
        If the folder holds another training, what it holds is damaged, or there is too little
        speech.
    """
    fabric = start_fabric(precision)
    folder = RunFolder(path)
    with fabric.rank_zero_first():
        folder.begin(options, resume=resume or not fabric.is_global_zero)
    with reproducible(fabric):
        with fabric.rank_zero_first():
            mels = _mels(folder, spoken)
        return _Training(folder, mels, options, fabric, progress=progress).run()


def refuse_other_speech(path: Path, utterances: Sequence[str]) -> None:
    """Raise a VoiceError if a run's folder holds spectrograms, but not of these utterances."""
    mels = RunFolder(path).mels
    if mels.exists() and list(FrameStore.opened(mels).utterances) != list(utterances):
        raise VoiceError(
            "its training is of another corpus",
            where=str(path),
            remedy="resume it with the same, or name another folder",
        )


class _Training:
    """One training, from spectrograms to a model; what is done already is read from its folder."""

    def __init__(
        self,
        folder: RunFolder,
        every: FrameStore,
        options: TrainOptions,
        fabric: Fabric,
        *,
        progress: bool,
    ) -> None:
        self._folder, self._options, self._progress = folder, options, progress
        self._fabric = fabric
        usable = every.at_least(options.window)
        self._left_out = sorted(set(every.utterances) - set(usable.utterances))
        self._fit, self._held = usable.split(_held_out(usable.speakers, options.hold_out))
        self._variance = _variance(self._fit)

    def run(self) -> VoiceModel:
        """Make all steps that are left."""
        model = self._jointly()
        return self._for_codebook(model) if self._options.decoder_steps else model

    def _jointly(self) -> VoiceModel:
        """Return the model after the joint phase."""
        options = self._options
        torch.manual_seed(options.seed)
        nets, quantizer = VoiceNets(options.shapes), _bottleneck(options)
        objective = JointObjective(nets, quantizer, options, self._variance)
        folder = self._folder.phase(JOINT)
        units = None
        if options.units and not folder.has_ended:  # the weights have been drawn before
            units = taught_units(
                self._fit, options, self._fabric, self._folder, progress=self._progress
            )
        sampler = self._sampler(self._fit, options.seed)
        batches = SpectrogramBatches(self._fit, units, sampler, options)
        judge = SpectrogramBatches(self._held, None, self._judge(), options)
        if not folder.has_begun:
            with torch.no_grad():
                heard = nets.encoder(batches.batch(0).heard.transpose(1, 2))
            quantizer.start_from(heard.flatten(0, 1), options.seed)
        phase = Phase(
            JOINT,
            options.steps,
            objective,
            batches.batch,
            [judge.batch(number) for number in range(_JUDGED)] if options.reconstruction else [],
            quantizer,
            partial(corners_at, options=options),
            {"nets": nets, "quantizer": quantizer, "heads": objective.heads},
        )
        rows = run_phase(phase, self._fabric, options, folder, progress=self._progress)
        return self._model(nets, quantizer, rows)

    def _for_codebook(self, model: VoiceModel) -> VoiceModel:
        """Return the model after the decoder phase."""
        options = self._options
        with self._fabric.rank_zero_first():
            if not self._folder.frozen.exists():
                save_voice_model(self._frozen(model), self._folder.frozen)
        frozen = load_voice_model(self._folder.frozen)
        nets = frozen.nets.requires_grad_(requires_grad=True)
        nets.encoder.requires_grad_(requires_grad=False)
        points = self._points(frozen, self._fit, "fit")
        held = self._points(frozen, self._held, "held_out")
        batches = PointBatches(points, self._sampler(self._fit, options.seed + 1), options)
        judge = PointBatches(held, self._judge(), options)
        phase = Phase(
            DECODER,
            options.decoder_steps,
            DecoderObjective(nets, options, self._variance),
            batches.batch,
            [judge.batch(number) for number in range(_JUDGED)],
            None,
            partial(corners_at, options=options),
            {"decoder": nets.decoder, "speaker_encoder": nets.speaker_encoder},
        )
        folder = self._folder.phase(DECODER)
        rows = run_phase(phase, self._fabric, options, folder, progress=self._progress)
        return self._model(nets, frozen.quantizer, [*frozen.card["log"], *rows])

    def _frozen(self, model: VoiceModel) -> VoiceModel:
        """Return the model with latents whitened and a codebook fitted to them."""
        options, nets = self._options, model.nets
        if options.whitening:
            matrix = whitening_matrix(latents_of(nets.encoder, self._fit), options.whitening)
            whiten(nets, model.quantizer, matrix)
        if options.course != 1:
            spectra = (normalised(part, "mean") for part in self._middle_frames())
            pairs = zip(latents_of(nets.encoder, self._fit), spectra, strict=True)
            whiten(nets, model.quantizer, course_matrix(pairs, options.course))
        latents = drawn_latents(latents_of(nets.encoder, self._fit), self._fit)
        encoder = VQVAEEncoder(nets.encoder)
        features = Features(latents, encoder.grid, encoder.config, ())
        return dataclasses.replace(model, quantizer=_codebook_of(features, options))

    def _model(
        self, nets: VoiceNets, quantizer: Quantizer, rows: list[dict[str, Any]]
    ) -> VoiceModel:
        """Return the model with the voices of the speakers that were trained on, and a card."""
        nets.cpu().eval()
        encoder = VQVAEEncoder(nets.encoder)
        if quantizer.provenance.encoder != encoder.config:  # the bottleneck, which has none
            quantizer = _described(quantizer, encoder, self._options)
        card = {
            "options": dataclasses.asdict(self._options),
            "utterances": len(self._fit),
            "seconds": float(self._fit.lengths.sum()) * FRAME_SECONDS,
            "held_out": sorted(set(self._held.speakers)),
            "too_short": self._left_out,
            "log": rows,
        }
        return VoiceModel(nets, quantizer, voices_of(nets.speaker_encoder, self._fit), card)

    def _middle_frames(self) -> Iterator[NDArray[np.float32]]:
        """Yield the spectrogram frames that the latents of each utterance stand for."""
        return (middle_frames(self._fit.of(number)) for number in range(len(self._fit)))

    def _points(self, model: VoiceModel, mels: FrameStore, name: str) -> FrameStore:
        """Return the points that a model decodes spectrograms from, written if they aren't there.

        They are kept whole or not at all, and come of the frozen model alone.
        """
        folder = self._folder.points / name
        with self._fabric.rank_zero_first():
            if not folder.exists():
                FrameStore.written(decoded_points(model.nets, model.quantizer, mels), folder)
        return FrameStore.opened(folder)

    def _sampler(self, mels: FrameStore, seed: int) -> WindowSampler:
        return WindowSampler(mels, self._options.window, self._options.batch, seed)

    def _judge(self) -> WindowSampler:
        return self._sampler(self._held, _JUDGE_SEED)


def _mels(folder: RunFolder, spoken: Iterable[SpokenFrames]) -> FrameStore:
    """Return the spectrograms, written if they aren't there."""
    if folder.mels.exists():
        return FrameStore.opened(folder.mels)
    return FrameStore.written(spoken, folder.mels)


def _codebook_of(features: Features, options: TrainOptions) -> Quantizer:
    """Return a codebook of the frozen encoder's latents."""
    bits = options.codes.bit_length() - 1
    if options.bottleneck != "sfvq":
        return fit_vq(features, bits=bits, seed=options.seed)
    fit_options = FitOptions() if options.course == 1 else STRETCHED_LATENTS
    return fit_sfvq(features, bits=bits, seed=options.seed, options=fit_options)


def _held_out(speakers: Iterable[str], one_in: int) -> frozenset[str]:
    """Return every so-manieth speaker in the order of names, at least one.

    Raises
    ------
    VoiceError
        If there are fewer than two.
    """
    names = sorted(set(speakers))
    if len(names) < 2:
        raise VoiceError(
            f"speakers with an utterance as long as a window: {len(names)}",
            remedy="give speech of at least two, one of them to judge by",
        )
    return frozenset(names[one_in - 1 :: one_in] or names[-1:])


def _variance(mels: FrameStore) -> float:
    """Return the variance of all values of spectrograms."""
    n, total, squares = 0, 0.0, 0.0
    for number in range(len(mels)):
        mel = mels.of(number).astype(np.float64)
        n, total, squares = n + mel.size, total + mel.sum(), squares + float(np.square(mel).sum())
    return max(squares / n - (total / n) ** 2, float(np.finfo(np.float32).tiny))


def _bottleneck(options: TrainOptions) -> Quantizer:
    gradients = Gradients(options.estimator, options.commitment)
    kind = SpaceFillingVQ if options.bottleneck == "sfvq" else PlainVQ
    dim = options.shapes.encoder.dim
    return kind.random(corners_at(0, options), dim, options.seed, gradients=gradients)


def _described(quantizer: Quantizer, encoder: VQVAEEncoder, options: TrainOptions) -> Quantizer:
    fit = {"method": "joint", "seed": options.seed, "estimator": options.estimator}
    return type(quantizer)(quantizer.corners(), Provenance(encoder.config, fit))

"""`analyze`: from a corpus to the finished folder in one call."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.pipeline import IndexOptions, index_table, sample_features
from sfvq_analysis.quantizers import Quantizer, save_quantizer
from sfvq_analysis.report.folders import whole_folder, write_manifest
from sfvq_analysis.report.stages import parted, with_stages
from sfvq_analysis.report.statistics import QUICK_DRAWS, write_csv
from sfvq_analysis.report.writing import Looks, write_parts
from sfvq_analysis.report.written import WrittenReport
from sfvq_analysis.training import FitOptions, fit_log, fit_sfvq, fit_vq
from sfvq_analysis.training.curve_fit import check_method
from sfvq_analysis.training.frames import check_bits, check_seed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.errors import ErrorPolicy
    from sfvq_analysis.pipeline.indexed import SkippedUtterance
    from sfvq_analysis.pipeline.sampling import SampledFeatures
    from sfvq_analysis.plots.style import Palette
    from sfvq_analysis.report.page.sounds import AudioPolicy
    from sfvq_analysis.stats import Inference
    from sfvq_analysis.training.curve_fit import Method


@dataclass(frozen=True, slots=True)
class FitPlan:
    """What `fit_quantizers` fits a curve and a plain codebook to, and how.

    Attributes
    ----------
    corpus
        To fit on; its labels aren't looked at.
    bits
        2^bits codewords each.
    seed
        Of sample and fits.
    max_frames
        At most so many frames are fitted on; all of them if None.
    method, options
        Of `fit_sfvq`; options are those of the default method.
    on_error
        Whether utterances that can't be read or encoded stop the fit or are left out.
    """

    corpus: Corpus
    bits: int = 8
    seed: int = 0
    max_frames: int | None = 1 << 18
    method: Method = "map"
    options: FitOptions = field(default_factory=FitOptions)
    on_error: ErrorPolicy = "raise"

    def __post_init__(self) -> None:
        check_method(self.method, self.options)
        check_bits(self.bits)
        check_seed(self.seed)


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """How `analyze` reads, draws and writes.

    Attributes
    ----------
    index
        Of alignment and projection.
    palette
        ``"paper"`` or ``"colorblind"``.
    command
        What the manifest names as the command.
    overwrite
        Whether an earlier output in that folder may be replaced.
    inference
        Draws, level and seed of the statistics: few by default, as ``sfvq stats`` draws more.
    audio
        Whether the page has sound, as in `sfvq_analysis.report.write`.
    """

    index: IndexOptions = field(default_factory=IndexOptions)
    palette: Palette = "paper"
    command: str = ""
    overwrite: bool = False
    inference: Inference = QUICK_DRAWS
    audio: AudioPolicy = "none"


class Fitted(NamedTuple):
    """Quantizers by name, and the utterances of the corpus that they weren't fitted on."""

    quantizers: dict[str, Quantizer]
    skipped: tuple[SkippedUtterance, ...]


def fit_quantizers(encoder: Encoder, plan: FitPlan, *, progress: bool = False) -> Fitted:
    """Fit a curve (``"sfvq"``) and a plain codebook (``"vq"``) to the frames of a corpus."""
    features = sample_features(
        plan.corpus,
        encoder,
        max_frames=plan.max_frames,
        seed=plan.seed,
        on_error=plan.on_error,
        progress=progress,
    )
    return fit_to(features, plan, progress=progress)


def fit_to(features: SampledFeatures, plan: FitPlan, *, progress: bool = False) -> Fitted:
    """Fit as `fit_quantizers` does, to frames that were sampled as the plan says."""
    sfvq = fit_sfvq(
        features,
        bits=plan.bits,
        seed=plan.seed,
        method=plan.method,
        options=plan.options,
        progress=progress,
    )
    vq = fit_vq(features, bits=plan.bits, seed=plan.seed)
    return Fitted({"sfvq": sfvq, "vq": vq}, features.skipped)


def described(quantizers: Mapping[str, Quantizer]) -> dict[str, Any]:
    """Return what a manifest says of quantizers: kind, digest, encoder and fit."""
    return {
        name: {
            "kind": quantizer.kind,
            "codebook_digest": quantizer.digest,
            "encoder": dict(quantizer.provenance.encoder),
            "fit": dict(quantizer.provenance.fit),
        }
        for name, quantizer in quantizers.items()
    }


def write_quantizers(quantizers: Mapping[str, Quantizer], folder: Path) -> None:
    """Write quantizers as safetensors, with the log of the fit as CSV where there is one."""
    for name, quantizer in quantizers.items():
        save_quantizer(quantizer, folder / f"{name}.safetensors")
        if quantizer.provenance.log:
            write_csv(fit_log(quantizer), folder / f"{name}_fit_log.csv")


def analyze(
    corpus: Corpus,
    encoder: Encoder,
    quantizers: Mapping[str, Quantizer] | FitPlan,
    out: Path | str,
    *,
    options: AnalysisOptions = AnalysisOptions(),
    progress: bool = False,
) -> WrittenReport:
    """Read a corpus with quantizers and write everything there is to see of it.

    Parameters
    ----------
    corpus
        To read.
    encoder
        The one the quantizers were, or are to be, fitted on.
    quantizers
        By name; or the plan by which to fit them first.
    out
        The folder, whole or not at all; what is in it says `sfvq_analysis.report.write`, and
        ``quantizers/`` is there too. The page shows curves at every bit rate they grew through.
    options
        How to read, draw and write.
    progress
        Whether to show progress bars.

    Returns
    -------
    WrittenReport
        `out`, a path; in a notebook it shows what is there.
    """
    fitted_on: dict[str, Any] = {}
    with whole_folder(out, overwrite=options.overwrite) as folder:
        if isinstance(quantizers, FitPlan):
            plan, fitted = quantizers, fit_quantizers(encoder, quantizers, progress=progress)
            quantizers = fitted.quantizers
            common = {u.speaker for u in plan.corpus} & {u.speaker for u in corpus}
            fitted_on = {**fitted_on_of(plan.corpus, fitted), "n_speakers_read_too": len(common)}
        found = index_table(
            corpus, encoder, with_stages(quantizers), options.index, progress=progress
        )
        tables, stages = parted(found, quantizers)
        write_quantizers(quantizers, folder / "quantizers")
        known = write_parts(
            tables,
            folder,
            corpus=corpus,
            quantizers=quantizers,
            stages=stages,
            looks=Looks(options.palette, options.inference, options.audio, options.command),
            progress=progress,
        )
        known |= {**_read(corpus, options), "fitted_on": fitted_on}
        write_manifest(folder, {"command": options.command, **known})
    return WrittenReport(out)


def _read(corpus: Corpus, options: AnalysisOptions) -> dict[str, Any]:
    return {
        "corpus": {"name": corpus.name, "notes": corpus.notes, "n_utterances": len(corpus)},
        "options": asdict(options.index),
        "utterances": [utterance.id for utterance in corpus],
    }


def fitted_on_of(corpus: Corpus, fitted: Fitted) -> dict[str, Any]:
    """Return what a manifest says of the corpus that quantizers were fitted on."""
    left_out = {one.utterance for one in fitted.skipped}
    return {
        "corpus": corpus.name,
        "utterances": [u.id for u in corpus if u.id not in left_out],
        "skipped": [
            {"utterance": name, "reason": reason}
            for name, reason in (*corpus.skipped, *fitted.skipped)
        ],
    }

"""The commands: arguments in, calls out.

Types are read by typer at run time; heavy modules are imported inside the commands.
"""

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from sfvq_analysis.cli.application import app, on_terminal
from sfvq_analysis.cli.arguments import (
    ArcsOption,
    AudioOption,
    BitsOption,
    ChannelOption,
    CorpusArgument,
    DeviceOption,
    ElasticOption,
    EncoderOption,
    FramesOption,
    HalfOption,
    HoldOutOption,
    LabelPlaceOption,
    LabelsOption,
    MethodOption,
    MismatchOption,
    ModeOption,
    NoteOption,
    OnErrorOption,
    OutOption,
    OverwriteOption,
    OwnershipOption,
    PaletteOption,
    PastAudioOption,
    PhonesOption,
    SaOption,
    SeedOption,
    SpeakersOption,
    SplitOption,
    TemporalOption,
    TierOption,
    UnknownOption,
    WhiteningOption,
)
from sfvq_analysis.cli.clusters import (
    ClusterOption,
    EngineOption,
    OnCluster,
    ResourceOption,
    WorkersOption,
    fit_on_cluster,
)
from sfvq_analysis.cli.resolving import (
    command_line,
    echo_counted,
    echo_skipped,
    find_corpus,
    find_encoder,
    find_encoder_maker,
    find_quantizers,
    parts_of,
)
from sfvq_analysis.errors import OptionError


@app.command()
def demo(
    out: OutOption = Path("demo_output"),
    palette: PaletteOption = "paper",
    overwrite: OverwriteOption = False,
) -> None:
    """Run the main job on the built-in synthetic corpus, with codebooks fitted on real speech."""
    from sfvq_analysis.corpus import demo_corpus
    from sfvq_analysis.quantizers.shipped import demo_quantizers
    from sfvq_analysis.report.analysis import AnalysisOptions
    from sfvq_analysis.report.analysis import analyze as run

    quantizers = demo_quantizers()
    options = AnalysisOptions(
        palette=palette, command=command_line(), overwrite=overwrite, audio="embed"
    )
    run(
        demo_corpus(),
        find_encoder(None, quantizers),
        quantizers,
        out,
        options=options,
        progress=on_terminal(),
    )
    _show(out)


@app.command()
def fit(
    corpus: CorpusArgument,
    out: OutOption,
    encoder: EncoderOption = None,
    device: DeviceOption = "cpu",
    half: HalfOption = False,
    labels: LabelsOption = "auto",
    tier: TierOption = None,
    label_place: LabelPlaceOption = None,
    speakers: SpeakersOption = None,
    channel: ChannelOption = None,
    on_error: OnErrorOption = "raise",
    split: SplitOption = None,
    hold_out: HoldOutOption = None,
    sa: SaOption = True,
    bits: BitsOption = 8,
    seed: SeedOption = 0,
    max_frames: FramesOption = 1 << 18,
    method: MethodOption = "map",
    elastic: ElasticOption = 0.07,
    whitening: WhiteningOption = 0.3,
    arcs: ArcsOption = True,
    temporal: TemporalOption = False,
    overwrite: OverwriteOption = False,
    engine: EngineOption = "local",
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    resource: ResourceOption = None,
) -> None:
    """Fit a curve and a plain codebook to the latents of CORPUS; labels aren't looked at.

    Fits on the split train, if there is one, and on everything else with --split all. With
    --engine dask several processes or machines encode; the codebooks are the same.
    """
    from sfvq_analysis.report.analysis import (
        FitPlan,
        described,
        fit_quantizers,
        fitted_on_of,
        write_quantizers,
    )
    from sfvq_analysis.report.folders import whole_folder, write_manifest
    from sfvq_analysis.training import FitOptions

    whole = find_corpus(
        corpus,
        labels,
        tier=tier,
        label_place=label_place,
        speakers=speakers,
        channel=channel,
        on_error=on_error,
        sa=sa,
    )
    speech, _ = parts_of(whole, split, None, hold_out)
    options = FitOptions(elastic, whitening, arcs, temporal=temporal)
    plan = FitPlan(speech, bits, seed, max_frames, method, options, on_error)
    on = OnCluster(cluster, workers, None, tuple(resource or ()))
    maker = find_encoder_maker(encoder, {}, device=device, half=half)
    if engine == "local":
        on.refuse_given()
    with whole_folder(out, overwrite=overwrite) as folder:
        if engine == "dask":
            fitted = fit_on_cluster(maker, plan, on)
        else:
            fitted = fit_quantizers(maker(), plan, progress=on_terminal())
        write_quantizers(fitted.quantizers, folder)
        known = {"command": command_line(), "quantizers": described(fitted.quantizers)}
        write_manifest(folder, {**known, "fitted_on": fitted_on_of(speech, fitted)})
    echo_skipped((*speech.skipped, *fitted.skipped))
    for name, quantizer in fitted.quantizers.items():
        typer.echo(f"{out / name}.safetensors: {quantizer}")


@app.command()
def analyze(
    corpus: CorpusArgument,
    out: OutOption,
    encoder: EncoderOption = None,
    device: DeviceOption = "cpu",
    half: HalfOption = False,
    quantizer: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--quantizer", "-q", metavar="FILE", help="Read with these codebooks; fit none."
        ),
    ] = None,
    labels: LabelsOption = "auto",
    tier: TierOption = None,
    label_place: LabelPlaceOption = None,
    speakers: SpeakersOption = None,
    channel: ChannelOption = None,
    on_error: OnErrorOption = "raise",
    note: NoteOption = None,
    fit_split: Annotated[
        Optional[str],
        typer.Option(metavar="SPLIT", help="Fit on this split; by default train, if there is one."),
    ] = None,
    split: Annotated[
        Optional[str],
        typer.Option(metavar="SPLIT", help="Read this split, or all; by default test, if any."),
    ] = None,
    hold_out: HoldOutOption = None,
    sa: SaOption = True,
    bits: BitsOption = 8,
    seed: SeedOption = 0,
    max_frames: FramesOption = 1 << 18,
    method: MethodOption = "map",
    elastic: ElasticOption = 0.07,
    whitening: WhiteningOption = 0.3,
    arcs: ArcsOption = True,
    temporal: TemporalOption = False,
    mode: ModeOption = "exact",
    ownership: OwnershipOption = "centre",
    unknown: UnknownOption = "raise",
    phone_set: PhonesOption = "auto",
    past_audio: PastAudioOption = "raise",
    allow_mismatch: MismatchOption = False,
    palette: PaletteOption = "paper",
    audio: AudioOption = "none",
    overwrite: OverwriteOption = False,
) -> None:
    """Do all of it: fit on one part of CORPUS, read another, write tables, statistics, figures."""
    from sfvq_analysis.pipeline import IndexOptions
    from sfvq_analysis.report.analysis import AnalysisOptions, FitPlan
    from sfvq_analysis.report.analysis import analyze as run
    from sfvq_analysis.training import FitOptions

    speech = find_corpus(
        corpus,
        labels,
        tier=tier,
        label_place=label_place,
        speakers=speakers,
        channel=channel,
        on_error=on_error,
        sa=sa,
        note=note,
    )
    to_fit, to_read = parts_of(speech, fit_split, split, hold_out)
    quantizers = find_quantizers(quantizer or [])
    fit_options = FitOptions(elastic, whitening, arcs, temporal=temporal)
    plan = FitPlan(to_fit, bits, seed, max_frames, method, fit_options, on_error)
    if quantizers and plan != FitPlan(to_fit, on_error=on_error):
        raise OptionError("fit options are given, but --quantizer fits none", remedy="drop one")
    options = AnalysisOptions(
        IndexOptions(mode, ownership, unknown, allow_mismatch, on_error, past_audio, phone_set),
        palette,
        command_line(),
        overwrite,
        audio=audio,
    )
    run(
        to_read,
        find_encoder(encoder, quantizers, device=device, half=half),
        quantizers or plan,
        out,
        options=options,
        progress=on_terminal(),
    )
    _show(out)


def _show(out: Path) -> None:
    """Print the summary of a finished analysis, and where everything is."""
    typer.echo((out / "summary.txt").read_text(encoding="utf-8"))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    echo_counted(next(iter(manifest["tables"].values())))
    left_out = manifest["fitted_on"].get("skipped", [])
    if left_out:
        typer.echo(f"  {len(left_out)} utterances skipped on fitting")
    common = manifest["fitted_on"].get("n_speakers_read_too", 0)
    if common:
        typer.echo(f"  {common} speakers were both fitted on and read: see --hold-out and --split")
    if manifest["skipped"]:
        typer.echo(f"  left out: {'; '.join(manifest['skipped'])}")
    typer.echo(f"{out / 'page.html'}: all of it to explore, in a browser")
    typer.echo(f"{out / 'figures'}: the nine figures, SVG and PNG, with the CSV behind each")
    typer.echo(f"{out / 'figures' / 'measures'}: pictures of the measures, likewise")
    typer.echo(f"{out / 'stats'}: the statistics as CSV; README.txt says what each file is")
    typer.echo(f"{out / 'tables'}: the index tables as Parquet")
    typer.echo(f"{out / 'manifest.json'}: what was done, counted and left out")

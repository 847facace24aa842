"""The commands: arguments in, calls out.

Types are read by typer at run time; heavy modules are imported inside the commands.
"""

import json
from itertools import chain
from pathlib import Path
from typing import Annotated, Optional

import typer

from sfvq_analysis.cli.application import app
from sfvq_analysis.cli.arguments import (
    ArcsOption,
    BitsOption,
    CorpusArgument,
    ElasticOption,
    EncoderOption,
    FramesOption,
    HoldOutOption,
    LabelsOption,
    MethodOption,
    MismatchOption,
    ModeOption,
    NoteOption,
    OutOption,
    OverwriteOption,
    OwnershipOption,
    PaletteOption,
    QuantizerOption,
    SaOption,
    SeedOption,
    SpeakersOption,
    SplitOption,
    TablesArgument,
    TemporalOption,
    UnknownOption,
    WhiteningOption,
)
from sfvq_analysis.cli.resolving import (
    command_line,
    echo_counted,
    find_codebook,
    find_corpus,
    find_encoder,
    find_quantizers,
    find_tables,
    n_of_m,
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
    options = AnalysisOptions(palette=palette, command=command_line(), overwrite=overwrite)
    run(
        demo_corpus(),
        find_encoder(None, quantizers),
        quantizers,
        out,
        options=options,
        progress=True,
    )
    _show(out)


@app.command()
def fit(
    corpus: CorpusArgument,
    out: OutOption,
    encoder: EncoderOption = None,
    labels: LabelsOption = "auto",
    speakers: SpeakersOption = None,
    split: SplitOption = None,
    hold_out: HoldOutOption = None,
    sa: SaOption = True,
    bits: BitsOption = 8,
    seed: SeedOption = 0,
    max_frames: FramesOption = 1 << 18,
    method: MethodOption = "map",
    elastic: ElasticOption = 0.15,
    whitening: WhiteningOption = 0.3,
    arcs: ArcsOption = True,
    temporal: TemporalOption = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Fit a curve and a plain codebook to the latents of CORPUS; labels aren't looked at.

    Fits on the split train, if there is one, and on everything else with --split all.
    """
    from sfvq_analysis.report.analysis import FitPlan, described, fit_quantizers, write_quantizers
    from sfvq_analysis.report.folders import whole_folder, write_manifest
    from sfvq_analysis.training import FitOptions

    whole = find_corpus(corpus, labels, sa=sa, speakers=speakers)
    speech, _ = parts_of(whole, split, None, hold_out)
    options = FitOptions(elastic, whitening, arcs, temporal=temporal)
    plan = FitPlan(speech, bits, seed, max_frames, method, options)
    with whole_folder(out, overwrite=overwrite) as folder:
        fitted = fit_quantizers(find_encoder(encoder, {}), plan, progress=True)
        write_quantizers(fitted, folder)
        known = {"command": command_line(), "quantizers": described(fitted)}
        utterances = [utterance.id for utterance in speech]
        fitted_on = {"corpus": speech.name, "utterances": utterances}
        write_manifest(folder, {**known, "fitted_on": fitted_on})
    for name, quantizer in fitted.items():
        typer.echo(f"{out / name}.safetensors: {quantizer}")


@app.command()
def index(
    corpus: CorpusArgument,
    quantizer: QuantizerOption,
    out: OutOption,
    encoder: EncoderOption = None,
    labels: LabelsOption = "auto",
    note: NoteOption = None,
    split: SplitOption = None,
    hold_out: HoldOutOption = None,
    sa: SaOption = True,
    mode: ModeOption = "exact",
    ownership: OwnershipOption = "centre",
    unknown: UnknownOption = "raise",
    allow_mismatch: MismatchOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write the flat frame as CSV too.")] = False,
    textgrids: Annotated[
        bool, typer.Option("--textgrids", help="Write a Praat TextGrid with an index tier each.")
    ] = False,
    overwrite: OverwriteOption = False,
) -> None:
    """Turn CORPUS into indices aligned with its labels, one table a codebook (Parquet)."""
    from sfvq_analysis.pipeline import IndexOptions, index_table
    from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
    from sfvq_analysis.textgrids import write_textgrids

    quantizers = find_quantizers(quantizer)
    speech = find_corpus(corpus, labels, sa=sa, split=split, note=note)
    if hold_out:
        _, speech = speech.hold_out(*n_of_m(hold_out))
    chosen = find_encoder(encoder, quantizers)
    options = IndexOptions(mode, ownership, unknown, allow_mismatch)
    with whole_folder(out, overwrite=overwrite) as folder:
        tables = index_table(speech, chosen, quantizers, options, progress=True)
        for name, table in tables.items():
            table.save(folder / name)
            if csv:
                table.to_csv(folder / f"{name}.csv")
            if textgrids:
                write_textgrids(table, folder / "textgrids" / name)
        write_manifest(folder, {"command": command_line(), "tables": provenance_of(tables)})
    for name, table in tables.items():
        typer.echo(f"{out / name}: {table}")
        echo_counted(table.provenance)


@app.command()
def figures(
    tables: TablesArgument,
    out: OutOption,
    corpus: Annotated[
        Optional[str],
        typer.Option(metavar="CORPUS", help="Where the audio for the spectrogram is."),
    ] = None,
    labels: LabelsOption = "auto",
    quantizer: Annotated[
        Optional[Path],
        typer.Option("--quantizer", "-q", metavar="FILE", help="For the distances of codewords."),
    ] = None,
    utterance: Annotated[
        Optional[str], typer.Option(help="The utterance that figure 4 shows.")
    ] = None,
    palette: PaletteOption = "paper",
    overwrite: OverwriteOption = False,
) -> None:
    """Draw the paper's nine figures of the TABLEs, each with the CSV behind it."""
    from sfvq_analysis.report.figures import (
        figures_of,
        leading_table,
        shown_utterance,
        write_figures,
    )
    from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
    from sfvq_analysis.report.illustrations import illustrations

    loaded = find_tables(tables)
    shown = utterance or shown_utterance(leading_table(loaded)[1])
    drawn = figures_of(
        loaded,
        utterance=shown,
        audio=find_corpus(corpus, labels)[shown].load().audio if corpus else None,
        codebook=find_codebook(quantizer, loaded) if quantizer else None,
        palette=palette,
    )
    with whole_folder(out, overwrite=overwrite) as folder:
        names = write_figures(chain(illustrations(seed=0), drawn), folder)
        known = {"command": command_line(), "utterance": shown, "seed": 0}
        write_manifest(folder, {**known, "tables": provenance_of(loaded)})
    typer.echo(f"{out}: {', '.join(names)}")
    if quantizer is None:
        typer.echo("  figure 7 is left out: it needs the codebook, --quantizer FILE")


@app.command()
def analyze(
    corpus: CorpusArgument,
    out: OutOption,
    encoder: EncoderOption = None,
    quantizer: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--quantizer", "-q", metavar="FILE", help="Read with these codebooks; fit none."
        ),
    ] = None,
    labels: LabelsOption = "auto",
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
    elastic: ElasticOption = 0.15,
    whitening: WhiteningOption = 0.3,
    arcs: ArcsOption = True,
    temporal: TemporalOption = False,
    mode: ModeOption = "exact",
    ownership: OwnershipOption = "centre",
    unknown: UnknownOption = "raise",
    allow_mismatch: MismatchOption = False,
    palette: PaletteOption = "paper",
    overwrite: OverwriteOption = False,
) -> None:
    """Do all of it: fit on one part of CORPUS, read another, write tables, statistics, figures."""
    from sfvq_analysis.pipeline import IndexOptions
    from sfvq_analysis.report.analysis import AnalysisOptions, FitPlan
    from sfvq_analysis.report.analysis import analyze as run
    from sfvq_analysis.training import FitOptions

    speech = find_corpus(corpus, labels, sa=sa, note=note)
    to_fit, to_read = parts_of(speech, fit_split, split, hold_out)
    quantizers = find_quantizers(quantizer or [])
    fit_options = FitOptions(elastic, whitening, arcs, temporal=temporal)
    plan = FitPlan(to_fit, bits, seed, max_frames, method, fit_options)
    if quantizers and plan != FitPlan(to_fit):
        raise OptionError("fit options are given, but --quantizer fits none", remedy="drop one")
    options = AnalysisOptions(
        IndexOptions(mode, ownership, unknown, allow_mismatch), palette, command_line(), overwrite
    )
    run(
        to_read,
        find_encoder(encoder, quantizers),
        quantizers or plan,
        out,
        options=options,
        progress=True,
    )
    _show(out)


def _show(out: Path) -> None:
    """Print the summary of a finished analysis, and where everything is."""
    typer.echo((out / "summary.txt").read_text(encoding="utf-8"))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    echo_counted(next(iter(manifest["tables"].values())))
    common = manifest["fitted_on"].get("n_speakers_read_too", 0)
    if common:
        typer.echo(f"  {common} speakers were both fitted on and read: see --hold-out and --split")
    typer.echo(f"{out / 'figures'}: the nine figures, SVG and PNG, with the CSV behind each")
    typer.echo(f"{out / 'figures' / 'measures'}: pictures of the measures, likewise")
    typer.echo(f"{out / 'stats'}: the statistics as CSV; README.txt says what each file is")
    typer.echo(f"{out / 'tables'}: the index tables as Parquet")
    typer.echo(f"{out / 'manifest.json'}: what was done, counted and left out")

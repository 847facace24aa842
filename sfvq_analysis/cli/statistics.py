"""The commands that measure tables, compare methods, and hand speech over to an ABX test.

Types are read by typer at run time; heavy modules are imported inside the commands.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from sfvq_analysis.cli.application import app, on_terminal
from sfvq_analysis.cli.arguments import (
    FOLDINGS,
    BootstrapsOption,
    ChannelOption,
    CorpusArgument,
    DeviceOption,
    DrawSeedOption,
    EncoderOption,
    FoldingOption,
    FormatOption,
    HalfOption,
    HoldOutOption,
    LabelPlaceOption,
    LabelsOption,
    MethodsArgument,
    MismatchOption,
    ModeOption,
    OnErrorOption,
    OutOption,
    OverwriteOption,
    PastAudioOption,
    PermutationsOption,
    PhonesOption,
    SaOption,
    SpeakersOption,
    SplitOption,
    TablesArgument,
    TierOption,
    UnknownOption,
)
from sfvq_analysis.cli.resolving import (
    command_line,
    find_codebooks,
    find_corpus,
    find_encoder,
    find_methods,
    find_quantizers,
    find_tables,
    n_of_m,
)
from sfvq_analysis.errors import OptionError


@app.command()
def stats(
    tables: TablesArgument,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", "-o", metavar="FOLDER", help="Write every statistic there."),
    ] = None,
    file_format: FormatOption = "csv",
    quantizer: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--quantizer", "-q", metavar="FILE",
            help="Codebook of a table, for the statistics of its corners. Repeatable.",
        ),
    ] = None,
    sentence: Annotated[
        Optional[str],
        typer.Option(
            metavar="SENTENCE",
            help="Test on this sentence, such as sa1, whether all speakers give the same picture; "
            "by default on all that several say.",
        ),
    ] = None,
    permutations: PermutationsOption = 1000,
    bootstraps: BootstrapsOption = 1000,
    seed: DrawSeedOption = 0,
    overwrite: OverwriteOption = False,
) -> None:  # fmt: skip
    """Print each TABLE's measures, the paper's claims with nulls and intervals, the axis in words.

    With --out every statistic is written, a file each; README.txt there says what each file is.
    """
    from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
    from sfvq_analysis.report.statistics import (
        all_statistics,
        drawn,
        write_readme,
        write_statistics,
    )
    from sfvq_analysis.report.summaries import SUMMARISED, findings_text
    from sfvq_analysis.stats import Inference

    if quantizer and out is None:
        raise OptionError(
            "--quantizer is given, but its statistics are not printed",
            remedy="write them with --out FOLDER",
        )
    inference = Inference(permutations, bootstraps, seed=seed)
    loaded = find_tables(tables)
    corners = find_codebooks(quantizer or [], loaded)
    if out is None:
        found = all_statistics(
            loaded, names=SUMMARISED, inference=inference, sentence=sentence, progress=on_terminal()
        )
        typer.echo(findings_text(loaded, found, inference))
        return
    with whole_folder(out, overwrite=overwrite) as folder:
        found = all_statistics(
            loaded, inference=inference, sentence=sentence, corners=corners, progress=on_terminal()
        )
        for name, frames in found.items():
            write_statistics(frames, folder / name, file_format)
        write_readme(found, folder, inference)
        known = {"command": command_line(), "statistics": drawn(inference, found)}
        write_manifest(folder, {**known, "tables": provenance_of(loaded)})
    typer.echo(findings_text(loaded, found, inference))
    typer.echo(f"\n{out}: every statistic as {file_format}; README.txt says what each file is")


@app.command()
def compare(
    methods: MethodsArgument,
    baseline: Annotated[
        Optional[str],
        typer.Option(metavar="NAME", help="Compare with this method; by default the first."),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option("--out", "-o", metavar="FOLDER", help="Write the comparison there."),
    ] = None,
    file_format: FormatOption = "csv",
    fold: FoldingOption = "61",
    permutations: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Draws of the label null, whose mean is taken off information; 100 at most.",
        ),
    ] = 100,
    bootstraps: BootstrapsOption = 1000,
    seed: DrawSeedOption = 0,
    overwrite: OverwriteOption = False,
) -> None:
    """Compare methods, such as a curve and a plain codebook, by every measure of a table.

    TABLE is a folder that `sfvq index` or `analyze` wrote; all are of the same speech. A difference
    is claimed (*) only where it exceeds both the doubt over speakers and that over fits, for which
    each method needs five fits or more: sfvq compare vq=v0,v1,v2,v3,v4 sfvq=s0,s1,s2,s3,s4.
    """
    from sfvq_analysis.report.comparisons import comparison_text
    from sfvq_analysis.report.folders import whole_folder, write_manifest
    from sfvq_analysis.report.statistics import write_statistics
    from sfvq_analysis.stats import Inference
    from sfvq_analysis.stats import compare as run

    inference = Inference(permutations, bootstraps, seed=seed)
    tables = find_methods(methods)
    folding = FOLDINGS[fold]
    if out is None:
        found = run(tables, baseline=baseline, phone_set=folding, inference=inference)
        typer.echo(comparison_text(found, inference.level))
        return
    with whole_folder(out, overwrite=overwrite) as folder:
        found = run(tables, baseline=baseline, phone_set=folding, inference=inference)
        write_statistics({"comparison": found}, folder, file_format)
        known = {"command": command_line(), "statistics": asdict(inference)}
        fits = {name: [dict(t.provenance) for t in some] for name, some in tables.items()}
        write_manifest(folder, {**known, "tables": fits})
    typer.echo(comparison_text(found, inference.level))
    typer.echo(f"\n{out / 'comparison'}.{file_format}: every number of this")


@app.command("abx-export")
def abx_export(
    corpus: CorpusArgument,
    out: OutOption,
    quantizer: Annotated[
        Optional[list[Path]],
        typer.Option("--quantizer", "-q", metavar="FILE", help="A codebook. Repeatable."),
    ] = None,
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
    span: Annotated[
        Literal["phone", "triphone"],
        typer.Option(help="An item is a phone, or a phone with its two neighbours."),
    ] = "phone",
    fold: FoldingOption = "61",
    mode: ModeOption = "exact",
    unknown: UnknownOption = "raise",
    phone_set: PhonesOption = "auto",
    past_audio: PastAudioOption = "raise",
    allow_mismatch: MismatchOption = False,
) -> None:
    """Write what fastabx needs to test whether the frames of CORPUS tell phones apart.

    An item file, the latents, and for each codebook the decoded points and the index.
    """
    from sfvq_analysis.pipeline import AbxOptions, IndexOptions
    from sfvq_analysis.pipeline import abx_export as run

    quantizers = find_quantizers(quantizer or [])
    speech = find_corpus(
        corpus,
        labels,
        tier=tier,
        label_place=label_place,
        speakers=speakers,
        channel=channel,
        on_error=on_error,
        sa=sa,
        split=split,
    )
    if hold_out:
        _, speech = speech.hold_out(*n_of_m(hold_out))
    reading = IndexOptions(mode, "centre", unknown, allow_mismatch, on_error, past_audio, phone_set)
    options = AbxOptions(span, FOLDINGS[fold], index=reading)
    written = run(
        speech,
        find_encoder(encoder, quantizers, device=device, half=half),
        quantizers,
        out,
        options,
        progress=on_terminal(),
    )
    typer.echo(
        f"{out}: {len(written.items)} items of {len(speech)} utterances; features: "
        f"{', '.join(written.features)}"
    )
    for one in written.skipped:
        typer.echo(f"  skipped {one.utterance}: {one.reason}")
    typer.echo((out / "README.txt").read_text(encoding="utf-8").rstrip())

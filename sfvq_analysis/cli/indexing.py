"""`sfvq index`: a corpus becomes tables of indices, and goes on where a kill left it."""

from pathlib import Path
from typing import Annotated, Optional

import typer

from sfvq_analysis.cli.application import app, on_terminal
from sfvq_analysis.cli.arguments import (
    ChannelOption,
    CorpusArgument,
    DeviceOption,
    EncoderOption,
    HalfOption,
    HoldOutOption,
    LabelPlaceOption,
    LabelsOption,
    MismatchOption,
    ModeOption,
    NoteOption,
    OnErrorOption,
    OutOption,
    OverwriteOption,
    OwnershipOption,
    PastAudioOption,
    PhonesOption,
    QuantizerOption,
    SaOption,
    SpeakersOption,
    SplitOption,
    TierOption,
    UnknownOption,
)
from sfvq_analysis.cli.clusters import (
    ClusterOption,
    EngineOption,
    OnCluster,
    ResourceOption,
    ShardHoursOption,
    WorkersOption,
    index_on_cluster,
    refuse_url,
    refuse_written_beside,
)
from sfvq_analysis.cli.resolving import (
    command_line,
    echo_counted,
    echo_skipped,
    find_corpus,
    find_encoder_maker,
    find_quantizers,
    n_of_m,
)
from sfvq_analysis.errors import OptionError


@app.command()
def index(
    corpus: CorpusArgument,
    quantizer: QuantizerOption,
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
    note: NoteOption = None,
    split: SplitOption = None,
    hold_out: HoldOutOption = None,
    sa: SaOption = True,
    mode: ModeOption = "exact",
    ownership: OwnershipOption = "centre",
    unknown: UnknownOption = "raise",
    phone_set: PhonesOption = "auto",
    past_audio: PastAudioOption = "raise",
    allow_mismatch: MismatchOption = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write the flat frame as CSV too.")] = False,
    spreadsheet_safe: Annotated[
        bool,
        typer.Option(
            "--spreadsheet-safe", help="In CSV, put ' before text that looks like a formula."
        ),
    ] = False,
    textgrids: Annotated[
        bool, typer.Option("--textgrids", help="Write a Praat TextGrid with an index tier each.")
    ] = False,
    stages: Annotated[
        bool,
        typer.Option(
            "--stages",
            help="Read with the smaller curves that each curve grew from, too: a table each "
            "inside the curve's (sfvq/bits3), by which `sfvq report` shows every bit rate.",
        ),
    ] = False,
    overwrite: OverwriteOption = False,
    engine: EngineOption = "local",
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    shard_hours: ShardHoursOption = None,
    resource: ResourceOption = None,
) -> None:
    """Turn CORPUS into indices aligned with its labels, one table a codebook (Parquet).

    After a kill the same command goes on: utterances that are done aren't encoded again. With
    --engine dask several processes or machines share the work, and tables are kept in shards.
    """
    from sfvq_analysis.pipeline import IndexOptions, index_journal, index_parts, journal_path
    from sfvq_analysis.report.folders import provenance_of, whole_folder, write_manifest
    from sfvq_analysis.report.stages import parted, table_folders, with_stages
    from sfvq_analysis.tables import load_table, save_parts
    from sfvq_analysis.textgrids import write_textgrids

    quantizers = find_quantizers(quantizer)
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
        note=note,
    )
    if hold_out:
        _, speech = speech.hold_out(*n_of_m(hold_out))
    options = IndexOptions(
        mode, ownership, unknown, allow_mismatch, on_error, past_audio, phone_set
    )
    on_cluster = OnCluster(cluster, workers, shard_hours, tuple(resource or ()))
    maker = find_encoder_maker(encoder, quantizers, device=device, half=half)
    if engine == "dask":
        if stages:
            raise OptionError("--stages is given with --engine dask", remedy="drop one of them")
        refuse_written_beside(csv=csv, textgrids=textgrids)
        index_on_cluster(speech, maker, quantizers, out, options, on_cluster, overwrite=overwrite)
        return
    on_cluster.refuse_given()
    refuse_url(out)
    chosen = maker()
    # the journal goes when the folder stands
    with (
        index_journal(journal_path(out)) as journal,
        whole_folder(out, overwrite=overwrite) as folder,
    ):
        folders = {name: folder / name for name in quantizers}
        read = with_stages(quantizers) if stages else quantizers
        parts = index_parts(speech, chosen, read, options, journal=journal, progress=on_terminal())
        written = save_parts(parts, table_folders(quantizers, folder) if stages else folders)
        tables, of_stages = parted(written, quantizers) if stages else (written, {})
        for name in quantizers if csv or textgrids else ():
            whole = load_table(folders[name])
            if csv:
                whole.to_csv(folder / f"{name}.csv", spreadsheet_safe=spreadsheet_safe)
            if textgrids:
                write_textgrids(whole, folder / "textgrids" / name)
            del whole  # before the next is read
        write_manifest(folder, {"command": command_line(), "tables": provenance_of(tables)})
    for name, table in tables.items():
        typer.echo(f"{out / name}: {table}")
        if stages:
            rates = ", ".join(map(str, of_stages.get(name, {}))) or "none"
            typer.echo(f"  stages: {rates}{' bits' if name in of_stages else ''}")
        echo_counted(table.provenance)


@app.command()
def phones(
    corpus: CorpusArgument,
    labels: LabelsOption = "auto",
    tier: TierOption = None,
    label_place: LabelPlaceOption = None,
    on_error: OnErrorOption = "raise",
    split: SplitOption = None,
    phone_set: PhonesOption = "auto",
    out: Annotated[
        Optional[Path],
        typer.Option("--out", "-o", metavar="FILE.csv", help="Write the list there, too."),
    ] = None,
) -> None:
    """List the phone labels of CORPUS: how often, and which phone and group each became."""
    from sfvq_analysis.phones import LabelCounts, phone_report
    from sfvq_analysis.pipeline import IndexOptions
    from sfvq_analysis.pipeline.inventories import inventory_of, phone_labels
    from sfvq_analysis.tables import write_csv

    speech = find_corpus(
        corpus, labels, tier=tier, label_place=label_place, on_error=on_error, split=split
    )
    options = IndexOptions(unknown="na", on_error=on_error, phone_set=phone_set)
    labelled = LabelCounts.of(phone_labels(speech, on_error))
    inventory = inventory_of(labelled, speech, options)
    found = phone_report(inventory, labelled.counts)
    if out is not None:
        write_csv(found, out)
    typer.echo(found.to_string(index=False))
    echo_skipped(speech.skipped)
    unknown = int((found["how"] == "unknown").sum())
    typer.echo(f"{len(found)} labels, {unknown} unknown; read as {inventory.phone_set}")
    if inventory.note:
        typer.echo(f"  {inventory.note}")

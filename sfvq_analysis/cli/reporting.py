"""`sfvq figures` and `sfvq report`: pictures and a page of stored tables."""

from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sfvq_analysis.cli.application import app
from sfvq_analysis.cli.arguments import (
    AudioOption,
    ChannelOption,
    OutOption,
    OverwriteOption,
    PaletteOption,
    RecordingsOption,
    TablesArgument,
)
from sfvq_analysis.cli.resolving import (
    command_line,
    find_codebook,
    find_quantizers_of,
    find_recordings,
    find_seen_tables,
)
from sfvq_analysis.corpus.layout import Labels
from sfvq_analysis.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@app.command()
def figures(
    tables: TablesArgument,
    out: OutOption,
    corpus: Annotated[
        Optional[str],
        typer.Option(metavar="CORPUS", help="Where the audio for the spectrogram is."),
    ] = None,
    labels: RecordingsOption = "auto",
    channel: ChannelOption = None,
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

    loaded = find_seen_tables(tables)
    shown = utterance or shown_utterance(leading_table(loaded)[1])
    drawn = figures_of(
        loaded,
        utterance=shown,
        audio=_audio_of(shown, corpus, labels, channel) if corpus else None,
        codebook=find_codebook(quantizer, loaded) if quantizer else None,
        palette=palette,
    )
    with whole_folder(out, overwrite=overwrite) as folder:
        written = write_figures(chain(illustrations(seed=0), drawn), folder)
        known = {"command": command_line(), "utterance": shown, "seed": 0}
        known |= {"tables": provenance_of(loaded), "skipped": written.skipped}
        write_manifest(folder, known)
    typer.echo(f"{out}: {', '.join(written.drawn)}")
    for line in written.skipped:
        typer.echo(f"  left out: {line}")
    if quantizer is None:
        typer.echo("  figure 7 is left out: it needs the codebook, --quantizer FILE")


@app.command()
def report(
    tables: TablesArgument,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.html", help="The page.")] = Path(
        "page.html"
    ),
    corpus: Annotated[
        Optional[str],
        typer.Option(metavar="CORPUS", help="Where the audio for spectrograms and sound is."),
    ] = None,
    labels: RecordingsOption = "auto",
    channel: ChannelOption = None,
    quantizer: Annotated[
        Optional[list[Path]],
        typer.Option("--quantizer", "-q", metavar="FILE", help="Codebooks of TABLEs. Repeatable."),
    ] = None,
    audio: AudioOption = "none",
    baseline: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME",
            help="Of several TABLEs, the one the others are compared with; by default the first "
            "plain codebook, else the first.",
        ),
    ] = None,
    title: Annotated[str, typer.Option(metavar="TEXT", help="By default the corpus' name.")] = "",
    overwrite: OverwriteOption = False,
) -> None:
    """Write one page to explore TABLEs with: a single file that needs no network and no server.

    Several TABLEs, such as those of a curve and a plain codebook, of layers or of encoders, are
    compared, paired where they are of the same speech. A curve is shown at every bit rate whose
    table stands inside its own (`sfvq index --stages`).
    """
    from sfvq_analysis.report.folders import OutputError
    from sfvq_analysis.report.page import write_page
    from sfvq_analysis.report.paired import paired
    from sfvq_analysis.report.stages import load_stages
    from sfvq_analysis.report.statistics import QUICK_DRAWS

    if out.is_dir() or (out.exists() and not overwrite):
        remedy = "choose another file, or replace it: --overwrite"
        raise OutputError("something has that name", where=str(out), remedy=remedy)
    loaded = find_seen_tables(tables)
    if baseline is not None and len(loaded) < 2:
        raise OptionError("--baseline is given, and one table", remedy="give two or more")
    stages = {path.stem: load_stages(path, loaded[path.stem]) for path in tables}
    comparison = paired(loaded, QUICK_DRAWS, baseline=baseline) if len(loaded) > 1 else None
    write_page(
        loaded,
        out,
        corpus=find_recordings(corpus, labels, channel) if corpus else None,
        quantizers=find_quantizers_of(quantizer or [], loaded),
        audio=audio,
        comparison=comparison,
        stages=stages,
        title=title,
        command=command_line(),
    )
    typer.echo(f"{out}: open it in a browser")


def _audio_of(
    utterance: str, corpus: str, labels: Labels, channel: int | None
) -> "NDArray[np.float32]":
    return find_recordings(corpus, labels, channel)[utterance].load(past_audio="count").audio

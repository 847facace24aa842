"""The commands about voices: convert with a model, listen to its codebook.

Types are read by typer at run time; heavy modules are imported inside the commands.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sfvq_analysis.cli.application import app
from sfvq_analysis.cli.arguments import (
    ChannelOption,
    OutOption,
    OverwriteOption,
    RecordingsOption,
)
from sfvq_analysis.cli.resolving import (
    command_line,
    find_recordings,
)
from sfvq_analysis.cli.voice_texts import find_edits, find_voice
from sfvq_analysis.errors import EncoderError, OptionError, VoiceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from sfvq_analysis.voice import VoiceModel

ModelOption = Annotated[
    Optional[Path],
    typer.Option(
        "--model",
        "-m",
        metavar="FILE",
        help="A voice model that `sfvq train` wrote; by default the one in the package.",
    ),
]
ModelArgument = Annotated[
    Optional[Path],
    typer.Argument(
        metavar="MODEL",
        help="A voice model that `sfvq train` wrote; by default the one in the package.",
    ),
]
WaveSeedOption = Annotated[int, typer.Option(help="Of the waveform's first phases.")]
VoiceOption = Annotated[
    str,
    typer.Option(
        "--speaker",
        "-s",
        metavar="ID|REFERENCE.wav",
        help="The voice: one the model knows (`sfvq voices` lists them), or a recording of it.",
    ),
]


@app.command()
def voices(model: ModelArgument = None) -> None:
    """List the voices that a model knows."""
    for name in sorted(_model(model).speakers):
        typer.echo(name)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(metavar="IN.wav", help="Speech, of any length.")],
    speaker: VoiceOption,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.wav", help="Where to write.")],
    model: ModelOption = None,
    shift: Annotated[
        Optional[float],
        typer.Option(
            metavar="INDICES", help="Move all codes along the axis, as far as its ends; -3 is back."
        ),
    ] = None,
    clamp: Annotated[
        Optional[str],
        typer.Option(
            metavar="LOW:HIGH", help="Codes beyond these indices go to the nearer; 40:80, say."
        ),
    ] = None,
    replace: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="INDEX:NEW",
            help="Codes of one index go to another, or to a place between two. Repeatable.",
        ),
    ] = None,
    seed: WaveSeedOption = 0,
) -> None:
    """Convert speech to another voice: the source's codes, decoded with the other's vector.

    Edits are made in this order: replace, shift, clamp.
    """
    from sfvq_analysis.audio import read_audio
    from sfvq_analysis.voice import convert as run

    _check_wav(out)
    edits = find_edits(replace or [], shift, clamp)
    loaded = _model(model)
    voice, (audio, rate) = find_voice(loaded, speaker), read_audio(source)
    try:
        sound = run(audio, rate, loaded, voice, edits=edits, seed=seed)
    except (EncoderError, VoiceError) as error:
        raise error.at(str(source)) from error
    _write(out, sound)


@app.command()
def listen(
    model: ModelArgument = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="A .wav, or with --all a folder; by default index_067.wav, tour.wav or codebook.",
        ),
    ] = None,
    speaker: Annotated[
        Optional[str],
        typer.Option(
            "--speaker",
            "-s",
            metavar="ID|REFERENCE.wav",
            help="The voice, as in `sfvq convert`; by default the first that the model knows.",
        ),
    ] = None,
    index: Annotated[
        Optional[float],
        typer.Option(
            metavar="INDEX", help="Hold this index; of a curve, 67.5 is midway between two."
        ),
    ] = None,
    tour: Annotated[bool, typer.Option("--tour", help="Walk along the axis, end to end.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Hold every index, each in a file of its own.")
    ] = False,
    seconds: Annotated[
        Optional[float],
        typer.Option(
            metavar="SECONDS", help="How long an index is held (.15 by default), or the tour (20)."
        ),
    ] = None,
    seed: WaveSeedOption = 0,
    overwrite: OverwriteOption = False,
) -> None:
    """Hear a codebook: one index held (--index), a walk along all (--tour), each held (--all)."""
    from sfvq_analysis.voice.listening import HELD_SECONDS, TOUR_SECONDS, held_sound
    from sfvq_analysis.voice.listening import tour as walk

    if (index is not None) + tour + every != 1:
        raise OptionError("say what to hear", remedy="give one of --index, --tour and --all")
    named = "codebook" if every else "tour.wav" if tour else f"index_{index:03g}.wav"
    out = out or Path(named)
    if not every:
        _check_wav(out)
    loaded = _model(model)
    voice = find_voice(loaded, speaker or _first_voice(loaded))
    lasting = (TOUR_SECONDS if tour else HELD_SECONDS) if seconds is None else seconds
    if tour:
        _write(out, walk(loaded, voice, seconds=lasting, seed=seed))
    elif index is not None:
        _write(out, held_sound(loaded, index, voice, seconds=lasting, seed=seed))
    else:
        each = range(loaded.quantizer.codebook_size)
        sounds = (held_sound(loaded, n, voice, seconds=lasting, seed=seed) for n in each)
        _write_all(out, sounds, overwrite=overwrite)


@app.command()
def snippets(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="A folder that `sfvq index` or `analyze` wrote.")
    ],
    corpus: Annotated[
        str, typer.Option("--corpus", metavar="CORPUS", help="The corpus it was made from.")
    ],
    index: Annotated[int, typer.Option(metavar="INDEX", help="Whose frames to cut out.")],
    out: OutOption,
    labels: RecordingsOption = "auto",
    channel: ChannelOption = None,
    number: Annotated[
        int, typer.Option("--number", "-n", help="How many at most, each of another utterance.")
    ] = 5,
    seconds: Annotated[float, typer.Option(metavar="SECONDS", help="How long each is.")] = 0.15,
    overwrite: OverwriteOption = False,
) -> None:
    """Cut out the speech that is nearest to an index: what it stands for, to listen to."""
    from sfvq_analysis.audio import write_wav
    from sfvq_analysis.pipeline import nearest_snippets
    from sfvq_analysis.report.folders import whole_folder, write_manifest
    from sfvq_analysis.tables import load_table

    found = nearest_snippets(
        load_table(table), find_recordings(corpus, labels, channel), index, number, seconds=seconds
    )
    with whole_folder(out, overwrite=overwrite) as folder:
        rows = []
        for rank, snippet in enumerate(found, start=1):
            name = f"{rank:02d}_{snippet.phone or 'unlabelled'}.wav"
            write_wav(folder / name, snippet.audio, snippet.sample_rate)
            rows.append({"file": name, **snippet.described()})
        write_manifest(folder, {"command": command_line(), "index": index, "snippets": rows})
    phones = " ".join(snippet.phone or "?" for snippet in found)
    typer.echo(f"{out}: {len(found)} snippets of index {index}, nearest first: {phones}")


def _model(path: Path | None) -> "VoiceModel":
    from sfvq_analysis.voice import load_voice_model
    from sfvq_analysis.voice.shipped import demo_voice_model

    return demo_voice_model() if path is None else load_voice_model(path)


def _first_voice(model: "VoiceModel") -> str:
    if not model.speakers:
        raise VoiceError("the model knows no voice", remedy="give a recording: --speaker FILE")
    return min(model.speakers)


def _check_wav(out: Path) -> None:
    """Refuse what can't become a .wav before anything is computed."""
    from sfvq_analysis.report.folders import OutputError

    if out.is_dir():
        raise OutputError("a folder has that name", where=str(out), remedy="name a file in it")
    if out.suffix.lower() != ".wav":
        raise OutputError(
            "only .wav is written", where=str(out), remedy="give a name that ends in .wav"
        )


def _write_all(out: Path, sounds: "Iterator[NDArray[np.float32]]", *, overwrite: bool) -> None:
    from sfvq_analysis.audio import write_wav
    from sfvq_analysis.encoders.mel import SAMPLE_RATE
    from sfvq_analysis.report.folders import whole_folder, write_manifest

    with whole_folder(out, overwrite=overwrite) as folder:
        for number, sound in enumerate(sounds):
            write_wav(folder / f"index_{number:03d}.wav", sound, SAMPLE_RATE)
        write_manifest(folder, {"command": command_line()})
    typer.echo(f"{out}: {number + 1} sounds, index_000.wav to index_{number:03d}.wav")


def _write(out: Path, sound: "NDArray[np.float32]") -> None:
    from sfvq_analysis.audio import write_wav
    from sfvq_analysis.encoders.mel import SAMPLE_RATE

    write_wav(out, sound, SAMPLE_RATE)
    typer.echo(f"{out}: {len(sound) / SAMPLE_RATE:.2f} s")

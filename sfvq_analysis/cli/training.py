"""`sfvq train`: a voice conversion model.

Types are read by typer at run time; heavy modules are imported inside the command.
"""

from pathlib import Path
from typing import Annotated, Literal, Optional

import typer

from sfvq_analysis.cli.application import app, on_terminal
from sfvq_analysis.cli.arguments import CorpusArgument, LabelsOption, SpeakersOption
from sfvq_analysis.cli.resolving import find_corpus, parts_of


@app.command()
def train(
    corpus: CorpusArgument,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FOLDER", help="A new folder, for this training only."),
    ],
    labels: LabelsOption = "auto",
    speakers: SpeakersOption = None,
    split: Annotated[
        Optional[str],
        typer.Option(
            metavar="SPLIT", help="Train on this split, or all; by default train, if there is one."
        ),
    ] = None,
    hold_out: Annotated[
        Optional[str],
        typer.Option(
            metavar="N/M",
            help="Leave N of every M speakers out, for a later `sfvq analyze --hold-out N/M`.",
        ),
    ] = None,
    channels: Annotated[int, typer.Option(help="Width of the encoder; 768 as published.")] = 256,
    dim: Annotated[int, typer.Option(help="Dimensions of a latent.")] = 64,
    codes: Annotated[int, typer.Option(help="Codewords, a power of two >= 16.")] = 256,
    bottleneck: Annotated[
        Optional[Literal["sfvq", "vq"]],
        typer.Option(
            help="A curve (sfvq) or a plain codebook (vq). By default sfvq (units) or vq "
            "(published)."
        ),
    ] = None,
    recipe: Annotated[
        Literal["units", "published"],
        typer.Option(
            help="units (ours: latents that tell clusters of normalised features, then a codebook, "
            "then the decoder) or published (reconstruction alone)."
        ),
    ] = "units",
    teacher_steps: Annotated[
        Optional[int],
        typer.Option(help="First steps of a teacher that finds units (units); 0: no teacher."),
    ] = None,
    steps: Annotated[int, typer.Option(help="Steps of all parts together.")] = 4000,
    decoder_steps: Annotated[
        Optional[int],
        typer.Option(
            help="Then steps of the decoder alone, for a codebook fitted anew; 0: neither. By "
            "default 6000 (units) or 0 (published)."
        ),
    ] = None,
    batch: Annotated[
        Optional[int],
        typer.Option(
            help="Windows in a step; by default 16 of 2.56 s (units) or 52 of .32 s (published)."
        ),
    ] = None,
    rate: Annotated[
        Optional[float],
        typer.Option(help="Highest learning rate; by default .001 (units) or .0004 (published)."),
    ] = None,
    patience: Annotated[
        int,
        typer.Option(
            help="End a part after so many rows of the log without a better one; 0: never."
        ),
    ] = 0,
    evaluate_every: Annotated[int, typer.Option(help="Steps between rows of the log.")] = 500,
    checkpoint_every: Annotated[
        int, typer.Option(help="Steps between checkpoints, a multiple of --evaluate-every.")
    ] = 500,
    precision: Annotated[
        Literal["32-true", "bf16-mixed", "16-mixed"],
        typer.Option(help="Of the arithmetic; mixed is faster where the hardware has it."),
    ] = "32-true",
    seed: Annotated[int, typer.Option(help="Of weights, batches, noise and clusters.")] = 0,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the training in FOLDER was cut off.")
    ] = False,
) -> None:
    """Train a voice conversion model on CORPUS; labels aren't looked at.

    One speaker in twenty, at least one, is held out to judge by. FOLDER gets the model
    (model.safetensors), the log as a table, TensorBoard's event files, and checkpoints, from which
    --resume goes on.
    """
    from sfvq_analysis.pipeline.voices import train_voice
    from sfvq_analysis.training.voice.recipes import recipe as options_of
    from sfvq_analysis.voice import save_voice_model

    speech, _ = parts_of(find_corpus(corpus, labels, speakers=speakers), split, None, hold_out)
    given = {
        "bottleneck": bottleneck,
        "teacher_steps": teacher_steps,
        "decoder_steps": decoder_steps,
        "batch": batch,
        "rate": rate,
    }
    options = options_of(
        recipe,
        channels=channels,
        dim=dim,
        codes=codes,
        steps=steps,
        patience=patience,
        evaluate_every=evaluate_every,
        checkpoint_every=checkpoint_every,
        seed=seed,
        **{name: value for name, value in given.items() if value is not None},
    )
    model = train_voice(
        speech, out, options, resume=resume, progress=on_terminal(), precision=precision
    )
    path = save_voice_model(model, out / "model.safetensors")
    last = model.card["log"][-1]
    typer.echo(f"{path}: {len(model.speakers)} voices, {model.quantizer}")
    typer.echo(f"  held-out reconstruction {last['held_out']:.4f} of the variance")
    typer.echo(f"  use it as an encoder: --encoder vqvae:{path}")

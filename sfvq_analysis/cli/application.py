"""The application that commands belong to, and how it ends."""

import signal
import sys

import typer

from sfvq_analysis.errors import SfvqError

_INTERRUPTED = 130

app = typer.Typer(
    help="Read a latent space along a space-filling curve.\n\n"
    "Start with `sfvq demo`, then `sfvq analyze CORPUS --out RESULTS`; `fit`, `index`, `stats` and "
    "`figures` are its steps, one by one. `stats` tests the paper's claims, `compare` sets methods "
    "side by side, `abx-export` hands speech to an ABX test. `train` makes a voice conversion "
    "model: an encoder to analyze with, another voice for speech (`convert`), and a codebook to "
    "hear (`listen`).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def main() -> None:
    """Run the command line; an error of ours is one line on standard error and exit code 1."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing half-written stays
    try:
        app(prog_name="sfvq")
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            left = "--resume goes on" if sys.argv[1:2] == ["train"] else "nothing written"
            typer.echo(f"sfvq: interrupted, {left}", err=True)
        raise
    except SfvqError as error:
        _fail(str(error))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}")


def _fail(line: str) -> None:
    typer.echo(f"sfvq: {line}", err=True)
    sys.exit(1)

"""The application that commands belong to, and how it ends."""

import io
import signal
import sys
import warnings
from typing import Any

import typer
from typer.core import TyperGroup

from sfvq_analysis.errors import SfvqError

_INTERRUPTED, _TERMINATED = 130, 143
_GOES_ON = {"train": "--resume goes on", "index": "the same command goes on"}

_IN_ORDER_OF_USE = (
    *(
        "demo",
        "fit",
        "index",
        "status",
        "phones",
        "figures",
        "report",
        "analyze",
        "stats",
        "compare",
    ),
    *("abx-export", "train", "voices", "convert", "listen", "snippets"),
)


class _InOrder(TyperGroup):
    """Commands in the order of their use, whichever module has them."""

    def list_commands(self, ctx: Any) -> list[str]:  # click's own, or typer's copy of it
        return sorted(super().list_commands(ctx), key=_IN_ORDER_OF_USE.index)


app = typer.Typer(
    cls=_InOrder,
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


def on_terminal() -> bool:
    """Return whether progress is shown: in a log it would be one long line, beside the errors."""
    return sys.stderr.isatty()


def main() -> None:
    """Run the command line; an error of ours is one line on standard error and exit code 1."""
    warnings.showwarning = _warn
    for stream in (sys.stdout, sys.stderr):  # names and phones may be beyond a terminal's letters
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app(prog_name="sfvq")
    except SystemExit as stop:
        if stop.code == _INTERRUPTED:
            left = _GOES_ON.get("".join(sys.argv[1:2]), "nothing written")
            typer.echo(f"sfvq: interrupted, {left}", err=True)
            if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
                sys.exit(_TERMINATED)
        raise
    except SfvqError as error:
        _fail(str(error))
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _fail(f"{place}{error.strerror or error}")


def _terminate(*_: object) -> None:
    """End as after Ctrl-C, so that nothing half-written stays, and no code takes it for its own."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Show a warning as one line, without the place in the code where it arose."""
    typer.echo(f"sfvq: {message}", err=True)


def _fail(line: str) -> None:
    typer.echo(f"sfvq: {line}", err=True)
    sys.exit(1)

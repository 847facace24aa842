"""The command ``sfvq``."""

from sfvq_analysis.cli import commands, voices  # noqa: F401 -- they add their commands to the app
from sfvq_analysis.cli.application import app, main

__all__ = ["app", "main"]

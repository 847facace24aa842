"""The command ``sfvq``."""

from sfvq_analysis.cli.commands import app, main

__all__ = ["app", "main"]

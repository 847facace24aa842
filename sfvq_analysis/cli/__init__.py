"""The command ``sfvq``."""

from sfvq_analysis.cli import (  # noqa: F401 -- they add their commands to the app
    clusters,
    commands,
    indexing,
    reporting,
    statistics,
    training,
    voices,
)
from sfvq_analysis.cli.application import app, main

__all__ = ["app", "main"]

"""``python -m sfvq_analysis.cli`` is ``sfvq``."""

from sfvq_analysis.cli import main

main()

"""The paper's claims, tested."""

from sfvq_analysis.stats.claims.claims import LEVEL, claims

__all__ = ["LEVEL", "claims"]

"""How the index moves in time."""

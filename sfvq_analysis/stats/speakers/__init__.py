"""The same sentence by different speakers, and what the index knows of who speaks."""

"""Where groups of phones are on the axis, and how they are told apart."""

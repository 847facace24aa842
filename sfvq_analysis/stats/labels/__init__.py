"""How few labels it takes to read the axis."""

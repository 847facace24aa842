"""What the order of the axis means."""

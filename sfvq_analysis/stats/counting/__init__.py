"""From frames to counts: the one pass that statistics rest on."""

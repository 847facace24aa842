"""The same frames at every bit rate of one curve."""

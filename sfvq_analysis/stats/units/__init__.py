"""What single indices know of phones, in whatever order they stand."""

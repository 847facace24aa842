"""Products of tiles of frames and corners in registers, looked at where they are computed."""

"""The search on a processor: blocks of frames against a codebook, however it is done fastest."""

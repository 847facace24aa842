"""Corpora that aren't on this machine's disks: in object stores, and in the tars of WebDataset.

Their utterances fetch what they need when they are read, so that all that takes a corpus takes
these.
"""

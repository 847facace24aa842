"""Latents in files of five kinds. `read_latents` reads one array, `open_latent_file` all of them.

========================  =====================================================================
``.npy``                  one array, without a name
``.npz``                  arrays by the names given to ``numpy.savez``
``.pt``, ``.pth``         a tensor, or a dict of tensors by name; weights only
``.h5``, ``.hdf5``        datasets by their path in the file (h5py)
``.ark``                  Kaldi: float matrices by key, binary, compressed or text
``.scp``                  Kaldi: keys and where their matrices are; pipes are never run
========================  =====================================================================

An array is floats of shape (n_frames, dim). Nothing in a file is run, and nothing that a header
claims is believed before it is checked against the bytes there are.
"""

from sfvq_analysis.encoders.latent_files.reading import open_latent_file, read_latents

__all__ = ["open_latent_file", "read_latents"]

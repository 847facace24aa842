"""One small corpus of latents in every format, written by the formats' own libraries."""

from __future__ import annotations

import numpy as np

UTTERANCES = {"a_1": 3, "b_2": 1, "spk/c": 5}


def made_latents(dim=4, seed=0):
    """Latents by utterance, float32."""
    rng = np.random.default_rng(seed)
    return {u: rng.normal(size=(n, dim)).astype(np.float32) for u, n in UTTERANCES.items()}


def kaldi_ark(latents, *, dtype="<f4", keyed=True):
    """A binary archive, byte for byte, and where each matrix begins."""
    token = {"<f4": b"FM ", "<f8": b"DM "}[dtype]
    content, offsets = b"", {}
    for key, matrix in latents.items():
        content += key.encode() + b" " if keyed else b""
        offsets[key] = len(content)
        rows, columns = (int(n).to_bytes(4, "little") for n in matrix.shape)
        content += b"\0B" + token + b"\x04" + rows + b"\x04" + columns
        content += matrix.astype(dtype).tobytes()
    return content, offsets


def text_ark(latents):
    """A text archive."""
    rows = {
        key: "\n".join("  " + " ".join(repr(float(x)) for x in row) for row in matrix)
        for key, matrix in latents.items()
    }
    return "".join(f"{key}  [\n{text} ]\n" for key, text in rows.items()).encode()


def write_all(folder, latents):
    """Write the corpus once a format and return the files."""
    import h5py
    import torch

    np.savez(folder / "c.npz", **latents)
    np.savez_compressed(folder / "small.npz", **latents)
    torch.save({key: torch.from_numpy(m) for key, m in latents.items()}, folder / "c.pt")
    with h5py.File(folder / "c.h5", "w") as file:
        for key, matrix in latents.items():
            file.create_dataset(key, data=matrix)
    with h5py.File(folder / "small.hdf5", "w", libver="latest") as file:
        for key, matrix in latents.items():
            file.create_dataset(key, data=matrix, compression="gzip", fletcher32=True)
    content, offsets = kaldi_ark(latents)
    (folder / "c.ark").write_bytes(content)
    (folder / "c.scp").write_text("".join(f"{k} c.ark:{at}\n" for k, at in offsets.items()))
    (folder / "text.ark").write_bytes(text_ark(latents))
    names = ("c.npz", "small.npz", "c.pt", "c.h5", "small.hdf5", "c.ark", "c.scp", "text.ark")
    return [folder / name for name in names]

"""Torch files, the same bytes every time."""

from __future__ import annotations

import io
import re
import struct
import warnings

_ADDRESS = re.compile(rb"X(.\0\0\0)([0-9]{6,20})", re.DOTALL)


def torched(stored, **how):
    """Return what torch.save writes; the older format names storages by where they lay."""
    import torch

    file = io.BytesIO()
    torch.save(stored, file, **how)
    content = file.getvalue()
    return content if content.startswith(b"PK") else _ADDRESS.sub(b"X\x01\0\0\x001", content)


def quantized(tensor):
    """Return a tensor of 8-bit steps, of which torch says that it will go."""
    import torch

    with warnings.catch_warnings(action="ignore"):
        return torch.quantize_per_tensor(tensor, 0.1, 0, torch.quint8)


def many_disks(archive):
    """Return a zip whose end says that it is one of seven disks."""
    at = archive.rindex(b"PK\x06\x07") + 16
    return archive[:at] + struct.pack("<I", 7) + archive[at + 4 :]

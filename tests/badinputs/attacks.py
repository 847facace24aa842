"""Data that would run code: pickles of every wrapping, which make a folder if they are run."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from typing import TYPE_CHECKING

import numpy as np
from badinputs.torches import torched

if TYPE_CHECKING:
    from pathlib import Path


class Runs:
    """A thing that makes a folder when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self):
        return os.mkdir, (str(self.canary),)


def makes_folder():
    """Return, by name, what writes a torch file that would run code."""
    return {
        "plain_pickle": lambda _folder, canary: pickle.dumps(Runs(canary), 2),
        "protocol_0": lambda _folder, canary: pickle.dumps(Runs(canary), 0),
        "beside_tensor": _torch_file,
        "legacy_format": lambda folder, canary: _torch_file(folder, canary, new=False),
        "as_key": lambda folder, canary: _torch_file(folder, canary, as_key=True),
        "in_numpy_scalar": _numpy_scalar,
        "zip_by_hand": _by_hand,
        "whole_module": _module,
        "scripted": _scripted,
    }


def _torch_file(_folder, canary, *, new=True, as_key=False):
    import torch

    class Hashed(Runs):
        def __hash__(self):
            return 1

    codebook = torch.arange(24.0).reshape(8, 3)
    more = {Hashed(canary): 1} if as_key else {"epoch": Runs(canary)}
    stored = {"vector_quantizer": {"codebook": codebook}, **more}
    return torched(stored, _use_new_zipfile_serialization=new)


def _numpy_scalar(_folder, canary):
    array = np.empty((), dtype=object)
    array[()] = Runs(canary)
    return torched({"vector_quantizer": {"codebook": array}})


def _by_hand(_folder, canary):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), pickle.dumps(Runs(canary), 2))
        archive.writestr(zipfile.ZipInfo("archive/version"), "3\n")
    return file.getvalue()


def _module(_folder, _canary):
    """Return a pickled net: a class by name, which would be imported."""
    import torch

    return torched(_layer(torch))


def _layer(torch):
    """Return a layer whose weights aren't drawn."""
    layer = torch.nn.Linear(3, 8)
    for weight in layer.parameters():
        weight.detach().fill_(0.5)
    return layer


def _scripted(_folder, canary):
    """Return what looks like a TorchScript archive: a program."""
    members = {
        "version": b"3\n",
        "data.pkl": pickle.dumps(Runs(canary), 2),
        "constants.pkl": pickle.dumps((), 2),
        "code/__torch__.py": b"class Net(Module):\n  def forward(self, x): return x\n",
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(f"net/{name}"), content)
    return file.getvalue()

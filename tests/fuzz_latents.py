"""Seeded mutants of every format of latents and codebooks; run by hand, not by pytest.

    python tests/fuzz_latents.py --mutants 20000

Only `EncoderError`, `QuantizerError` and `OptionError` may come of a mutant, each in one line; what
is read must be finite floats. Address space is bounded, and so is the time for one mutant.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import json
import random
import resource
import signal
import tempfile
import traceback
import warnings
from pathlib import Path

import numpy as np
import torch
from latent_samples import made_latents, write_all

from sfvq_analysis.encoders.latent_files import read_latents
from sfvq_analysis.encoders.latents import StoredLatents
from sfvq_analysis.errors import EncoderError, OptionError, QuantizerError
from sfvq_analysis.quantizers import SpaceFillingVQ, load_quantizer, save_quantizer

_MEMORY, _SECONDS = 12 << 30, 20
_WORDS = (b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\x80", b"nan", b"1e999", b"|", b"9" * 40)
_NEEDED = ("c.ark", "one.npy")  # by c.scp and grid.json
_GRID = {"name": "fuzz", "sample_rate": 16000, "hop": 320, "offset": 160}


def originals(folder: Path) -> list[Path]:
    latents = made_latents()
    paths = write_all(folder, latents)
    np.save(folder / "one.npy", latents["a_1"])
    corners = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    np.save(folder / "codebook.npy", corners)
    layout = {"vector_quantizer": {"codebook": torch.from_numpy(corners)}}
    torch.save(layout, folder / "codebook.pt")
    torch.save(layout, folder / "codebook_old.pt", _use_new_zipfile_serialization=False)
    save_quantizer(SpaceFillingVQ(corners, None, [corners[:4]]), folder / "codebook.safetensors")
    (folder / "grid.json").write_text(json.dumps(_GRID))
    return [*paths, folder / "one.npy", *sorted(folder.glob("codebook*")), folder / "grid.json"]


def mutant(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        place = rng.randrange(len(changed)) if changed else 0
        match rng.randrange(6):
            case 0 | 1 if changed:
                changed[place] = rng.randrange(256)
            case 2 if changed:
                changed[place] ^= 1 << rng.randrange(8)
            case 3:
                word = rng.choice(_WORDS)
                changed[place : place + rng.choice([0, len(word)])] = word
            case 4:
                del changed[place : place + rng.randrange(1, 64)]
            case 5:
                other = rng.randrange(len(changed) + 1)
                changed[place:place] = changed[other : other + rng.randrange(1, 64)]
    if rng.random() < 0.1:
        del changed[rng.randrange(len(changed) + 1) :]
    return bytes(changed)


def tried(path: Path) -> str:
    """What comes of a mutant."""
    try:
        if path.stem.startswith("codebook"):
            arrays = [load_quantizer(path).corners()]
        elif path.suffix == ".json":
            arrays = [StoredLatents.open(path.parent).lookup("one", 960).values]
        else:
            arrays = [read_latents(path, key=None if path.suffix == ".npy" else "a_1")]
    except (EncoderError, QuantizerError, OptionError) as error:
        message = str(error)
        if "\n" in message or str(path.parent) not in message or len(message) > 1000:
            return f"FAULT {message!r}"
        return "refused"
    except BaseException as error:  # noqa: BLE001
        traceback.print_exc()
        return f"FAULT {type(error).__name__}"
    fine = all(a.dtype == np.float32 and a.ndim == 2 and np.isfinite(a).all() for a in arrays)
    return "read" if fine else "FAULT values"


def out_of_time(*_: object) -> None:
    raise TimeoutError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20000, help="of each file")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="part of a file's name")
    options = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    signal.signal(signal.SIGALRM, out_of_time)
    faults = 0
    with tempfile.TemporaryDirectory() as name:
        folder, made = Path(name), Path(name, "mutant")
        made.mkdir()
        files = originals(folder)
        for needed in _NEEDED:
            (made / needed).write_bytes((folder / needed).read_bytes())
        for original in files:
            if options.only not in original.name:
                continue
            content, found = original.read_bytes(), collections.Counter()
            spoilt = made / original.name
            for number in range(options.mutants):
                seed = f"{options.seed}/{original.name}/{number}"
                spoilt.write_bytes(mutant(content, random.Random(seed)))  # noqa: S311
                signal.alarm(_SECONDS)
                came = tried(spoilt)
                signal.alarm(0)
                found[came] += 1
                if came.startswith("FAULT"):
                    faults += 1
                    print(seed, came, flush=True)  # noqa: T201
            spoilt.write_bytes(content)
            assert tried(spoilt) == "read", original
            if original.name not in _NEEDED:
                spoilt.unlink()
            print(original.name, dict(found), flush=True)  # noqa: T201
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()

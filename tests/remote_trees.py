"""Small labelled trees, and the same in object stores and in tars."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import fsspec
import numpy as np
import soundfile
from written_labels import BESIDE, FOR_ALL

RATE = 16000
NAMES = ("s1/a", "s1/b", "s2/a", "s2/c")


def write_tree(root: Path, labels: str = "phn", suffix: str = ".flac") -> Path | None:
    """Write four utterances; return the file of labels for all, if the format has one."""
    rng = np.random.default_rng(0)
    segments = {}
    for place, name in enumerate(NAMES):
        milliseconds = 200 + 40 * place
        audio = (rng.normal(size=milliseconds * RATE // 1000) * 3000).astype(np.int16)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(root / f"{name}{suffix}", audio, RATE)
        half = milliseconds // 2
        segments[name] = [(0, half, "aa"), (half, milliseconds, "s")]
        if labels in BESIDE:
            ending, written = BESIDE[labels]
            (root / f"{name}{ending}").write_text(written(segments[name]), encoding="utf-8")
    if labels not in FOR_ALL:
        return None
    shared = root.with_name(f"{root.name}_all.{labels}")
    shared.write_text(FOR_ALL[labels](segments), encoding="utf-8")
    return shared


def put(tree: Path, url: str) -> str:
    """Copy a tree, or a file, to a URL and return that."""
    system, path = fsspec.core.url_to_fs(url)
    files = [tree] if tree.is_file() else [one for one in tree.rglob("*") if one.is_file()]
    for one in files:
        target = path if one == tree else f"{path}/{one.relative_to(tree).as_posix()}"
        system.makedirs(target.rpartition("/")[0], exist_ok=True)
        system.pipe_file(target, one.read_bytes())
    return url


def pack(tree: Path, tar: Path, names=NAMES, *, mode="w", before="") -> Path:
    """Pack the files of some utterances of a tree."""
    with tarfile.open(tar, mode) as packed:
        for name in names:
            for one in sorted((tree / name).parent.glob(f"{Path(name).name}.*")):
                packed.add(one, f"{before}{one.relative_to(tree).as_posix()}")
    return tar


def tar_of(members, end=True) -> bytes:
    """Return a tar of (name, content) pairs, or TarInfo for what has no content."""
    target = io.BytesIO()
    packed = tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
    for member in members:
        if isinstance(member, tarfile.TarInfo):
            packed.addfile(member)
        else:
            name, content = member
            known = tarfile.TarInfo(name)
            known.size = len(content)
            packed.addfile(known, io.BytesIO(content))
    if not end:
        return target.getvalue()
    packed.close()
    return target.getvalue()


def assert_same_corpus(found, wanted) -> None:
    """Check that all that is known and read of two corpora is the same, but where they are."""
    assert [u.id for u in found] == [u.id for u in wanted]
    assert found.empty_is_silence == wanted.empty_is_silence
    assert found.subsets == wanted.subsets
    for one, other in zip(found, wanted, strict=True):
        for name in ("speaker", "sex", "dialect", "sentence", "split", "channel"):
            assert getattr(one, name) == getattr(other, name)
        below = [u.audio_path.relative_to(c.root) for u, c in ((one, found), (other, wanted))]
        assert below[0] == below[1]
        assert one.length() == other.length()
        here, there = one.load(), other.load()
        assert np.array_equal(here.audio, there.audio)
        assert here[1:] == there[1:]
        if other.labels:
            assert one.load_phones() == other.load_phones()

"""Samples of WebDataset: files of a tar that follow each other and share a key.

The key of a file is its path up to the first dot of its name (``a/b.seg.wav`` is the ``seg.wav`` of
``a/b``). Files whose names begin with a dot, and ``__meta__``, are no part of a sample.

This is the format of the `webdataset` package, which the tests compare ours with. It isn't used
itself: it loads every file into memory before it knows what it is for, passes over links without a
word, makes two samples of one whose files don't follow each other, takes a tar for whole that is
cut off between two files, and names no file in its errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

from sfvq_analysis.corpus.remote.files import LARGEST
from sfvq_analysis.corpus.remote.tar_members import TarReader
from sfvq_analysis.errors import CorpusError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfvq_analysis.corpus.remote.tar_members import TarMember

_KEY = re.compile(r"((?:.*/)?[^./][^./]*)\.([^/]*)", re.DOTALL)
_META = re.compile(r"__[^/]*__(/|$)")


@dataclass(frozen=True)
class Sample:
    """Files of one key.

    Attributes
    ----------
    key
        What their paths share.
    files
        What each holds, by what follows the key, in lower case (``wav``, ``textgrid``, …).
    """

    key: str
    files: dict[str, bytes] = field(default_factory=dict)


def read_samples(file: IO[bytes], where: str = "tar") -> Iterator[Sample]:
    """Yield the samples of a tar, read forward from a stream of bytes: a file, a socket, a pipe.

    One sample at a time is in memory, and nothing is written.

    Parameters
    ----------
    file
        The tar, not compressed.
    where
        What messages call it.

    Raises
    ------
    CorpusError
        If it isn't a tar of samples, or is damaged or cut off.

    Examples
    --------
    >>> import io, tarfile
    >>> packed = io.BytesIO()
    >>> with tarfile.open(fileobj=packed, mode="w") as tar:
    ...     for name in ("s1/a.wav", "s1/a.phn"):
    ...         tar.addfile(tarfile.TarInfo(name))
    >>> packed.seek(0)
    0
    >>> [(sample.key, list(sample.files)) for sample in read_samples(packed)]
    [('s1/a', ['wav', 'phn'])]
    """
    reader, sample, seen = TarReader(file, where), None, set[str]()
    for member in reader.members():
        named = key_of(member.name)
        if named is None:
            continue
        key, suffix = named
        refuse_member(member, where)
        if sample is not None and key != sample.key:
            yield sample
            sample = None
        if sample is None:
            refuse_again(key, member, seen, where)
            sample = Sample(key)
        if suffix in sample.files:
            raise _twice(member, where)
        sample.files[suffix] = reader.content(member.size)
    if sample is not None:
        yield sample


def key_of(name: str) -> tuple[str, str] | None:
    """Return key and suffix of a file in a tar; None for one that is no part of a sample.

    Examples
    --------
    >>> key_of("./s1/a.seg.WAV"), key_of("s1/._a.wav"), key_of("README")
    (('s1/a', 'seg.wav'), None, None)
    """
    while name.startswith("./"):
        name = name[2:]
    match = _KEY.fullmatch(name)
    if match is None or _META.match(name):
        return None
    return match[1], match[2].lower()


def refuse_member(member: TarMember, where: str) -> None:
    """Raise a CorpusError for what isn't a plain file of the size of an utterance's."""
    if member.kind != "file":
        raise CorpusError(
            f"that is {member.kind}, not a file",
            where=f"{where}/{member.name}",
            remedy="pack what it leads to (tar --dereference --hard-dereference)",
        )
    if member.size > LARGEST:
        raise CorpusError(
            f"it has {member.size} bytes, more than an utterance can have",
            where=f"{where}/{member.name}",
            remedy="cut it into utterances",
        )


def refuse_again(key: str, member: TarMember, seen: set[str], where: str) -> None:
    """Note that a sample begins; raise a CorpusError if it did before."""
    if key in seen:
        raise CorpusError(
            f"the files of sample {shown(key)} don't follow each other, or it stands twice",
            where=f"{where}/{member.name}",
            remedy="pack them in the order of their names (tar --sort=name)",
        )
    seen.add(key)


def _twice(member: TarMember, where: str) -> CorpusError:
    return CorpusError("the file stands twice", where=f"{where}/{member.name}", remedy="keep one")

"""What is in the tars of a WebDataset: where every file of a sample is, and what its JSON says."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from sfvq_analysis.corpus.pairing import AUDIO_SUFFIXES, LABEL_SUFFIXES
from sfvq_analysis.corpus.remote.files import RemoteFile
from sfvq_analysis.corpus.remote.samples import key_of, refuse_again, refuse_member
from sfvq_analysis.corpus.remote.tar_members import TarReader
from sfvq_analysis.corpus.remote.tars import TarSource, tar_at
from sfvq_analysis.errors import CorpusError, shown

if TYPE_CHECKING:
    from sfvq_analysis.corpus.findings import Findings
    from sfvq_analysis.corpus.remote.tar_members import TarMember
    from sfvq_analysis.errors import ErrorPolicy

_USED = frozenset((*AUDIO_SUFFIXES, *LABEL_SUFFIXES))
_PROPERTIES = ("speaker", "sex", "dialect", "sentence", "split")
_SEXES = {"f": "f", "female": "f", "m": "m", "male": "m", "": ""}
_LARGEST_JSON = 1 << 20


@dataclass
class TarListing:
    """What is in a tar.

    `files` are remote files by the names that they would have in a folder, `keys` the samples,
    `properties` what JSON says of each.
    """

    place: str
    files: dict[str, RemoteFile] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[CorpusError] = field(default_factory=list)


@dataclass
class TarListings:
    """What is in all tars, each sample in one."""

    files: dict[str, RemoteFile] = field(default_factory=dict)
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    def add(self, part: TarListing, findings: Findings) -> None:
        """Add what is in a tar."""
        for error in part.refused:
            findings.refuse(error)
        again = {key for key in part.keys if key in self.owners}
        for key in sorted(again):
            findings.refuse(
                CorpusError(
                    f"sample {shown(key)} is in {self.owners[key]}, too",
                    where=part.place,
                    remedy="keep one of them",
                )
            )
        self.owners |= {key: part.place for key in part.keys if key not in again}
        self.properties |= {k: v for k, v in part.properties.items() if k not in again}
        for name, file in part.files.items():
            if name.rpartition(".")[0] not in again:
                self.files[name] = file


def list_tar(place: str, on_error: ErrorPolicy) -> TarListing:
    """Return what is in a tar; what is wrong with it is refused by whoever adds it."""
    listing, source = TarListing(place), tar_at(place)
    with source.opened() as file:
        reader = TarReader(file, place, seeks=source.is_near)
        seen: set[str] = set()
        sample = _Sample(source, listing)
        try:
            for member in reader.members():
                named = key_of(member.name)
                if named is None or not _is_used(named[1]):
                    continue
                try:
                    if named[0] != sample.key:
                        sample.close()
                        refuse_again(named[0], member, seen, place)
                        sample = _Sample(source, listing, named[0])
                    sample.add(member, named[1], reader)
                except CorpusError as error:
                    sample = _Sample(source, listing, named[0], is_refused=True)
                    listing.refused.append(error)
                    if on_error == "raise":
                        return listing
            sample.close()
        except CorpusError as error:  # of the tar: the sample at work isn't known to be whole
            listing.refused.append(error)
    return listing


def _is_used(suffix: str) -> bool:
    last = suffix.rpartition(".")[2]
    return last == "json" or f".{last}" in _USED


@dataclass
class _Sample:
    """The files of a sample as they come."""

    source: TarSource
    listing: TarListing
    key: str = ""
    is_refused: bool = False
    files: dict[str, RemoteFile] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)

    def add(self, member: TarMember, suffix: str, reader: TarReader) -> None:
        """Add a file.

        Raises
        ------
        CorpusError
            If it isn't one, or the sample has such a file already.
        """
        if self.is_refused:
            return
        refuse_member(member, self.source.place)
        last = suffix.rpartition(".")[2]
        where = self.source.where(member.name)
        if last == "json":
            self.properties = _properties(reader.content(_LARGEST_JSON + 1), where)
            return
        name = f"{self.key}.{last}"
        if name in self.files:
            other = PurePosixPath(self.files[name].name).name
            raise CorpusError(
                f"sample {shown(self.key)} has it twice, as {shown(other)} too",
                where=where,
                remedy="keep one; a key ends at the first dot of a name",
            )
        self.files[name] = RemoteFile(
            self.source, member.name, member.size, self.source.stamp, member.start
        )

    def close(self) -> None:
        """Add the sample to what is in the tar."""
        if self.is_refused or not self.files:
            return
        self.listing.keys.append(self.key)
        self.listing.files |= self.files
        if self.properties:
            self.listing.properties[self.key] = self.properties


def _properties(content: bytes, where: str) -> dict[str, Any]:
    """Return what a sample's JSON says of its utterance."""
    stated: Any = None
    if len(content) <= _LARGEST_JSON:
        with suppress(ValueError, RecursionError):
            stated = json.loads(content)
    if not isinstance(stated, dict):
        raise CorpusError("not a JSON object of at most 1 MiB", where=where, remedy="mend it")
    found = {name: stated[name] for name in _PROPERTIES if stated.get(name) is not None}
    for name, value in found.items():
        if not isinstance(value, str) or not value.isprintable():
            raise CorpusError(
                f"{name} is {shown(value)}", where=where, remedy="write one line of text"
            )
    if "sex" in found:
        if found["sex"].lower() not in _SEXES:
            raise CorpusError(
                f"sex is {shown(found['sex'])}", where=where, remedy='write "f" or "m"'
            )
        found["sex"] = _SEXES[found["sex"].lower()]
    return found

"""Which of the utterances that a label file names is which audio file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def last_part(name: str) -> str:
    """Return what stands after the last ``/`` of a name."""
    return name.rpartition("/")[2]


def names_for(identity: str, names: Iterable[str]) -> list[str]:
    """Return the names that may mean an audio file.

    That is its own path, or else every name that ends in it (``corpus/s1/a``) or with which it ends
    (``a``). What another folder is named for never means it.

    Parameters
    ----------
    identity
        Path of the audio file below its corpus' folder, without suffix.
    names
        Of utterances, as a label file has them.

    Examples
    --------
    >>> names_for("s1/a", ["a", "s2/a", "b"]), names_for("s1/a", ["s2/a"])
    (['a'], [])
    """
    found = []
    for name in names:
        if name == identity:
            return [name]
        if ".." in name.split("/"):
            continue  # it leads elsewhere
        if name and (name.endswith(f"/{identity}") or identity.endswith(f"/{name}")):
            found.append(name)
    return found

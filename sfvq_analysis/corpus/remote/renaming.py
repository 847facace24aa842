"""Errors about files on this machine that stand for others, told of those."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sfvq_analysis.errors import SfvqError

Error = TypeVar("Error", bound="SfvqError")


def renamed(error: Error, names: Mapping[str, str]) -> Error:
    """Return an error with other names in the place of some paths."""
    where, remedy = error.where, error.remedy
    return type(error)(
        renamed_text(error.what, names),
        where=None if where is None else renamed_text(where, names),
        remedy=None if remedy is None else renamed_text(remedy, names),
    )


def renamed_text(text: str, names: Mapping[str, str]) -> str:
    """Return a text with other names in the place of some paths, which nothing may go on.

    Examples
    --------
    >>> renamed_text("/tmp/1:3 and /tmp/11", {"/tmp/1": "s3://a"})
    's3://a:3 and /tmp/11'
    """
    for path, name in names.items():
        text = name.join(re.split(rf"{re.escape(path)}(?![\w.-])", text))
    return text

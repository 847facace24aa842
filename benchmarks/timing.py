"""Times that can be compared: contestants in turn, medians, and what machine they ran on."""

from __future__ import annotations

import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

Name = TypeVar("Name")


def interleaved(
    contestants: Mapping[Name, Callable[[], object]], *, runs: int, pause: float
) -> dict[Name, list[float]]:
    """Return seconds of each contestant, `runs` times; in every round each runs once, in turn.

    A pause goes before each, in which the OpenMP threads that the one before left spinning for more
    work go to sleep; they would take processors from this one.
    """
    seconds: dict[Name, list[float]] = {name: [] for name in contestants}
    for _ in range(runs):
        for name, run in contestants.items():
            time.sleep(pause)
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Return the median, least and largest of some times."""
    return {"median": median(seconds), "least": min(seconds), "most": max(seconds)}


def machine(packages: Iterable[str]) -> dict[str, Any]:
    """Return processor, system, load and the versions of packages."""
    return {
        "processor": processor(),
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": [round(value, 2) for value in os.getloadavg()],
        "versions": {name: found for name in packages if (found := installed(name))},
    }


def processor() -> str:
    """Return name, family, model and vector instructions of the processor, as Linux knows them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor()
    stated = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    flags = stated.get("flags", "").split()
    widest = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_tile") if name in flags]
    name = stated.get("model name", platform.processor())
    return (
        f"{name}, family {stated.get('cpu family')} model {stated.get('model')}, {' '.join(widest)}"
    )


def installed(package: str) -> str | None:
    """Return the version of a package, None if it isn't there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def as_markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first column is text, the others are numbers."""
    ruler = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ruler, *rows))


def write_json(path: Path, found: Mapping[str, Any]) -> None:
    """Write what was found, readable."""
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")

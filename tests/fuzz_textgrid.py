"""Seeded mutants of TextGrids: each is read in full or refused in one line, nothing else.

    python tests/fuzz_textgrid.py --mutants 20000 --seed 0

What is read is compared with Praat (every `--compare-every`th), and the labels are counted.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from made_textgrids import BREAKS, ENCODINGS, FORMS, MadeGrid, MadeTier

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels.text import read_text
from sfvq_analysis.labels.textgrid import read_textgrid

if TYPE_CHECKING:
    from collections.abc import Callable

    from sfvq_analysis.labels.entries import Tiers

PraatTiers = list[tuple[str, list[tuple[float, float, str]] | None]]

_TOKEN = re.compile(r'"(?:[^"]|"")*"|\s+|[^\s"]+|"')
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ODD = (
    *(
        "0",
        "1",
        "2",
        "-1",
        "0.5",
        "7",
        "1e999",
        "nan",
        "inf",
        "1_000",
        "0,5",
        "\u0661",
        "+2",
        "2.0",
    ),
    *(
        '"',
        '""',
        '"x"',
        '"a b"',
        "<exists>",
        "<absent>",
        "<",
        ">",
        "!",
        "! x",
        "xmin",
        "=",
        "text =",
    ),
    *("\n", "\r", "\r\n", "\t", " ", "\0", "\x0b", "\u00a0", "\u2028", "\ufeff", "[1]:", "size"),
    *('"IntervalTier"', '"TextTier"', '"TextGrid"', "99999999999", "ooTextFile", "\\ae", "é"),
)


def seeds(rng: random.Random) -> MadeGrid:
    """Return a sound TextGrid."""
    tiers = []
    for name in rng.sample(["phones", "words", 'say "x"', "", "tier 3", "é\n"], rng.randint(1, 3)):
        edges = sorted(rng.sample(range(1, 40), rng.randint(0, 4)))
        marks = [rng.choice(["", "AH0", 'a "b"', "x\ny", " ", "ŋ", "7", "<p>"]) for _ in range(6)]
        if rng.random() < 0.25:
            rows = [(str(edge / 20), mark) for edge, mark in zip(edges, marks, strict=False)]
            tiers.append(MadeTier(name, rows, points=True, xmax="2"))
        else:
            spans = zip([0, *edges], [*edges, 40], marks, strict=False)
            tiers.append(
                MadeTier(name, [(str(a / 20), str(b / 20), mark) for a, b, mark in spans], xmax="2")
            )
    return MadeGrid(tiers, xmax="2")


def mutated(text: str, rng: random.Random) -> str:
    """Return a text with lines, tokens or characters deleted, doubled, swapped or replaced."""
    way = rng.randrange(6)
    if way == 0:
        return _edited(re.split(r"(?<=\n)", text), rng)
    if way == 1:
        return _edited(_TOKEN.findall(text), rng)
    if way == 2:
        return _edited(list(text), rng)
    if way == 3 and (numbers := list(_NUMBER.finditer(text))):
        one, other = rng.choice(numbers), rng.choice(numbers).group()
        return text[: one.start()] + rng.choice([other, *_ODD]) + text[one.end() :]
    if way == 4:
        at = rng.randrange(len(text) + 1)
        return text[:at] + rng.choice(_ODD) + text[at:]
    return text[: rng.randrange(len(text) + 1)] or "\n"


def _edited(parts: list[str], rng: random.Random) -> str:
    at, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    way = rng.randrange(4)
    if way == 0:
        del parts[at : at + rng.randint(1, 3)]
    elif way == 1:
        parts.insert(other, parts[at])
    elif way == 2:
        parts[at], parts[other] = parts[other], parts[at]
    else:
        parts[at] = rng.choice(_ODD)
    return "".join(parts) or "\n"


def _damaged(raw: bytes, rng: random.Random) -> bytes:
    """Return bytes with one of them changed, taken away or doubled."""
    at = rng.randrange(len(raw))
    middle = rng.choice([b"", raw[at : at + 1] * 2, bytes([rng.randrange(256)])])
    return raw[:at] + middle + raw[at + 1 :]


def _check(tiers: Tiers, path: Path, praat_tiers: Callable[[Path], PraatTiers]) -> None:
    """Compare what was read with what Praat reads."""
    text = read_text(path)
    if not tiers or any(one in text for one in "\f\x85\u2028\u2029\ufeff"):
        return  # Praat crashes on absent tiers, and takes these characters for what they aren't
    praats = praat_tiers(path)
    assert len(praats) == len(tiers), (len(praats), len(tiers))
    for (ours, tier), (name, rows) in zip(tiers.items(), praats, strict=True):
        assert ours == name or ours.startswith(f"{name} (tier "), (ours, name)
        assert (rows is None) == (tier.kind == "points"), (ours, tier.kind)
        if rows is not None:
            mine = [(float(one.start), float(one.stop), one.text) for one in tier.labels]
            assert mine == rows or (not mine and len(rows) == 1), (mine, rows)


def fuzz(
    mutants: int, seed: int, praat_tiers: Callable[[Path], PraatTiers], compare_every: int
) -> tuple[int, int]:
    """Read mutants; return how many were read and how many refused."""
    rng = random.Random(seed)  # noqa: S311
    read = refused = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "mutant.TextGrid")
        for number in range(mutants):
            text = seeds(rng).text(rng.choice(FORMS))
            for _ in range(rng.randint(1, 2)):
                text = mutated(text, rng)
            encoding = rng.choice(ENCODINGS)
            mark = "\ufeff" if encoding.startswith("utf-16") else ""
            raw = (mark + text.replace("\n", rng.choice(BREAKS))).encode(encoding)
            if rng.random() < 0.2:
                raw = _damaged(raw, rng)
            path.write_bytes(raw)
            try:
                tiers = read_textgrid(path)[""]
            except CorpusError as error:
                refused += 1
                message = str(error)
                assert message.startswith(str(path)), message
                assert len(message.splitlines()) == 1, message
                assert len(message) < 400, message
                continue
            read += 1
            if number % compare_every == 0:
                try:
                    _check(tiers, path, praat_tiers)
                except Exception as error:
                    raise AssertionError(
                        f"mutant {number} of seed {seed}: {error}: {raw!r}"
                    ) from error
    return read, refused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compare-every", type=int, default=4)
    options = parser.parse_args()
    from test_labels_textgrid import praat_tiers

    read, refused = fuzz(options.mutants, options.seed, praat_tiers, options.compare_every)
    print(f"{options.mutants} mutants of TextGrids: {read} read, {refused} refused")  # noqa: T201


if __name__ == "__main__":
    main()

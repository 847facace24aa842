"""Seeded mutants of label files: python tests/fuzz_labels.py [--mutants 20000] [--seed 0].

Every mutant must be read as a slow, independent reader reads it, or be refused in one line that
names the file; anything else is printed with the number that makes it again, and the exit is 1.
"""

import argparse
import itertools
import math
import random
import signal
import sys
import tempfile
from pathlib import Path

import slow_label_readers
import written_labels

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels import read_label_file
from sfvq_analysis.labels.entries import as_segments

LIMIT_SECONDS = 10

LABELS = [(0, 120, "h#"), (120, 250, "æʃ"), (250, 400, "IH1"), (500, 640, "sil")]
MORE = [(0, 90, "q"), (90, 1300, "x")]
BOTH = {"sa1": LABELS, "sa2": MORE}
ALIGNED = "0 100000 s2 -1.5 ay -2 ice\n100000 900000 s3\n900000 1900000 s2 3 k\n"

SEEDS = {
    "timit": [written_labels.timit(LABELS), "; made\n" + written_labels.timit(MORE)],
    "htk": [written_labels.htk(LABELS), ALIGNED, '0 900000 "New York"\n900000 1800000 \\101 -3\n'],
    "mlf": [written_labels.mlf(BOTH), f'#!MLF!#\n"*/d/a.lab"\n{ALIGNED}.\n"*/e/a.lab"\n.\n'],
    "ctm": [written_labels.ctm(BOTH), "u A 0 1 a 0.5\nu B .5 1e0 b\n;; x\nu A 1 2 c NA\n"],
    "csv": [
        written_labels.csv_table(BOTH),
        written_labels.csv_table(BOTH, "samples", "\t"),
        'label;stop;start;tier;speaker\n"a ""b""\n;";0.5;0.0;x;me\n;0.9;0.5;x;\nc;1;0;y;\n',
    ],
    "eaf": [written_labels.eaf({"phones": LABELS, "words": MORE})],
    "emu": [written_labels.emu(LABELS), written_labels.emu(MORE, "MAU", 20_000)],
    "esps": [
        written_labels.esps(LABELS),
        "separator |\n#\n0 1 {B}\n 0.19 122 <SIL>| B\n.5 -1 okay | ow k ey\n1e0 0 a;b\n",
    ],
}

READERS = {"csv": slow_label_readers.table}

TOKENS = [
    *("nan", "inf", "-inf", "NA", "-1", "0", "1e999999999", "1e5", "0x10", "1_000", "1,5", "+3"),
    *("9" * 19, "9" * 5000, "0.1.2", "1e-400", "٣", "²", "½", "\ufeff", "\u2028", "\x85", "\u00a0"),
    *(
        "\0",
        "\r",
        "\n",
        "\r\n",
        "\t",
        " ",
        ",",
        ";",
        ";;",
        '"',
        "'",
        "\\",
        "\\377",
        "///",
        ".",
        "#",
    ),
    *("#!MLF!#", '"*/a.lab"', '"*" -> "x"', "<ALT>", "<", ">", "&", "&a;", "&#0;", "]]>", "<!--"),
    *("<!DOCTYPE a>", "<![CDATA[", "label", "start", "tier", "TIER", "a1", "ts1", "\ud83d\ude00"),
]
TOKENS = [token.encode("utf-8", "surrogatepass") for token in TOKENS] + [
    b"\xff",
    b"\xc3",
    b"\xff\xfe",
]


def mutant(name, number, seed=0):
    """The same bytes for the same format, number and seed."""
    rng = random.Random(f"{seed}:{name}:{number}")  # noqa: S311 -- nothing is secret
    raw = rng.choice(SEEDS[name]).encode()
    if rng.random() < 0.1:
        raw = raw.decode().encode("utf-16")
    for _ in range(rng.choice([1, 1, 1, 2, 3, 6])):
        raw = rng.choice(CHANGES)(raw, rng)
    return raw


def insert(raw, rng):
    at = rng.randint(0, len(raw))
    return raw[:at] + rng.choice(TOKENS) + raw[at:]


def replace_word(raw, rng):
    words = raw.split(b" ")
    words[rng.randrange(len(words))] = rng.choice(TOKENS)
    return b" ".join(words)


def replace_number(raw, rng):
    at = [i for i, byte in enumerate(raw) if chr(byte).isdigit()]
    if not at:
        return raw
    start = rng.choice(at)
    stop = start
    while stop < len(raw) and chr(raw[stop]).isdigit():
        stop += 1
    return raw[:start] + rng.choice(TOKENS) + raw[stop:]


def flip(raw, rng):
    if not raw:
        return raw
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ (1 << rng.randrange(8))]) + raw[at + 1 :]


def cut(raw, rng):
    at, stop = sorted(rng.randint(0, len(raw)) for _ in range(2))
    return raw[:at] + raw[min(stop, at + 40) :]


def repeat(raw, rng):
    at, stop = sorted(rng.randint(0, len(raw)) for _ in range(2))
    return raw[:stop] + raw[at:]


def truncate(raw, rng):
    return raw[: rng.randint(0, len(raw))]


def change_lines(raw, rng):
    lines = raw.split(b"\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    match rng.randrange(4):
        case 0:
            lines[at], lines[other] = lines[other], lines[at]
        case 1:
            lines.insert(other, lines[at])
        case 2:
            del lines[at]
        case _:
            lines[at] = rng.choice([b"", b" \t", b";; x", b"; x", lines[at] + b"\r"])
    return b"\n".join(lines)


def other_endings(raw, rng):
    return raw.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\x0b", b" \n "]))


def other_format(raw, rng):
    other = rng.choice(SEEDS[rng.choice(list(SEEDS))]).encode()
    return rng.choice([other, raw + other, other + raw])


CHANGES = [insert, insert, replace_word, replace_number, replace_number, flip, flip, cut]
CHANGES += [repeat, truncate, change_lines, change_lines, other_endings, other_format]


def problem_of(path, name):
    """Return what is wrong with how a file is read, None if nothing is, and whether it was read."""
    try:
        found = read_label_file(path, name)
    except CorpusError as error:
        return _problem_of_message(str(error), path), False
    except Exception as error:  # noqa: BLE001 -- that is what is looked for
        return f"{type(error).__name__}: {error}", False
    for tiers in found.values():
        for tier in tiers.values():
            try:
                segments = as_segments(tier, path, 16_000)
            except CorpusError as error:
                if problem := _problem_of_message(str(error), path):
                    return problem, True
            else:
                if any(a.stop > b.start for a, b in itertools.pairwise(segments)):
                    return "segments overlap", True
    return _difference(found, path, name), True


def _problem_of_message(message, path):
    if len(message.splitlines()) != 1 or not message.isprintable():
        return f"message isn't one printable line: {message!r}"
    if not message.startswith(f"{path}:") or "; " not in message or len(message) > 500:
        return f"message names no file, no remedy, or is long: {message[:600]}"
    return None


def _difference(found, path, name):
    if any(tier.fault for tiers in found.values() for tier in tiers.values()):
        return None  # refused when asked for
    reader = READERS.get(name) or getattr(slow_label_readers, name)
    expected = reader(path.read_bytes())
    lowest = [
        (float(label.start), float(label.stop), label.text)
        for tiers in found.values()
        for tier_name, tier in tiers.items()
        for label in tier.labels
        if not tier_name.startswith("level ") or tier_name == "level 1"
    ]
    if name in {"ctm", "csv"}:  # by utterance and tier
        lowest, expected = (sorted(labels, key=str) for labels in (lowest, expected))
    if len(lowest) != len(expected):
        return f"{len(lowest)} labels, not {len(expected)}"
    for ours, theirs in zip(lowest, expected, strict=True):
        if theirs[2] not in {None, ours[2]} or not all(
            math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-12)
            for a, b in zip(ours[:2], theirs[:2], strict=True)
        ):
            return f"{ours}, not {theirs}"
    return None


def run(name, numbers, folder, seed=0):
    """Return the problems, as (number, problem), and how many mutants were read."""
    problems, n_read = [], 0
    path = Path(folder) / "mutant"
    for number in numbers:
        path.write_bytes(mutant(name, number, seed))
        read_label_file.__globals__["_parsed"].cache_clear()
        problem, was_read = problem_of(path, name)
        n_read += was_read
        if problem:
            problems.append((number, problem))
    return problems, n_read


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=20_000, help="of every format")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    is_sound = True
    with tempfile.TemporaryDirectory() as folder:
        for name in SEEDS:
            problems, n_read = [], 0
            for start in range(0, arguments.mutants, 1000):
                numbers = range(start, min(start + 1000, arguments.mutants))
                signal.alarm(LIMIT_SECONDS * 30)  # a hang ends the run
                found, read = run(name, numbers, folder, arguments.seed)
                problems += found
                n_read += read
            signal.alarm(0)
            count = f"{arguments.mutants} mutants, {n_read} read, {len(problems)} wrong"
            print(f"{name}: {count}")  # noqa: T201
            for number, problem in problems[:5]:
                shown = f"{mutant(name, number, arguments.seed)!r:.600}"
                print(f"  {number}: {problem}\n    {shown}")  # noqa: T201
            is_sound = is_sound and not problems
    return 0 if is_sound else 1


if __name__ == "__main__":
    sys.exit(main())

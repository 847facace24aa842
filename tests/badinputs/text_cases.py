"""The same labels as text of every sort: byte order marks, encodings, line ends, and no text."""

from __future__ import annotations

import codecs

from badinputs.case import Case, Fifo, Folder, Link, Refusal
from badinputs.number_cases import FORMATS

LABEL = "ʃé"
TIMES = {"whole": ("3200", "4000000"), "seconds": ("0.2", "0.3")}
WANTED = {
    # by plain arithmetic at 16 kHz: HTK's 100 ns are 1/625 sample, a millisecond is 16 samples
    "timit": ((0, 1000, "h#"), (3200, 4_000_000, LABEL), (9_000_000, 9_000_400, "h#")),
    "textgrid": ((0, 3200, "sil"), (3200, 4800, LABEL), (4800, 14_400_000, "sil")),
    "htk": ((0, 1600, "sil"), (5, 6400, LABEL), (1_440_000, 1_440_160, "sil")),
    "mlf": ((0, 1600, "sil"), (5, 6400, LABEL), (1_440_000, 1_440_160, "sil")),
    "ctm": ((0, 1600, "sil"), (3200, 8000, LABEL), (14_400_000, 14_401_600, "sil")),
    "eaf": ((0, 1600, "sil"), (3200, 4800, LABEL), (14_400_000, 14_401_600, "sil")),
    "csv": ((0, 1600, "sil"), (3200, 4800, LABEL), (14_400_000, 14_401_600, "sil")),
    "esps": ((0, 3200, "sil"), (3200, 4800, LABEL), (4800, 14_401_600, "sil")),
}


def content_of(name: str) -> str:
    """Return a good file of a format, whose middle label isn't ASCII."""
    start, stop = TIMES["whole" if FORMATS[name].whole else "seconds"]
    if name in {"htk", "mlf"}:
        start = "3125"  # 5 samples: the first row, which ends at 0.1 s, is moved out of its way
    if name == "eaf":
        start, stop = "200", "300"
    text = FORMATS[name].written(start, stop).replace("sh", LABEL)
    if name in ("htk", "mlf"):
        text = text.replace("0 1000000 sil", "0 3125 sil")
    return text


def wanted_of(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return the segments of `content_of`."""
    if name in ("htk", "mlf"):
        return ((0, 5, "sil"), *WANTED[name][1:])
    return WANTED[name]


def cases():
    """Yield the cases."""
    for name in FORMATS:
        yield from _read(name)
        yield from _refused(name)
        yield from _rates(name)


def _read(name):
    file = f"a{FORMATS[name].suffix}"
    text, value = content_of(name), wanted_of(name)
    xml = name == "eaf"
    sixteen = text.replace("UTF-8", "UTF-16")
    ways = {
        "utf8": text.encode(),
        "bom": codecs.BOM_UTF8 + text.encode(),
        "utf16_le": codecs.BOM_UTF16_LE + sixteen.encode("utf-16-le"),
        "utf16_be": codecs.BOM_UTF16_BE + sixteen.encode("utf-16-be"),
        "crlf": text.replace("\n", "\r\n").encode(),
        "cr": text.replace("\n", "\r").encode(),
        "no_final_newline": text.rstrip().encode(),
        "blank_lines_at_the_end": (text + "\n\n   \n").encode(),
    }
    for way, content in ways.items():
        yield Case(f"text_{name}_{way}", "read_labels", file, {file: content}, value=value)
    upper = f"A{FORMATS[name].suffix.upper()}"
    yield Case(f"text_{name}_suffix_upper", "read_labels", upper, {upper: text}, value=value)
    named = {"format": name}
    yield Case(
        f"text_{name}_format_named", "read_labels", "x.dat", {"x.dat": text}, value, options=named
    )
    spaced = "my file é.x" + FORMATS[name].suffix
    yield Case(f"text_{name}_name_with_spaces", "read_labels", spaced, {spaced: text}, value=value)
    if not xml:
        middle = text.replace("\n", "\n\n")
        refusal = Refusal("CorpusError", "", file)
        yield Case(f"text_{name}_blank_lines", "read_labels", file, {file: middle}, value, refusal)


def _refused(name):
    file = f"a{FORMATS[name].suffix}"
    text = content_of(name)
    half = text.replace(LABEL, "é")
    contents = {
        "latin1": half.replace("UTF-8", "UTF-8").encode("latin-1"),
        "utf16_without_bom": text.encode("utf-16-le"),
        "utf32": text.encode("utf-32"),
        "utf16_odd_byte": codecs.BOM_UTF16_LE + text.encode("utf-16-le")[:-1],
        "nul": text.replace(LABEL, "s\0h").encode(),
        "empty": b"",
        "bom_only": codecs.BOM_UTF8,
        "blank": b" \n\n\t\n",
        "binary": bytes((i * 7919 >> 3) % 256 for i in range(600)),
        "html": b"<!DOCTYPE html><html><body>404: Not Found</body></html>\n",
        "json": b'{"tiers": {"phones": {"entries": [[0.0, 0.1, "sil"]]}}}\n',
        "lone_surrogate": half.encode().replace(b"\xc3\xa9", b"\xed\xa0\x80"),
        "overlong": half.encode().replace(b"\xc3\xa9", b"\xc1\xa1"),
        "one_huge_line": b"x" * 3_000_000,
        "riff": b"RIFF\x24\0\0\0WAVEfmt " + bytes(24),
    }
    for kind, content in contents.items():
        refusal = Refusal("CorpusError", "", file)
        yield Case(f"text_{name}_{kind}", "read_labels", file, {file: content}, refusal=refusal)
    for kind, thing in {
        "folder": Folder(),
        "pipe": Fifo(),
        "device": Link("/dev/zero"),
        "broken_link": Link("gone"),
        "link_loop": Link(file),
    }.items():
        refusal = Refusal("CorpusError", "", file)
        yield Case(f"text_{name}_{kind}", "read_labels", file, {file: thing}, refusal=refusal)
    refusal = Refusal("CorpusError", "missing|no such", file)
    yield Case(f"text_{name}_missing", "read_labels", file, {}, refusal=refusal)


def _rates(name):
    file = f"a{FORMATS[name].suffix}"
    files = {file: content_of(name)}
    for kind, rate in {
        "0": 0,
        "negative": -1,
        "float": 16000.0,
        "text": "16000",
        "bool": True,
    }.items():
        yield Case(
            f"text_{name}_rate_{kind}",
            "read_labels",
            file,
            files,
            refusal=Refusal("OptionError", "sample_rate"),
            options={"sample_rate": rate},
        )

"""Labels, a second round: prefixes of what has an end, arguments that fit no format, sizes."""

from __future__ import annotations

import codecs

from badinputs.case import Case, Refusal
from badinputs.eaf_cases import eaf, tier
from badinputs.htk_cases import ROWS as LAB
from badinputs.number_cases import FORMATS
from badinputs.text_cases import content_of, wanted_of
from badinputs.textgrid_cases import (
    ONE,
    PHONES,
    TWO,
    WANTED,
    interval_tier,
    long,
    point_tier,
    short,
)


def _case(name, file, content, value=None, cause=None, kind="CorpusError", **options):
    refusal = None if cause is None else Refusal(kind, cause, file if kind == "CorpusError" else "")
    return Case(f"labels_{name}", "read_labels", file, {file: content}, value, refusal, options)


def cases():
    """Yield the cases."""
    yield from _prefixes()
    yield from _arguments()
    yield from _textgrids()
    yield from _sizes()


def _prefixes():
    brief = short(("IntervalTier", "phones", PHONES))
    mlf = f'#!MLF!#\n"*/u1.lab"\n{LAB}.\n'
    utf16 = codecs.BOM_UTF16_LE + ONE.encode("utf-16-le")
    wholes = {
        "a.TextGrid": ONE.rstrip().encode(),
        "short.TextGrid": brief.rstrip().encode(),
        "utf16.TextGrid": utf16.rstrip(b"\n\0 "),
        "a.mlf": mlf.rstrip().encode(),
        "a.eaf": eaf(tier()).rstrip().encode(),
    }
    for file, whole in wholes.items():
        for part in range(1, 24):
            kept = whole[: len(whole) * part // 24]
            yield _case(f"{file}_{part}_of_24", file, kept, cause="")


def _arguments():
    for name in FORMATS:
        file = f"a{FORMATS[name].suffix}"
        text = content_of(name)
        if name not in ("textgrid", "eaf"):
            yield _case(f"{name}_tier_named", file, text, cause="tier|phones", tier="phones")
        if name in ("mlf", "ctm", "csv"):
            yield _case(f"{name}_right_utterance", file, text, wanted_of(name), utterance="u1")
            yield _case(f"{name}_wrong_utterance", file, text, cause="u9", utterance="u9")
            hostile = "u\n\x1b[31m" + "x" * 100_000
            yield _case(f"{name}_hostile_utterance", file, text, cause="u", utterance=hostile)
        for other in FORMATS:
            alike = {name, other} == {"htk", "timit"}
            if other != name and not alike:
                yield _case(f"{name}_read_as_{other}", file, text, cause="", format=other)


def _textgrids():
    file = "a.TextGrid"
    crlf = ONE.replace("\n", "\r\n")
    both = codecs.BOM_UTF16_BE + crlf.encode("utf-16-be")
    yield _case("textgrid_utf16_crlf", file, both, WANTED)
    lone = codecs.BOM_UTF16_LE + ONE.replace("sh", "QQ").encode("utf-16-le").replace(
        b"Q\0", b"\x00\xd8", 1
    )
    yield _case("textgrid_utf16_lone_surrogate", file, lone, cause="")
    swapped = codecs.BOM_UTF16_LE + ONE.encode("utf-16-be")
    yield _case("textgrid_utf16_bom_lies", file, swapped, cause="")
    broken = long(interval_tier((("0", "0.5", "a\r\nb"), ("0.5", "1", "c"))))
    value = ((0, 8000, "a\nb"), (8000, 16_000, "c"))  # as Praat reads it
    yield _case("textgrid_label_with_crlf", file, broken, value, "")
    points = long(point_tier((("nan", "a"),)), interval_tier(PHONES))
    yield _case("textgrid_nan_in_point_tier", file, points, cause="", tier="phones")
    crowded = long(interval_tier(PHONES, "a"), interval_tier(PHONES, "a"), interval_tier(PHONES))
    yield _case("textgrid_twins_beside", file, crowded, WANTED, "a", tier="phones")
    spoilt = long(interval_tier((("0", "x", "a"),), "words"), interval_tier(PHONES))
    yield _case("textgrid_other_tier_broken", file, spoilt, cause="", tier="phones")
    overlapping = long(
        interval_tier((("0", "0.6", "a"), ("0.5", "1", "b")), "words"), interval_tier(PHONES)
    )
    yield _case("textgrid_other_tier_overlaps", file, overlapping, WANTED, "", tier="phones")
    yield _case("textgrid_two_tiers_by_name", file, TWO, WANTED, tier="phones")
    plus = long(interval_tier((("+0", "+0.1", "sil"), ("+0.1", "0.25", "sh"), ("0.25", "1", ""))))
    yield _case("textgrid_plus_signs", file, plus, WANTED, "")
    minus = ONE.replace("xmin = 0 ", "xmin = -0 ")
    yield _case("textgrid_minus_zero", file, minus, WANTED, "")
    tiny = ONE.replace("xmin = 0.1 ", "xmin = 0.1000000000000000055511151231257827 ").replace(
        "xmax = 0.1 ", "xmax = 0.1000000000000000055511151231257827 "
    )
    yield _case("textgrid_34_digits", file, tiny, WANTED)
    uneven = ONE.replace("xmin = 0.1 ", "xmin = 0.1000000000000001 ")
    yield _case("textgrid_neighbours_differ_in_the_last_digit", file, uneven, WANTED, "")
    backwards = ONE.replace("xmax = 0.1 ", "xmax = 0.1000000000000001 ")
    yield _case("textgrid_neighbours_overlap_in_the_last_digit", file, backwards, WANTED, "")


def _sizes():
    rows = 50_000
    text = "".join(f"{100 * i} {100 * i + 100} p\n" for i in range(rows))
    value = tuple((100 * i, 100 * i + 100, "p") for i in range(rows))
    yield _case("timit_50000_rows", "a.phn", text, value)
    parts = tuple((f"{i / 100:.2f}", f"{(i + 1) / 100:.2f}", "p") for i in range(10_000))
    grid = long(interval_tier(parts, stop="100"), stop="100")
    value = tuple((160 * i, 160 * i + 160, "p") for i in range(10_000))
    yield _case("textgrid_10000_intervals", "a.TextGrid", grid, value)
    table = "utterance,start,stop,label\n" + "".join(f"u1,{a},{b},p\n" for a, b, _ in parts)
    yield _case("csv_10000_rows", "a.csv", table, value)
    ctm = "".join(f"u1 1 {a} 0.01 p\n" for a, _, _ in parts)
    yield _case("ctm_10000_rows", "a.ctm", ctm, value)
    yield _case("timit_zero_bytes_after", "a.phn", "0 100 a\n" + "\0" * 1000, cause="NUL|line")
    yield _case(
        "timit_megabytes_of_spaces", "a.phn", "0 100 a\n" + " " * 3_000_000, ((0, 100, "a"),), ""
    )
    yield _case(
        "csv_quote_then_megabytes",
        "a.csv",
        'utterance,start,stop,label\nu1,0,0.1,"' + "x\n" * 1_000_000,
        cause="",
    )
    yield _case("mlf_megabytes_unquoted", "a.mlf", "#!MLF!#\n" + '"' * 2_000_000, cause="")

"""ESPS (xwaves, Festival, Buckeye): a header that ends with #, then END COLOUR LABEL."""

from __future__ import annotations

from badinputs.case import Case, Refusal

HEADER = (
    "signal s0101a\ntype 0\ncolor 121\nfont -misc-*-bold-*-*-*-15-*\nseparator ;\nnfields 1\n#\n"
)
ROWS = "    0.100000  122 sil\n    0.250000  122 sh\n"
WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"))


def _case(name, content, value=None, cause=None, file="a.phones", place=None, **options):
    refusal = None if cause is None else Refusal("CorpusError", cause, place or file)
    return Case(f"esps_{name}", "read_labels", file, {file: content}, value, refusal, options)


def _good(name, content, value=WANTED, **options):
    return _case(name, content, value, **options)


def _bad(name, content, cause="", **options):
    return _case(name, content, cause=cause, **options)


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _refused()


def _read():
    yield _good("plain", HEADER + ROWS)
    yield _good("festival", "#\n0.10000 100 sil\n0.25000 100 sh\n", file="a.lab", format="esps")
    yield _good("words", HEADER + "0.1 122 <SIL>; B; B; null\n0.25 122 okay; ow k ey; k ay; NN\n",
                ((0, 1600, "<SIL>"), (1600, 4000, "okay")), file="a.words")  # fmt: skip
    yield _good("tabs", HEADER + ROWS.replace("  ", "\t"))
    yield _good("one_space", "#\n0.1 -1 sil\n.25 0 sh\n")
    yield _good("hash_with_spaces", " # \n" + ROWS)
    yield _good("trailing_separator", HEADER + "0.1 122 sil;\n0.25 122 sh; *\n")
    named = HEADER.replace("separator ;", "separator |")
    yield _good("other_separator", named + "0.1 122 a;b | c\n", ((0, 1600, "a;b"),))
    yield _good("no_label", "#\n0.1 122\n0.25 122 sh\n", ((0, 1600, ""), WANTED[1]))
    yield _good(
        "label_with_spaces", "#\n0.1 122 sil\n0.25 122 a  b\n", (WANTED[0], (1600, 4000, "a  b"))
    )
    yield _good("label_hash", "#\n0.1 122 #\n0.25 122 h#\n", ((0, 1600, "#"), (1600, 4000, "h#")))
    yield _good("mark_at_the_start", HEADER + "0.000000 121 {B_TRANS}\n" + ROWS)
    yield _good("mark_between", "#\n0.1 122 sil\n0.1 122 {x}\n0.25 122 sh\n")
    yield _good("mark_of_the_same_time", "#\n0.1 122 sil\n0.10000 122 x\n0.25 122 sh\n")
    yield _good("exact_half", "#\n0.10003125 122 a\n", ((0, 1601, "a"),))  # 1600.5 up
    tenth = "#\n" + "".join(f"{(i + 1) / 100:.2f} 121 p{i}\n" for i in range(100))
    yield _good("hundred_rows", tenth, tuple((160 * i, 160 * i + 160, f"p{i}") for i in range(100)))


def _refused():
    yield _bad("no_header_end", HEADER.replace("#\n", "") + ROWS, "#|header")
    yield _bad("only_a_header", HEADER, "empty|no label")
    yield _bad("only_marks", "#\n0 121 a\n0.0 121 b\n", "empty|no label")
    yield _bad("no_colour", "#\n0.1 sil\n", "", place="a.phones:2")
    yield _bad("only_a_time", "#\n0.1 122 sil\n0.25\n", "", place="a.phones:3")
    yield _bad("backward", "#\n0.25 122 sil\n0.1 122 sh\n", "0.1", place="a.phones:3")
    yield _bad("negative", "#\n-1.0 122 {B}\n0.1 122 sh\n", "-1", place="a.phones:2")
    yield _bad("too_short", "#\n0.1 122 sil\n0.10001 122 sh\n", "sample", place="a.phones:3")
    two = "0.1 121 the; dh ah; DT    0.3 121 cat; k ae t; NN\n0.5 121 sat\n"
    yield _bad("two_on_a_line", "#\n" + two, "two", place="a.phones:2")
    yield _bad("two_without_separator", "#\n0.1 121 k    0.2 121 ae\n", "two", place="a.phones:2")
    yield _bad("two_separators", HEADER.replace("nfields 1", "separator |") + ROWS, "separator")
    yield _bad("long_separator", HEADER.replace("separator ;", "separator ;;") + ROWS, "separator")
    yield _bad("separator_missing", HEADER.replace("separator ;", "separator") + ROWS, "separator")
    yield _bad("as_htk", "#\n" + ROWS, "ESPS.*esps", file="a.lab")
    yield _bad("a_tier", HEADER + ROWS, "tier", tier="phones")

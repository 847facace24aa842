"""HTK label files and master label files: times in 100 ns."""

from __future__ import annotations

from badinputs.case import Case, Refusal

ROWS = "0 1000000 sil\n1000000 2500000 sh\n"
WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"))


def _case(name, content, value=None, cause=None, file="a.lab", place="", **options):
    kind = "htk" if file.endswith(".lab") else "mlf"
    refusal = None if cause is None else Refusal("CorpusError", cause, place or file)
    return Case(f"{kind}_{name}", "read_labels", file, {file: content}, value, refusal, options)


def _good(name, content, value=WANTED, **options):
    return _case(name, content, value, **options)


def _bad(name, content, cause="", **options):
    return _case(name, content, cause=cause, **options)


def _either(name, content, value=WANTED, **options):
    return _case(name, content, value, "", **options)


def cases():
    """Yield the cases."""
    yield from _lab()
    yield from _mlf()


def _lab():
    yield _good("plain", ROWS)
    yield _good("tabs", ROWS.replace(" ", "\t"))
    yield _good(
        "half_up_at_8000",
        "0 1000625 a\n1000625 2001875 b\n",
        ((0, 801, "a"), (801, 1602, "b")),
        sample_rate=8000,
    )
    yield _good("rounds_down", "0 1000312 a\n", ((0, 1600, "a"),))  # 1600.4992
    yield _good("rounds_up", "0 1000313 a\n", ((0, 1601, "a"),))  # 1600.5008
    yield _good("rate_44100", "0 10000000 a\n", ((0, 44_100, "a"),), sample_rate=44_100)
    yield _good("gap", "0 1000000 a\n2000000 3000000 b\n", ((0, 1600, "a"), (3200, 4800, "b")))
    context = "0 1000000 x^x-sil+sh=iy@x_x/A:0_0_0\n"
    yield _good("full_context", context, ((0, 1600, "x^x-sil+sh=iy@x_x/A:0_0_0"),))
    yield _either("score", "0 1000000 sil -1234.56\n1000000 2500000 sh -7e2\n")
    yield _either("score_and_word", "0 1000000 sil -12.5 SENT-START\n1000000 2500000 sh -3.5 SHE\n")
    yield _either("quoted", '0 1000000 "a b"\n', ((0, 1600, "a b"),))
    yield _either("single_quoted", "0 1000000 'a b'\n", ((0, 1600, "a b"),))
    yield _either("octal_escape", "0 1000000 \\344\n", ((0, 1600, "\xe4"),))
    yield _either("comment", "; a remark\n" + ROWS)
    yield _bad("no_times", "sil\nsh\n", place="a.lab:1")
    yield _bad("no_end", "0 sil\n1000000 sh\n", place="a.lab:1")
    yield _bad("no_label", "0 1000000\n", place="a.lab:1")
    yield _bad("seconds", "0.0 0.1 sil\n0.1 0.25 sh\n", place="a.lab:1")
    yield _bad("xwaves", "signal a\nnfields 1\n#\n    0.120000  121 h#\n    0.3  121 sh\n")
    yield _bad("overlap", "0 1000000 a\n999000 2000000 b\n", place="a.lab:2")
    yield _bad("unsorted", "1000000 2000000 b\n0 1000000 a\n", place="a.lab:2")
    yield _bad("reversed", "1000000 0 a\n", place="a.lab:1")
    yield _bad("negative", "-1000000 0 a\n", place="a.lab:1")
    yield _bad("minus_one_means_unknown", "-1 -1 a\n", place="a.lab:1")
    yield _bad("shorter_than_a_sample", "0 300 a\n300 10000000 b\n", place="a.lab:1")
    yield _bad("alternatives", ROWS + "///\n0 2500000 x\n", place="a.lab:3")
    yield _bad("commas", "0,1000000,sil\n", place="a.lab:1")
    yield _bad("truncated", "0 1000000 sil\n10000", place="a.lab:2")
    yield _bad("quote_not_closed", '0 1000000 "sil\n1000000 2500000 sh\n', place="a.lab")
    yield _bad("is_mlf", f'#!MLF!#\n"*/a.lab"\n{ROWS}.\n')


def _mlf():
    def one(name="*/u1.lab", rows=ROWS, end=".\n"):
        return f'"{name}"\n{rows}{end}'

    head, file = "#!MLF!#\n", {"file": "a.mlf"}
    other = one("*/u2.lab", "0 1000000 x\n")
    yield _good("one", head + one(), **file)
    yield _good("one_named", head + one(), utterance="u1", **file)
    yield _good("two", head + one() + other, utterance="u1", **file)
    yield _good("two_second", head + one() + other, ((0, 1600, "x"),), utterance="u2", **file)
    yield _good("rec", head + one("*/u1.rec") + other, utterance="u1", **file)
    yield _good("name_without_star", head + one("u1.lab") + other, utterance="u1", **file)
    yield _either("name_in_a_folder", head + one("*/spk/u1.lab") + other, utterance="u1", **file)
    yield _either("name_absolute", head + one("/data/spk/u1.lab") + other, utterance="u1", **file)
    yield _good("name_with_dots", head + one("*/u1.x.lab") + other, utterance="u1.x", **file)
    yield _good("name_with_spaces", head + one("*/a b.lab") + other, utterance="a b", **file)
    yield _bad("none_named", head + one() + other, "u1.*u2|choose|utterance", **file)
    yield _bad("unknown", head + one() + other, "u3", utterance="u3", **file)
    yield _bad("no_head", one(), place="a.mlf:1", **file)
    yield _bad("head_only", head, **file)
    yield _bad("no_end", head + one(end=""), "end|'\\.'|cut|\\.", **file)
    yield _bad("cut_in_second", head + one() + '"*/u2.lab"\n0 1000', utterance="u1", **file)
    yield _bad("end_missing_between", head + one(end="") + other, utterance="u1", **file)
    yield _bad("twice", head + one() + one(), "u1", utterance="u1", **file)
    yield _bad("twice_unequal", head + one() + one(rows="0 5000 x\n"), "u1", utterance="u1", **file)
    yield _bad("name_unquoted", head + "*/u1.lab\n" + ROWS + ".\n", place="a.mlf:2", **file)
    yield _bad("quote_open", head + '"*/u1.lab\n' + ROWS + ".\n", place="a.mlf:2", **file)
    yield _bad("rows_before_name", head + ROWS + ".\n", place="a.mlf:2", **file)
    yield _bad("subfolder_pattern", head + '"*/u1.lab" -> "/data/labels"\n', **file)
    yield _bad("no_rows", head + one(rows=""), utterance="u1", **file)
    yield _either("no_rows_in_other", head + one() + one("*/u2.lab", ""), utterance="u1", **file)
    yield _bad("bad_row", head + one(rows="0 100000 a\nx y z\n"), place="a.mlf:4", **file)
    yield _bad("wildcard", head + one("*/u?.lab"), utterance="u1x", **file)
    crowd = "".join(one(f"*/u{i}.lab", "0 1000000 x\n") for i in range(2000))
    yield _good("two_thousand", head + crowd, ((0, 1600, "x"),), utterance="u1999", **file)
    yield _bad("two_thousand_none_named", head + crowd, "2000", **file)

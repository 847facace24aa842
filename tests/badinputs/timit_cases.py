"""TIMIT's ``BEGIN END LABEL`` in samples."""

from __future__ import annotations

from badinputs.case import Case, Refusal

AB = ((0, 100, "a"), (100, 200, "b"))


def _good(name, content, value=AB, file="a.phn", **options):
    return Case(f"timit_{name}", "read_labels", file, {file: content}, value=value, options=options)


def _bad(name, content, place="a.phn", cause="", file="a.phn", **options):
    refusal = Refusal("CorpusError", cause, place)
    return Case(
        f"timit_{name}", "read_labels", file, {file: content}, refusal=refusal, options=options
    )


def _either(name, content, value, file="a.phn"):
    refusal = Refusal("CorpusError", "", file)
    return Case(f"timit_{name}", "read_labels", file, {file: content}, value, refusal)


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _refused()


def _read():
    yield _good("plain", "0 100 a\n100 200 b\n")
    yield _good("tabs", "0\t100\ta\n100\t200\tb\n")
    yield _good("many_spaces", "  0   100   a  \n   100 200 b\t\n")
    yield _good("comments", "; a comment\n0 100 a\n;0 5 x\n100 200 b\n")
    yield _good("gap", "0 100 a\n300 400 b\n", ((0, 100, "a"), (300, 400, "b")))
    yield _good("starts_late", "2190 2200 a\n", ((2190, 2200, "a"),))
    yield _good("one_sample", "0 1 a\n1 2 b\n", ((0, 1, "a"), (1, 2, "b")))
    yield _good("any_rate_is_fine", "0 100 a\n100 200 b\n", sample_rate=1)
    yield _good("h_sharp_semicolon_label", "0 100 ;\n100 200 #\n", ((0, 100, ";"), (100, 200, "#")))
    yield _good("quotes", "0 100 \"\n100 200 '\n", ((0, 100, '"'), (100, 200, "'")))
    yield _good("formula", "0 100 =1+1\n100 200 NA\n", ((0, 100, "=1+1"), (100, 200, "NA")))
    sentence = ((0, 46797, "She had your dark suit."),)
    yield _good("sentence", "0 46797 She had your dark suit.\n", sentence, file="SA1.TXT")
    words = "0 100 she\n50 200 had\n"
    both = ((0, 100, "she"), (50, 200, "had"))
    yield _good("words_overlap", words, both, file="a.wrd", may_overlap=True)
    yield _good("ten_million", "0 10000000 a\n", ((0, 10_000_000, "a"),))
    yield _either("leading_zeros", "000 0100 a\n0100 0200 b\n", AB)
    yield _either("extra_column", "0 100 a extra\n", ((0, 100, "a extra"),))
    yield _either("line_separator_in_label", "0 100 a\u2028b\n", ((0, 100, "a\u2028b"),))
    yield _either("next_line_in_label", "0 100 a\x85b\n", ((0, 100, "a\x85b"),))
    yield _either("vertical_tab_in_label", "0 100 a\vb\n", ((0, 100, "a\vb"),))
    yield _either("no_break_spaces", "0\u00a0100\u00a0a\n", ((0, 100, "a"),))
    long = "x" * 100_000
    yield _either("label_of_100_000", f"0 100 {long}\n", ((0, 100, long),))
    yield _either("escape_in_label", "0 100 \x1b[31m\n", ((0, 100, "\x1b[31m"),))


def _refused():
    yield _bad("overlap", "0 100 a\n99 200 b\n", "a.phn:2", "overlap|before|'b'")
    yield _bad("overlap_of_words", "0 100 a\n99 200 b\n", "a.wrd:2", file="a.wrd")
    yield _bad("duplicate_row", "0 100 a\n0 100 a\n", "a.phn:2")
    yield _bad("contained", "0 100 a\n20 50 b\n", "a.phn:2")
    yield _bad("unsorted", "100 200 b\n0 100 a\n", "a.phn:2")
    unsorted = "100 200 b\n0 100 a\n"
    yield _bad("unsorted_words", unsorted, "a.wrd:2", file="a.wrd", may_overlap=True)
    yield _bad("reversed_first", "100 0 a\n", "a.phn:1", "100")
    yield _bad("reversed_third", "0 100 a\n100 200 b\n300 200 c\n", "a.phn:3")
    yield _bad("no_length", "0 100 a\n100 100 b\n", "a.phn:2")
    yield _bad("negative", "-5 100 a\n", "a.phn:1", "-5")
    yield _bad("minus_zero", "-0 100 a\n", "a.phn:1")
    yield _bad("no_label", "0 100 a\n100 200\n", "a.phn:2")
    yield _bad("no_label_but_space", "0 100 a\n100 200  \n", "a.phn:2")
    yield _bad("one_column", "0 100 a\nb\n", "a.phn:2")
    yield _bad("label_first", "a 0 100\n", "a.phn:1")
    yield _bad("header", "begin end label\n0 100 a\n", "a.phn:1", "begin")
    yield _bad("commas", "0,100,a\n100,200,b\n", "a.phn:1")
    yield _bad("semicolons", "0;100;a\n", "a.phn:1")
    yield _bad("seconds", "0.0 0.1 a\n0.1 0.2 b\n", "a.phn:1", "0.0")
    yield _bad("comments_only", "; nothing\n;\n")
    yield _bad("twenty_digits", "0 99999999999999999999 a\n", "a.phn:1")
    yield _bad("int64_overflow", "0 9223372036854775808 a\n", "a.phn:1")
    yield _bad("fused", "0100a\n", "a.phn:1")
    yield _bad("bom_in_the_middle", "0 100 a\n\ufeff100 200 b\n", "a.phn:2")
    yield _bad("zero_width_space", "0 1\u200b00 a\n", "a.phn:1")
    yield _bad("merge_conflict", "0 100 a\n<<<<<<< HEAD\n100 200 b\n", "a.phn:2")
    yield _bad("cut_off_last_row", "0 100 a\n100 20", "a.phn:2")
    yield _bad("megabyte_row", "0 100 a\n" + "9 " * 500_000 + "\n", "a.phn:2")
    yield _bad("tier_named", "0 100 a\n", cause="tier|phones", tier="phones")
    yield Case(
        "timit_suffix_unknown",
        "read_labels",
        "a.docx",
        {"a.docx": "0 100 a\n"},
        refusal=Refusal("OptionError", "suffix|format"),
    )
    yield Case(
        "timit_format_unknown",
        "read_labels",
        "a.phn",
        {"a.phn": "0 100 a\n"},
        refusal=Refusal("OptionError", "format"),
        options={"format": "praat"},
    )

"""Praat TextGrids, long and short."""

from __future__ import annotations

from badinputs.case import Case, Refusal

PHONES = (("0", "0.1", "sil"), ("0.1", "0.25", "sh"), ("0.25", "1", ""))
WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"), (4000, 16000, ""))
WORDS = (("0", "0.25", "she"), ("0.25", "1", ""))
HEAD = 'File type = "ooTextFile"\nObject class = "TextGrid"\n\n'


def interval_tier(rows, name="phones", size=None, start="0", stop="1"):
    """Return a tier of a long TextGrid; its count may lie."""
    body = "".join(
        f"        intervals [{i}]:\n            xmin = {a} \n            xmax = {b} \n"
        f'            text = "{text}" \n'
        for i, (a, b, text) in enumerate(rows, start=1)
    )
    count = len(rows) if size is None else size
    return (
        f'        class = "IntervalTier" \n        name = "{name}" \n        xmin = {start} \n'
        f"        xmax = {stop} \n        intervals: size = {count} \n{body}"
    )


def point_tier(points, name="clicks"):
    """Return a tier of points of a long TextGrid."""
    body = "".join(
        f'        points [{i}]:\n            number = {at} \n            mark = "{mark}" \n'
        for i, (at, mark) in enumerate(points, start=1)
    )
    return (
        f'        class = "TextTier" \n        name = "{name}" \n        xmin = 0 \n'
        f"        xmax = 1 \n        points: size = {len(points)} \n{body}"
    )


def long(*tiers, size=None, start="0", stop="1", head=HEAD):
    """Return a long TextGrid; its count may lie."""
    count = len(tiers) if size is None else size
    items = "".join(f"    item [{i}]:\n{tier}" for i, tier in enumerate(tiers, start=1))
    times = f"xmin = {start} \nxmax = {stop} \n"
    return f"{head}{times}tiers? <exists> \nsize = {count} \nitem []: \n{items}"


def short(*tiers, stop="1"):
    """Return a short TextGrid of (class, name, rows)."""
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "0", stop, "<exists>"]
    lines.append(str(len(tiers)))
    for kind, name, rows in tiers:
        lines += [f'"{kind}"', f'"{name}"', "0", stop, str(len(rows))]
        lines += [f'"{x}"' if i == len(row) - 1 else x for row in rows for i, x in enumerate(row)]
    return "\n".join(lines) + "\n"


ONE = long(interval_tier(PHONES))
TWO = long(interval_tier(WORDS, "words"), interval_tier(PHONES))


def _good(name, content, value=WANTED, tier=None, **options):
    given = {"tier": tier, **options}
    file = "a.TextGrid"
    return Case(f"textgrid_{name}", "read_labels", file, {file: content}, value, options=given)


def _bad(name, content, cause="", tier=None, kind="CorpusError", **options):
    file = "a.TextGrid"
    refusal, given = Refusal(kind, cause, file), {"tier": tier, **options}
    return Case(f"textgrid_{name}", "read_labels", file, {file: content}, None, refusal, given)


def _either(name, content, value=WANTED, tier=None):
    file = "a.TextGrid"
    refusal = Refusal("CorpusError", "", file)
    given = {"tier": tier}
    return Case(f"textgrid_{name}", "read_labels", file, {file: content}, value, refusal, given)


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _texts()
    yield from _rounded()
    yield from _tiers()
    yield from _times()
    yield from _shapes()


def _read():
    yield _good("long", ONE)
    yield _good("long_tier_named", ONE, tier="phones")
    yield _good("two_tiers", TWO, tier="phones")
    words = ((0, 4000, "she"), (4000, 16000, ""))
    yield _good("two_tiers_words", TWO, words, tier="words")
    yield _good("short", short(("IntervalTier", "phones", PHONES)))
    both = short(("IntervalTier", "words", WORDS), ("IntervalTier", "phones", PHONES))
    yield _good("short_two_tiers", both, tier="phones")
    clicks = (("0.5", "click"), ("0.75", ""))
    yield _good(
        "short_point_tier_first",
        short(("TextTier", "clicks", clicks), ("IntervalTier", "phones", PHONES)),
        tier="phones",
    )
    yield _good("point_tier_first", long(point_tier(clicks), interval_tier(PHONES)))
    yield _good("empty_point_tier", long(point_tier(()), interval_tier(PHONES)), tier="phones")
    yield _good(
        "empty_tier_beside", long(interval_tier((), "notes"), interval_tier(PHONES)), tier="phones"
    )
    yield _good("indented_by_tabs", ONE.replace("    ", "\t"))
    yield _good("not_indented", "\n".join(line.strip() for line in ONE.splitlines()) + "\n")
    yield _good("no_trailing_spaces", ONE.replace(" \n", "\n"))
    spread = ONE.replace("xmin = 0.1 \n", "xmin = 0.1 ")
    yield _either("two_on_a_line", spread)
    mfa = ONE.replace("xmin = 0 \nxmax = 1 ", "xmin = 0.0 \nxmax = 1.0 ", 1)
    yield _good("point_zero", mfa)
    yield _good("upper_case_flag", ONE.replace("<exists>", "<exists>"))
    exponents = long(
        interval_tier((("0", "1e-1", "sil"), ("1e-1", "2.5E-1", "sh"), ("2.5e-01", "1", "")))
    )
    yield _good("exponents", exponents)
    starts = long(
        interval_tier((("5", "5.1", "a"), ("5.1", "6", "b")), start="5", stop="6"),
        start="5",
        stop="6",
    )
    value = ((80_000, 81_600, "a"), (81_600, 96_000, "b"))
    yield _either("starts_at_5", starts, value)  # its audio may begin at 0 or at 5 s: nobody knows
    yield _either("comments", ONE.replace("item []: \n", "item []: \n! a remark\n"))


def _texts():
    for name, written, label in (
        ("quotes", 'a ""quoted"" b', 'a "quoted" b'),
        ("only_a_quote", '""', '"'),
        ("spaces", "  two words  ", "  two words  "),
        ("number", "xmin = 3", "xmin = 3"),
        ("newline", "line one\nline two", "line one\nline two"),
        ("ipa", "t͡ʃʰ", "t͡ʃʰ"),
        ("backslash_trigraph", "\\sh", "\\sh"),
        ("backslash", "a\\n\\", "a\\n\\"),
        ("brackets", "intervals [2]:", "intervals [2]:"),
        ("exclamation", "wow! really", "wow! really"),
        ("flag", "<exists>", "<exists>"),
        ("class", 'class = ""IntervalTier""', 'class = "IntervalTier"'),
        ("tab", "a\tb", "a\tb"),
        ("line_separator", "a\u2028b", "a\u2028b"),
        ("emoji", "\U0001f5e3", "\U0001f5e3"),
        ("long", "x" * 100_000, "x" * 100_000),
    ):
        rows = (("0", "0.1", written), ("0.1", "1", "z"))
        wanted = ((0, 1600, label), (1600, 16_000, "z"))
        yield _good(f"text_{name}", long(interval_tier(rows)), wanted)
        yield _good(f"short_text_{name}", short(("IntervalTier", "phones", rows)), wanted)


def _rounded():
    """Seconds to samples, halves upward, from all digits of the file."""
    for name, time, rate, sample in (
        ("half_up", "0.00003125", 16_000, 1),  # 0.5
        ("below_half", "0.0000312499999999999999", 16_000, 0),
        ("three_halves", "0.00009375", 16_000, 2),  # 1.5
        ("sixth_decimal", "0.123456", 48_000, 5926),  # 5925.888
        ("fourteen_digits", "0.29999999999999", 16_000, 4800),  # 4799.99999999984
        ("rate_44100", "0.5", 44_100, 22_050),
        ("rate_22255", "0.3", 22_255, 6677),  # 6676.5
        ("long_recording", "86399.9999", 16_000, 1_382_399_998),  # 1382399998.4
    ):
        stop = "100000"
        rows = (("0", time, "a"), (time, stop, "b"))
        grid = long(interval_tier(rows, stop=stop), stop=stop)
        end = 100_000 * rate
        wanted = ((0, sample, "a"), (sample, end, "b"))
        if sample == 0:
            yield _bad(f"rounds_{name}", grid, "sample|short", sample_rate=rate)
        else:
            yield _good(f"rounds_{name}", grid, wanted, sample_rate=rate)


def _tiers():
    yield _bad("two_tiers_none_named", TWO, "words.*phones")
    yield _bad("tier_unknown", TWO, "words.*phones", tier="phone")
    yield _bad("tier_in_other_case", TWO, "words.*phones", tier="Phones")
    yield _bad("tier_of_points", long(point_tier((("0.5", "a"),))), "point", tier="clicks")
    yield _bad("only_points", long(point_tier((("0.5", "a"),))), "point|interval|tier")
    twice = long(interval_tier(PHONES), interval_tier(PHONES))
    yield _bad("tiers_of_one_name", twice, "phones", tier="phones")
    yield _bad("no_tier", long(), "tier")
    yield _bad("tiers_absent", f"{HEAD}xmin = 0 \nxmax = 1 \ntiers? <absent> \n", "tier|absent")
    yield _bad("tier_without_intervals", long(interval_tier(())), "empty|no|interval")
    empty_name = long(interval_tier(PHONES, ""), interval_tier(WORDS, "words"))
    yield _either("tier_without_name", empty_name, tier="")
    quoted = long(interval_tier(PHONES, 'the ""phones""'), interval_tier(WORDS, "words"))
    yield _good("tier_name_quoted", quoted, tier='the "phones"')
    spaced = long(interval_tier(PHONES, "A - phones"), interval_tier(WORDS, "A - words"))
    yield _good("tier_name_mfa_speaker", spaced, tier="A - phones")
    many = long(*(interval_tier(PHONES, f"tier {i}") for i in range(200)))
    yield _bad("tier_unknown_of_200", many, "tier 0", tier="phones")
    yield _bad("tier_name_hostile", TWO, "words", tier="x" * 100_000)


def _times():
    def rows(name, *changed, cause=""):
        return _bad(name, long(interval_tier(changed)), cause)

    yield rows("overlap", ("0", "0.3", "a"), ("0.2", "1", "b"))
    yield rows("unsorted", ("0.5", "1", "b"), ("0", "0.5", "a"))
    yield rows("reversed", ("0.5", "0", "a"), ("0.5", "1", "b"))
    yield rows("no_length", ("0", "0.5", "a"), ("0.5", "0.5", "b"), ("0.5", "1", "c"))
    yield rows("negative", ("-0.5", "0.5", "a"), ("0.5", "1", "b"))
    yield rows("shorter_than_a_sample", ("0", "0.000001", "a"), ("0.000001", "1", "b"))
    yield rows("number_quoted", ('"0"', "0.5", "a"), ("0.5", "1", "b"))
    yield rows("number_missing", ("", "0.5", "a"), ("0.5", "1", "b"))
    yield rows("undefined", ("--undefined--", "0.5", "a"), ("0.5", "1", "b"))
    gap = (("0", "0.1", "a"), ("0.25", "1", "b"))
    yield _either("gap", long(interval_tier(gap)), ((0, 1600, "a"), (4000, 16_000, "b")))
    beyond = (("0", "0.1", "a"), ("0.1", "2", "b"))
    value = ((0, 1600, "a"), (1600, 32_000, "b"))
    yield _either("beyond_the_tier", long(interval_tier(beyond)), value)
    early = (("0", "0.1", "a"), ("0.1", "0.5", "b"))
    value = ((0, 1600, "a"), (1600, 8000, "b"))
    yield _either("ends_before_the_tier", long(interval_tier(early)), value)
    yield _either("tier_backward", long(interval_tier(PHONES, start="1", stop="0")))
    yield _bad("grid_nan", long(interval_tier(PHONES), stop="nan"))


def _shapes():
    lines = ONE.splitlines(keepends=True)
    yield _bad("first_line_only", lines[0])
    yield _bad("header_only", HEAD)
    for kept in (5, 8, 12, 16, len(lines) - 3, len(lines) - 1):
        yield _bad(f"first_{kept}_lines", "".join(lines[:kept]))
    brief = short(("IntervalTier", "phones", PHONES))
    yield _bad("short_truncated", "\n".join(brief.splitlines()[:-1]) + "\n")
    yield _bad("short_truncated_in_text", brief[:-3] + "\n")
    for count in (0, 1, 2, 4, 99_999_999_999):
        yield _bad(f"count_{count}", long(interval_tier(PHONES, size=count)))
    yield _bad("count_negative", long(interval_tier(PHONES, size=-3)))
    yield _bad("count_fraction", long(interval_tier(PHONES, size="2.5")))
    yield _bad("count_word", long(interval_tier(PHONES, size="three")))
    for count in (0, 2, 10**15):
        yield _bad(f"tier_count_{count}", long(interval_tier(PHONES), size=count))
    yield _bad(
        "tier_count_1_of_2",
        long(interval_tier(WORDS, "words"), interval_tier(PHONES), size=1),
        tier="phones",
    )
    yield _bad("quote_not_doubled", long(interval_tier((("0", "0.5", 'a " b'), ("0.5", "1", "c")))))
    yield _bad("quote_not_closed", ONE.replace('"sh"', '"sh'))
    yield _bad("quote_not_opened", ONE.replace('"sh"', 'sh"'))
    yield _bad("text_unquoted", ONE.replace('"sh"', "sh"))
    yield _bad("text_typographic_quotes", ONE.replace('"sh"', "“sh”"))
    yield _bad("tier_class_unknown", ONE.replace("IntervalTier", "FormantTier"))
    yield _bad("other_class", ONE.replace('"TextGrid"', '"PitchTier"'), "PitchTier|TextGrid")
    yield _bad("collection", ONE.replace('"TextGrid"', '"Collection"'))
    yield _bad("binary", "ooBinaryFile\x08TextGrid" + "\x01" * 40, "binary|TextGrid|text")
    chronological = (
        '"Praat chronological TextGrid text file"\n0 1   ! Time domain.\n'
        '1   ! Number of tiers.\n"IntervalTier" "phones" 0 1\n1 0 1\n"sh"\n'
    )
    yield _either("chronological", chronological, ((0, 16_000, "sh"),))
    yield _bad("trailing_garbage", ONE + "garbage\n12 13\n")
    yield _bad("twice", ONE + ONE)
    yield _either("wrong_file_type", ONE.replace("ooTextFile", "ooTextFiles"))
    yield _either("old_file_type", ONE.replace('"ooTextFile"', '"ooTextFile short"'))
    yield _bad("number_lost", ONE.replace(lines[19], ""))
    yield _either("heading_lost", ONE.replace(lines[18], ""))  # Praat passes headings over
    yield _bad("label_lost", ONE.replace('            text = "sh" \n', ""))
    yield _either(
        "merge_conflict",
        ONE.replace("        intervals [2]", "<<<<<<< HEAD\n        intervals [2]").replace(
            '"sh" \n', '"sh" \n=======\n'
        ),
    )
    deep = "[" * 200_000
    yield _bad("deep_brackets", HEAD + deep)
    yield _bad("many_quotes", HEAD + '"' * 300_001)
    yield _bad("many_spaces", HEAD + " " * 1_000_000 + "x")

"""Kaldi and NIST CTM: utterance, channel, start, duration, label, perhaps a confidence."""

from __future__ import annotations

from badinputs.case import Case, Refusal

ROWS = "u1 1 0.00 0.10 sil\nu1 1 0.10 0.15 sh\n"
WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"))
OTHER = "u2 1 0.00 0.10 x\n"


def _case(name, content, value=None, cause=None, place="a.ctm", **options):
    refusal = None if cause is None else Refusal("CorpusError", cause, place)
    files = {"a.ctm": content}
    return Case(f"ctm_{name}", "read_labels", "a.ctm", files, value, refusal, options)


def _good(name, content, value=WANTED, **options):
    return _case(name, content, value, **options)


def _bad(name, content, cause="", **options):
    return _case(name, content, cause=cause, **options)


def _either(name, content, value=WANTED, **options):
    return _case(name, content, value, "", **options)


def cases():
    """Yield the cases."""
    yield _good("plain", ROWS)
    yield _good("confidence", "u1 1 0.00 0.10 sil 1.0\nu1 1 0.10 0.15 sh 0.93\n")
    yield _either("confidence_na", "u1 1 0.00 0.10 sil NA\nu1 1 0.10 0.15 sh NA\n")
    yield _either(
        "speaker_type_column", "u1 1 0.00 0.10 sil 1.0 lex spk\nu1 1 0.10 0.15 sh 1.0 lex spk\n"
    )
    yield _good("tabs", ROWS.replace(" ", "\t"))
    yield _good("comments", ";; made by hand\n" + ROWS)
    yield _good("channel_A", ROWS.replace(" 1 ", " A "))
    yield _good("two_utterances", ROWS + OTHER, utterance="u1")
    yield _good("second_utterance", ROWS + OTHER, ((0, 1600, "x"),), utterance="u2")
    yield _good("gap", "u1 1 0.0 0.1 a\nu1 1 0.2 0.1 b\n", ((0, 1600, "a"), (3200, 4800, "b")))
    # exactly: in floats 0.1 + 0.00003125 s might fall below the half
    yield _good("exact_sum", "u1 1 0.1 0.2 a\n", ((1600, 4800, "a"),))
    yield _good("exact_half", "u1 1 0.1 0.00003125 a\n", ((1600, 1601, "a"),))  # 1600.5 up
    tenth = "".join(f"u1 1 {i / 100:.2f} 0.01 p{i}\n" for i in range(100))
    rows = tuple((160 * i, 160 * i + 160, f"p{i}") for i in range(100))
    yield _good("hundred_rows", tenth, rows)
    yield _either("leading_point", "u1 1 .0 .1 sil\nu1 1 .1 .15 sh\n")
    yield _good("kaldi_position_phones", "u1 1 0.0 0.1 SH_B\n", ((0, 1600, "SH_B"),))
    yield _good("formula", "u1 1 0.0 0.1 =cmd()\n", ((0, 1600, "=cmd()"),))
    interleaved = "u1 1 0.0 0.1 sil\nu2 1 0.0 0.1 x\nu1 1 0.1 0.15 sh\n"
    yield _either("interleaved", interleaved, utterance="u1")
    channels = "u1 A 0.0 0.1 sil\nu1 B 0.0 0.1 x\nu1 A 0.1 0.15 sh\n"
    yield _bad("two_channels", channels, "channel|overlap|tier|before")
    channels = "u1 A 0.0 0.1 sil\nu1 A 0.1 0.15 sh\nu1 B 0.5 0.1 x\n"
    yield _bad("two_channels_apart", channels, "channel|tier")
    yield _bad("none_named", ROWS + OTHER, "u1.*u2|choose|utterance")
    yield _bad("unknown", ROWS + OTHER, "u3", utterance="u3")
    yield _bad("unknown_of_one", ROWS, "u3", utterance="u3")
    yield _bad("four_columns", "u1 1 0.00 0.10\n", place="a.ctm:1")
    yield _bad("three_columns", "u1 1 0.00 0.10 a\nu1 1 0.5\n", place="a.ctm:2")
    yield _bad("no_channel", "u1 0.00 0.10 sil\n", place="a.ctm:1")
    yield _bad("overlap", "u1 1 0.0 0.2 a\nu1 1 0.1 0.2 b\n", place="a.ctm:2")
    yield _bad("unsorted", "u1 1 0.5 0.1 b\nu1 1 0.0 0.1 a\n", place="a.ctm:2")
    yield _bad("duplicate_row", "u1 1 0.0 0.1 a\nu1 1 0.0 0.1 a\n", place="a.ctm:2")
    yield _bad("duration_0", "u1 1 0.0 0.00 a\n", place="a.ctm:1")
    yield _bad("duration_negative", "u1 1 0.5 -0.1 a\n", place="a.ctm:1")
    yield _bad("start_negative", "u1 1 -0.5 0.1 a\n", place="a.ctm:1")
    yield _bad("shorter_than_a_sample", "u1 1 0.0 0.00001 a\n", place="a.ctm:1")
    yield _bad("alternatives", "u1 1 * * <ALT_BEGIN>\nu1 1 0.0 0.1 a\n", place="a.ctm:1")
    yield _bad("commas", "u1,1,0.0,0.1,a\n", place="a.ctm:1")
    yield _bad("truncated", ROWS + "u1 1 0.2", place="a.ctm:3")
    yield _bad("confidence_word", "u1 1 0.0 0.1 she had\n", place="a.ctm:1")
    yield _bad("bad_row_of_other", ROWS + "u2 1 x 0.1 a\n", place="a.ctm:3", utterance="u1")
    yield _bad("comments_only", ";; nothing\n")
    yield _bad("stm", "u1 1 spk 0.00 0.25 <o,f0> she had\n", place="a.ctm:1")
    yield _bad("rttm", "SPEAKER u1 1 0.00 0.25 <NA> <NA> spk <NA> <NA>\n", place="a.ctm:1")

"""CSV of utterance, start, stop, label; times in seconds."""

from __future__ import annotations

from badinputs.case import Case, Refusal

HEAD = "utterance,start,stop,label\n"
ROWS = "u1,0.0,0.1,sil\nu1,0.1,0.25,sh\n"
WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"))
OTHER = "u2,0.0,0.1,x\n"


def _case(name, content, value=None, cause=None, file="a.csv", place="", **options):
    refusal = None if cause is None else Refusal("CorpusError", cause, place or file)
    return Case(f"csv_{name}", "read_labels", file, {file: content}, value, refusal, options)


def _good(name, content, value=WANTED, **options):
    return _case(name, content, value, **options)


def _bad(name, content, cause="", **options):
    return _case(name, content, cause=cause, **options)


def _either(name, content, value=WANTED, **options):
    return _case(name, content, value, "", **options)


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _labels()
    yield from _refused()


def _read():
    yield _good("plain", HEAD + ROWS)
    yield _good("two_utterances", HEAD + ROWS + OTHER, utterance="u1")
    yield _good("second_utterance", HEAD + ROWS + OTHER, ((0, 1600, "x"),), utterance="u2")
    moved = "label,stop,start,utterance\nsil,0.1,0.0,u1\nsh,0.25,0.1,u1\n"
    yield _good("columns_in_other_order", moved)
    yield _either(
        "extra_column", "utterance,start,stop,label,note\nu1,0.0,0.1,sil,\nu1,0.1,0.25,sh,x\n"
    )
    yield _either(
        "index_column", ",utterance,start,stop,label\n0,u1,0.0,0.1,sil\n1,u1,0.1,0.25,sh\n"
    )
    yield _either("no_utterance_column", "start,stop,label\n0.0,0.1,sil\n0.1,0.25,sh\n")
    yield _either("head_in_capitals", HEAD.upper() + ROWS)
    yield _either(
        "head_with_spaces", "utterance, start, stop, label\nu1, 0.0, 0.1, sil\nu1, 0.1, 0.25, sh\n"
    )
    yield _good("tsv", (HEAD + ROWS).replace(",", "\t"), file="a.tsv")
    quoted = '"utterance","start","stop","label"\n"u1","0.0","0.1","sil"\n"u1","0.1","0.25","sh"\n'
    yield _good("all_quoted", quoted)
    yield _good("half_up", HEAD + "u1,0,0.00003125,a\n", ((0, 1, "a"),))
    yield _good("exponent", HEAD + "u1,0,1e-1,sil\nu1,1E-1,2.5e-1,sh\n")
    yield _good("utterance_na", HEAD + "NA,0,0.1,sil\nNA,0.1,0.25,sh\n", utterance="NA")
    yield _good("utterance_number", HEAD + "007,0,0.1,sil\n007,0.1,0.25,sh\n", utterance="007")
    yield _good("utterance_path", HEAD + "a/b,0,0.1,sil\na/b,0.1,0.25,sh\n", utterance="a/b")
    interleaved = HEAD + "u1,0,0.1,sil\nu2,0,0.1,x\nu1,0.1,0.25,sh\n"
    yield _either("interleaved", interleaved, utterance="u1")
    yield _either("semicolons", (HEAD + ROWS).replace(",", ";"))


def _labels():
    for name, written, label in (
        ("na", "NA", "NA"),
        ("nan", "nan", "nan"),
        ("null", "null", "null"),
        ("number", "1", "1"),
        ("number_zeros", "007", "007"),
        ("true", "True", "True"),
        ("comma", '"a,b"', "a,b"),
        ("quotes", '"say ""a"""', 'say "a"'),
        ("newline", '"a\nb"', "a\nb"),
        ("formula", "=1+1", "=1+1"),
        ("hash", "h#", "h#"),
        ("empty", "", ""),
        ("empty_quoted", '""', ""),
        ("spaces", '" a "', " a "),
        ("ipa", "t͡ʃʰ", "t͡ʃʰ"),
        ("backslash", "a\\n", "a\\n"),
    ):
        text = f"{HEAD}u1,0.0,0.1,{written}\nu1,0.1,0.2,z\n"
        yield _good(f"label_{name}", text, ((0, 1600, label), (1600, 3200, "z")))


def _refused():
    yield _bad("head_only", HEAD)
    yield _bad("no_head", ROWS, "column|utterance|start|head")
    for column in ("start", "stop", "label"):
        yield _bad(f"no_{column}", HEAD.replace(column, "other") + ROWS, column)
    yield _bad("column_twice", "utterance,start,start,stop,label\nu1,0,0.05,0.1,a\n", "start")
    yield _bad("mfa_columns", "Begin,End,Label,Type,Speaker\n0.0,0.1,sil,phones,u1\n")
    yield _bad("missing_cell", HEAD + "u1,0.0,0.1\n", place="a.csv:2")
    yield _bad("more_cells", HEAD + "u1,0.0,0.1,a,b\n", place="a.csv:2")
    yield _bad("unquoted_comma", HEAD + "u1,0.0,0.1,a,b\nu1,0.1,0.2,c\n", place="a.csv:2")
    yield _bad("empty_start", HEAD + "u1,,0.1,a\n", place="a.csv:2")
    yield _bad("empty_stop", HEAD + "u1,0.0,,a\n", place="a.csv:2")
    yield _bad("empty_utterance", HEAD + "u1,0.0,0.1,a\n,0.1,0.2,b\n")
    yield _bad("overlap", HEAD + "u1,0.0,0.2,a\nu1,0.1,0.3,b\n", place="a.csv:3")
    yield _bad("unsorted", HEAD + "u1,0.5,0.6,b\nu1,0.0,0.1,a\n", place="a.csv:3")
    yield _bad("reversed", HEAD + "u1,0.5,0.1,a\n", place="a.csv:2")
    yield _bad("no_length", HEAD + "u1,0.5,0.5,a\n", place="a.csv:2")
    yield _bad("negative", HEAD + "u1,-0.5,0.5,a\n", place="a.csv:2")
    yield _bad("duplicate_row", HEAD + "u1,0.0,0.1,a\nu1,0.0,0.1,a\n", place="a.csv:3")
    yield _bad("shorter_than_a_sample", HEAD + "u1,0.0,0.00001,a\n", place="a.csv:2")
    yield _bad("clock", HEAD + "u1,00:00:00.000,00:00:00.100,a\n", place="a.csv:2")
    yield _bad("quote_not_closed", HEAD + 'u1,0.0,0.1,"a\nu1,0.1,0.2,b\n')
    yield _bad("quote_in_the_middle", HEAD + 'u1,0.0,0.1,"a"b\n')
    yield _bad("bad_row_of_other", HEAD + ROWS + "u2,x,0.1,a\n", place="a.csv:4", utterance="u1")
    yield _bad("none_named", HEAD + ROWS + OTHER, "u1.*u2|choose|utterance")
    yield _bad("unknown", HEAD + ROWS, "u3", utterance="u3")
    yield _bad("field_of_a_megabyte", HEAD + "u1,0.0," + "1" * 1_000_000 + ",a\n", place="a.csv:2")
    yield _bad("zip", "PK\x03\x04" + "\x14\x00" * 50)
    yield _bad("parquet", "PAR1" + "x" * 50 + "PAR1")
    yield _bad("bom_in_the_middle", HEAD + "u1,\ufeff0.0,0.1,a\n", place="a.csv:2")

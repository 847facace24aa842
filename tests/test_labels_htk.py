from fractions import Fraction

import pytest
import written_labels
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels.entries import Label
from sfvq_analysis.labels.htk import read_htk

MS = 10_000  # units of 100 ns


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="sa1.lab"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path):
    with pytest.raises(CorpusError) as caught:
        read_htk(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def texts(path):
    return [label.text for label in read_htk(path)[""][""].labels]


def test_times_are_exact_fractions_of_a_second(write):
    tier = read_htk(write("0 1234567 sil\n1234567 3600001 ay -56.25\n"))[""][""]
    assert tier.unit == "seconds"
    assert tier.labels == (
        Label(Fraction(0), Fraction(1234567, 10**7), "sil", 1),
        Label(Fraction(1234567, 10**7), Fraction(3600001, 10**7), "ay", 2),
    )


@pytest.mark.parametrize(
    "content",
    [
        "0 1000000 s\r\n1000000 2000000 z\r\n",
        "0 1000000 s\r1000000 2000000 z",
        "\ufeff0000000 1000000 s\n\n \t\n1000000 2000000 z",
        "0\t1000000\ts\t\n  1000000   2000000   z  \n",
        "0 1000000 s 0.5\n1000000 2000000 z -1e-3\n",
        "0 1000000 s\n1000000 2000000 z\n".encode("utf-16"),
    ],
    ids=["crlf", "cr", "byte order mark, blank lines", "white space", "scores", "utf-16"],
)
def test_layout_does_not_matter(write, content):
    assert texts(write(content)) == ["s", "z"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"New York"', "New York"),
        ("'New York'", "New York"),
        ('""', ""),
        (r'"say \"hi\""', 'say "hi"'),
        (r"'it\'s'", "it's"),
        ("don't", "don't"),
        (r"a\\b", r"a\b"),
        (r"\101\102", "AB"),
        (r"\303\244", "ä"),
        ("ä", "ä"),
        ('"12"', "12"),
        ("12", "12"),
        ('"-1.5"', "-1.5"),
        ("x^sil-h+e=l@1_2/A:0_0", "x^sil-h+e=l@1_2/A:0_0"),
        ("sp", "sp"),
        ("#", "#"),
        ("nan", "nan"),
        ("a\u00a0b", "a\u00a0b"),
        ('"\\012"', "\n"),
    ],
)
def test_strings_follow_htk(write, written, meant):
    assert texts(write(f"0 1000000 {written}\n")) == [meant]
    assert texts(write(f"0 1000000 {written} -1.5\n")) == [meant]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
def test_any_label_comes_back(tmp_path_factory, names):
    labels = [(i, i + 1, name) for i, name in enumerate(["x", *names])]
    path = tmp_path_factory.mktemp("labels") / "a.lab"
    path.write_text(written_labels.htk(labels), encoding="utf-8", newline="")
    expected = [name.encode() for name in ["x", *names]]
    assert [text.encode() for text in texts(path)] == expected


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("sil", "no times in 'sil': a transcription can't be aligned"),
        ("hello world", "no times in 'hello world': a transcription can't be aligned"),
        ("5000000 sil", "no END in '5000000 sil'"),
        ("5000000", "no END in '5000000'"),
        ("0 1000000", "label is missing"),
        ("0.0 0.25 sil", "times of '0.0 0.25 sil' aren't whole numbers >= 0"),
        ("-1 1000000 sil", "times of '-1 1000000 sil' aren't whole numbers >= 0"),
        ("0 1e6 sil", "times of '0 1e6 sil' aren't whole numbers >= 0"),
        ("0 1_000_000 sil", "no END in '0 1_000_000 sil'"),
        ("0 \u0661\u0662 sil", "no END in '0 \u0661\u0662 sil'"),
        ("nan 1000000 sil", "no times in 'nan 1000000 sil'"),
        ("0 9" + 5000 * "9" + " sil", "no END in '0 999"),
        ('"0" 1000000 sil', "no times in '\"0\" 1000000 sil'"),
        ("0 1000000 -56.2", "label is the number '-56.2'"),
        ("0 1000000 a 1.5 2.5", "'2.5' is a second score"),
        ("0 1000000" + 101 * " a", "line has 101 names"),
        ('0 1000000 "a', "quote isn't closed in '\"a'"),
        ('0 1000000 "a"b', "quote isn't closed in '\"a\"b'"),
        (r"0 1000000 r\ ", r"backslash in 'r\\' means nothing"),
        (r"0 1000000 \400", r"backslash in '\\400' means nothing"),
        (r"0 1000000 \x41", r"backslash in '\\x41' means nothing"),
        (r"0 1000000 \344", "octal escapes of '\\\\344' aren't UTF-8"),
        (r"0 1000000 a\000b", "holds a NUL character"),
        ("///", "the file holds alternatives (///)"),
    ],
)
def test_a_line_that_is_no_label_is_refused_with_its_number(write, line, problem):
    message = refusal(write(f"0 1000000 a\n\n{line}\n"))
    assert message.startswith(":3: ")
    assert problem in message
    assert len(message) < 300


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", ": label file is empty; restore its labels"),
        (" \n\r\n", ": label file is empty; restore its labels"),
        ("#!MLF!#\n", ": that is a master label file; read it as format mlf"),
        (
            "signal a\nnfields 1\n#\n 0.21 125 pau\n",
            ': that is an ESPS (Festival) label file, not one of HTK; read it as format "esps"',
        ),
        (
            "0 2260 h#\n2260 4070 sh\n",
            ": labels last 0.2 ms on average; HTK's times count 100 ns; labels in samples are of",
        ),
    ],
)
def test_files_of_another_kind_are_refused_by_name(write, content, problem):
    assert refusal(write(content)).startswith(problem)


def test_further_names_open_labels_one_level_up(write):
    path = write(
        "0 1000000 ay -12.5 ice -40.0 S\n"
        "1000000 2000000 s\n"
        "2500000 3000000 k cream\n"
        "3000000 4000000 r -1\n"
    )
    tiers = read_htk(path)[""]
    spans = {
        name: [(label.text, float(label.start), float(label.stop)) for label in tier.labels]
        for name, tier in tiers.items()
    }
    assert spans["level 2"] == [("ice", 0, 0.2), ("cream", 0.25, 0.4)]
    assert spans["level 3"] == [("S", 0, 0.4)]
    assert [name for name, *_ in spans["level 1"]] == ["ay", "s", "k", "r"]
    assert list(spans) == ["level 1", "level 2", "level 3"]


def test_a_label_one_level_up_does_not_hide_lines_out_of_order(write):
    path = write("0 2000000 ay ice\n1000000 3000000 s\n")
    assert refusal(path) == ":2: [1000000, 3000000) goes back in time; put the lines in order"

import math
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels import text
from sfvq_analysis.labels.text import exact_number, lines_of, read_text, seconds_of, whole_number


@pytest.fixture
def write(tmp_path):
    def write_file(content):
        path = tmp_path / "a.phn"
        path.write_bytes(content)
        return path

    return write_file


def refusal(path):
    with pytest.raises(CorpusError) as caught:
        read_text(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(
    lambda content: not content.startswith("\ufeff")
)


@given(TEXTS, st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_text_comes_back_letter_by_letter(tmp_path_factory, content, encoding):
    path = tmp_path_factory.mktemp("text") / "a"
    path.write_bytes(content.encode(encoding))
    assert read_text(path) == content


def test_big_endian_is_told_by_its_mark(write):
    assert read_text(write(b"\xfe\xff" + "æʃ".encode("utf-16-be"))) == "æʃ"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"0 1 a\n1 2 \xe6\n", ":2: not UTF-8 text (byte 10)"),
        (b"\xff", ":1: not UTF-8 text (byte 0)"),
        (b"\xc0\x80", ":1: not UTF-8 text (byte 0)"),
        (b"\xed\xa0\x80", ":1: not UTF-8 text (byte 0)"),
        (b"\xff\xfea", ": not UTF-16 text (byte 2)"),
        (b"\xff\xfe\x00\xd8", ": not UTF-16 text (byte 2)"),
        (b"a\nb\0c", ":2: it holds NUL characters"),
        ("a\nb".encode("utf-16-le"), ":1: it holds NUL characters"),
        ("ab".encode("utf-32"), ":1: it holds NUL characters"),
    ],
)
def test_what_is_no_text_is_refused(write, content, problem):
    assert refusal(write(content)).startswith(f"{problem}; store it as UTF-8")


def test_what_is_no_file_is_refused(tmp_path):
    assert refusal(tmp_path / "a.phn") == ": label file is missing; restore the file"
    assert refusal(tmp_path) == ": that is a folder; restore the file"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "label file is missing" in refusal(tmp_path / "loop")
    assert refusal(tmp_path / ("x" * 300)).startswith(": ")


def test_a_file_that_may_not_be_read_is_refused(write, monkeypatch):
    def deny(path):
        raise PermissionError(13, "Permission denied", str(path))

    path = write(b"0 1 a\n")
    monkeypatch.setattr(Path, "read_bytes", deny)
    monkeypatch.setattr(Path, "open", lambda path, *_, **__: deny(path))
    assert "Permission denied" in refusal(path)


def test_a_file_that_is_too_large_is_not_read(write, monkeypatch):
    path = write(b"0 1 a\n")
    monkeypatch.setattr(text, "LARGEST_BYTES", 5)
    assert refusal(path).startswith(": label file is larger than 1 GiB")


def test_only_line_feeds_and_carriage_returns_end_lines():
    assert lines_of("a\nb\r\nc\rd\n\re") == ["a", "b", "c", "d", "", "e"]
    assert lines_of("a\u2028b\x0bc\x85d\x1ce\x0c") == ["a\u2028b\x0bc\x85d\x1ce\x0c"]
    assert lines_of("") == [""]


WHOLE = ["0", "007", "9" * 18]
DECIMAL = ["0.5", ".5", "5.", "+1", "-0.25", "1e3", "1E-03", "2.5e+1", "0" * 40]
NEITHER = [
    "",
    " 1",
    "1 ",
    "1_0",
    "\u0661",
    "²",
    "½",
    "1,5",
    "nan",
    "inf",
    "-",
    ".",
    "e5",
    "0x1",
    "1e",
]
NEITHER += ["1e400", "1e999999999", "9" * 41, "9" * 5000, "1\n", "1.2.3", "--1", "1e5.0", "1/2"]


@pytest.mark.parametrize("written", WHOLE)
def test_whole_numbers_are_digits(written):
    assert whole_number(written) == int(written)
    assert exact_number(written) == Fraction(written)


@pytest.mark.parametrize("written", DECIMAL)
def test_decimal_numbers_are_exact(written):
    assert whole_number(written) is None
    assert exact_number(written) == Fraction(written)
    assert seconds_of(written, "start") == Fraction(written)


@pytest.mark.parametrize("written", NEITHER)
def test_nothing_else_is_a_number(written):
    assert whole_number(written) is None
    assert exact_number(written) is None
    with pytest.raises(CorpusError, match="start is ") as caught:
        seconds_of(written, "start")
    assert len(str(caught.value)) < 150


@given(st.floats(0, 1e15).filter(lambda number: number == 0 or number > 1e-90))
def test_floats_as_python_writes_them_are_read_exactly(number):
    assert exact_number(repr(number)) == Fraction(repr(number))


@given(st.text("0123456789+-.eE_ ٣²\n"))
def test_numbers_are_those_of_python_without_its_liberties(written):
    number = exact_number(written)
    if number is not None:
        assert math.isclose(float(written), number, rel_tol=1e-15)
        assert written.isascii()
        assert not set(written) & set("_ \n")

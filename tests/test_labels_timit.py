import pytest

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels import read_labels
from sfvq_analysis.timeline import Segment


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="sa1.phn"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path, **options):
    with pytest.raises(CorpusError) as caught:
        read_labels(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_lines_become_segments_in_order(write):
    path = write("0 800 h#\n800 1250 b\n1300 2000 IH1\n")
    assert read_labels(path) == (
        Segment(0, 800, "h#"),
        Segment(800, 1250, "b"),
        Segment(1300, 2000, "IH1"),
    )


@pytest.mark.parametrize(
    "content",
    [
        "; doc\n\n0 5 s\n   \n  ; more\n5 9 z\n",
        "0 5 s\r\n5 9 z\r\n",
        "\ufeff0 5 s\n5 9 z",
        "0\t5\ts\n  5   9   z  \n",
    ],
    ids=["comments", "crlf", "byte order mark", "white space"],
)
def test_layout_does_not_matter(write, content):
    assert read_labels(write(content)) == (Segment(0, 5, "s"), Segment(5, 9, "z"))


def test_a_label_may_hold_spaces(write):
    path = write("0 9600 She had  your suit; all year.\n", "sa1.txt")
    assert read_labels(path) == (Segment(0, 9600, "She had  your suit; all year."),)


def test_words_may_overlap_but_not_go_back(write):
    words = write("1000 3200 she\n3100 5750 had\n3100 6000 x\n", "sa1.wrd")
    assert [word.start for word in read_labels(words, may_overlap=True)] == [1000, 3100, 3100]
    back = write("1000 3200 she\n900 5750 had\n", "sa2.wrd")
    assert refusal(back, may_overlap=True) == (
        f"{back}:2: segment 'had' starts at sample 900, before 1000; put the labels in order"
    )


def test_phones_may_not_overlap(write):
    path = write("; c\n0 800 h#\n799 1250 b\n")
    assert refusal(path) == (
        f"{path}:3: segment 'b' starts at sample 799, before 800; phones may not overlap"
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("800 1250", "'800 1250'"),
        ("800", "'800'"),
        ("b 800 1250", "'b 800 1250'"),
        ("-5 1250 b", "'-5 1250 b'"),
        ("0.05 0.1 b", "'0.05 0.1 b'"),
        ("800 12x b", "'800 12x b'"),
        ("She had your suit", "'She had your suit'"),
    ],
)
def test_a_line_that_is_no_segment_is_named(write, line, shown):
    path = write(f"0 800 h#\n\n {line} \n")
    assert refusal(path) == f"{path}:3: line is {shown}; write BEGIN END LABEL in samples"


@pytest.mark.parametrize("stop", [800, 700])
def test_empty_and_backward_segments_are_named(write, stop):
    path = write(f"0 800 h#\n800 {stop} b\n")
    assert refusal(path) == (
        f"{path}:2: segment 'b' is [800, {stop}); "
        "END must exceed BEGIN, and neither may be negative"
    )


@pytest.mark.parametrize("content", ["", "\n \n", "; a comment alone\n"])
def test_empty_files_are_named(write, content):
    path = write(content)
    assert refusal(path) == f"{path}: label file is empty; restore its labels"


def test_missing_file_is_named(tmp_path):
    path = tmp_path / "sa1.phn"
    assert refusal(path) == f"{path}: label file is missing; restore the file"


def test_other_encodings_are_named(write):
    path = write("0 5 é\n".encode("latin-1"))
    assert refusal(path) == f"{path}:1: not UTF-8 text (byte 4); store it as UTF-8"

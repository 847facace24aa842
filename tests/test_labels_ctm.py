from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels import read_labels
from sfvq_analysis.labels.ctm import read_ctm
from sfvq_analysis.labels.entries import Label


@pytest.fixture
def write(tmp_path):
    def write_file(content):
        path = tmp_path / "ali.ctm"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path, reader=read_ctm):
    with pytest.raises(CorpusError) as caught:
        reader(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_a_label_ends_exactly_at_start_plus_duration(write):
    found = read_ctm(write("u1 1 0.1 0.2 sil\nu1 1 0.300 0.03 a 0.98\nu2 A 1 .5 b NA\n"))
    assert found["u1"]["1"].unit == "seconds"
    assert found["u1"]["1"].labels == (
        Label(Fraction(1, 10), Fraction(3, 10), "sil", 1),
        Label(Fraction(3, 10), Fraction(33, 100), "a", 2),
    )
    assert found["u2"]["A"].labels == (Label(Fraction(1), Fraction(3, 2), "b", 3),)


def test_channels_are_tiers_and_may_be_mixed(write):
    path = write("u A 0 1 a\nu B 0 2 b\nu A 1 1 c\n")
    tiers = read_ctm(path)["u"]
    assert {name: [label.text for label in tier.labels] for name, tier in tiers.items()} == {
        "A": ["a", "c"],
        "B": ["b"],
    }
    assert [segment.label for segment in read_labels(path, tier="A")] == ["a", "c"]


@pytest.mark.parametrize(
    "content",
    [
        ";; made by hand\n\nu 1 0 1 a\n;; more\n  \nu 1 1 1 b\n",
        "u 1 0 1 a\r\nu 1 1 1 b\r\n",
        "\ufeffu\t1\t0\t1\ta\ru 1  1.000 1e0 b",
        "u 1 0 1 a\nu 1 1 1 b\n".encode("utf-16"),
    ],
    ids=["comments", "crlf", "byte order mark, tabs, cr", "utf-16"],
)
def test_layout_does_not_matter(write, content):
    assert [segment.label for segment in read_labels(write(content))] == ["a", "b"]


def test_symbols_are_taken_as_they_stand(write):
    path = write('u 1 0 1 "a\nu 1 1 1 12\nu 1 2 1 nan\nu 1 3 1 a\u00a0b\nu 1 4 1 <eps>\n')
    assert [s.label for s in read_labels(path)] == ['"a', "12", "nan", "a\u00a0b", "<eps>"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("u 1 0 1", "line is 'u 1 0 1'"),
        ("u 1 0 1 hello world x", "line is 'u 1 0 1 hello world x'"),
        ("u 1 0 1 hello world", "confidence is 'world'"),
        ("u 1 0 1 a nan", "confidence is 'nan'"),
        ("u 1 * * <ALT_BEGIN>", "it holds alternatives (<ALT_BEGIN>)"),
        ("u 1 * * <ALT>", "it holds alternatives (<ALT>)"),
        ("u 1 nan 1 a", "START is 'nan'"),
        ("u 1 0 inf a", "DURATION is 'inf'"),
        ("u 1 0 1,5 a", "DURATION is '1,5'"),
        ("u 1 1_000 1 a", "START is '1_000'"),
        ("u 1 \u0661 1 a", "START is '\u0661'"),
        ("u 1 0 1e999999999 a", "DURATION is '1e999999999'"),
        ("u 1 0 " + 5000 * "9" + " a", "DURATION is '999"),
        ("x" * 10**6, "line is 'xxx"),
    ],
)
def test_a_line_that_is_no_label_is_refused_with_its_number(write, line, problem):
    message = refusal(write(f"u 1 0 1 a\n;;\n{line}\n"))
    assert message.startswith(f":3: {problem}")
    assert len(message) < 300


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("u 1 0.5 1 b", ":2: segment 'b' starts at sample 8000, before 16000"),
        ("u 1 1 0 b", ":2: segment 'b' is [1, 1)"),
        ("u 1 1 -0.5 b", ":2: segment 'b' is [1, 0.5)"),
        ("u 1 -1 5 b", ":2: segment 'b' is [-1, 4)"),
        ("u 1 1e20 5 b", ":2: segment 'b' ends at 1e+20 seconds"),
        ("u 1 1 0.00001 b", ":2: segment 'b' is shorter than a sample at 16000 Hz"),
    ],
)
def test_times_that_cannot_be_are_refused_with_their_line(write, line, problem):
    assert refusal(write(f"u 1 0 1 a\n{line}\n"), read_labels).startswith(problem)


def test_an_utterance_stands_together(write):
    message = refusal(write("u 1 0 1 a\nv 1 0 1 a\nu 1 1 1 b\n"))
    assert message == (
        ":3: utterance 'u' returns after 'v'; sort the file by utterance, and keep each once"
    )


def test_empty_files_are_refused(write):
    for content in ("", "\n \n", ";; nothing\n"):
        assert refusal(write(content)) == ": label file is empty; restore its labels"


@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**6),
            st.text(st.characters(categories=["L", "M", "P", "S", "Zs"]), min_size=1),
        ),
        min_size=1,
    )
)
def test_any_symbols_and_any_decimals_come_back(tmp_path_factory, entries):
    path = tmp_path_factory.mktemp("labels") / "a.ctm"
    symbols = [text.replace(" ", "_") for _, text in entries]
    start, lines = 0, []
    for (duration, _), symbol in zip(entries, symbols, strict=True):
        lines.append(f"u 1 {start // 10**6}.{start % 10**6:06} {duration * 1e-6:.6f} {symbol}\n")
        start += duration
    path.write_text("".join(lines), encoding="utf-8")
    labels = read_ctm(path)["u"]["1"].labels
    stops = [int(label.stop * 10**6) for label in labels]
    assert [label.text for label in labels] == symbols
    assert stops == [sum(d for d, _ in entries[: i + 1]) for i in range(len(entries))]

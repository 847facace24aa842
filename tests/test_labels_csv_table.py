import csv
import io
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.labels import read_labels
from sfvq_analysis.labels.csv_table import labels_of_frame, read_csv_labels
from sfvq_analysis.labels.entries import Label

HEADER = "utterance,start,stop,label\n"


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="labels.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path, reader=read_csv_labels):
    with pytest.raises(CorpusError) as caught:
        reader(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def refused_frame(frame):
    with pytest.raises(CorpusError) as caught:
        labels_of_frame(frame)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("labels frame")
    return message.removeprefix("labels frame")


def labels_in(path):
    return [label.text for label in read_csv_labels(path)["u"][""].labels]


def test_seconds_are_exact(write):
    tier = read_csv_labels(write(f"{HEADER}u,0.1,0.3,a\nu,0.3,1,b\n"))["u"][""]
    assert tier.unit == "seconds"
    assert tier.labels == (
        Label(Fraction(1, 10), Fraction(3, 10), "a", 2),
        Label(Fraction(3, 10), Fraction(1), "b", 3),
    )


def test_samples_stay_integers(write):
    tier = read_csv_labels(write("start_sample,stop_sample,label\n0,800,a\n800,1600,b\n"))[""][""]
    assert tier.unit == "samples"
    assert tier.labels == (Label(0, 800, "a", 2), Label(800, 1600, "b", 3))


def test_columns_may_stand_in_any_order_with_others_and_rows_mixed(write):
    path = write(
        "label,speaker,stop,tier,start,utterance\n"
        "a,x,0.5,phones,0.0,u\n"
        "W,y,0.9,words,0.0,u\n"
        "c,z,0.4,phones,0.1,v\n"
        "b,,0.9,phones,0.5,u\n"
    )
    found = read_csv_labels(path)
    assert {name: list(tiers) for name, tiers in found.items()} == {
        "u": ["phones", "words"],
        "v": ["phones"],
    }
    assert [(label.text, label.line) for label in found["u"]["phones"].labels] == [
        ("a", 2),
        ("b", 5),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "utterance,start,stop,label\r\nu,0.0,0.5,a\r\nu,0.5,0.9,b\r\n",
        "utterance,start,stop,label\ru,0.0,0.5,a\ru,0.5,0.9,b",
        "\ufeffutterance,start,stop,label\nu,0.0,0.5,a\n\n   \nu,0.5,0.9,b\n\n",
        "\nutterance\tstart\tstop\tlabel\nu\t0.0\t0.5\ta\nu\t0.5\t9e-1\tb\n",
        "utterance;start;stop;label\nu;0.0;0.5;a\nu;0.5;0.9;b\n",
        '"utterance","start","stop","label"\n"u","0.0","0.5","a"\n"u","0.5","0.9","b"\n',
        "utterance,start,stop,label\nu,0.0,0.5,a\nu,0.5,0.9,b\n".encode("utf-16"),
    ],
    ids=["crlf", "cr", "bom, blank lines", "tabs", "semicolons", "quotes", "utf-16"],
)
def test_layout_does_not_matter(write, content):
    assert labels_in(write(content, "labels.txt")) == ["a", "b"]


def test_labels_are_taken_as_they_stand(write):
    path = write(
        f"{HEADER}u,0.0,0.1,\nu,0.1,0.2, a \nu,0.2,0.3,NA\nu,0.3,0.4,nan\nu,0.4,0.5,=1+1\n"
        'u,0.5,0.6,"a,b"\nu,0.6,0.7,"a ""b"" \n c"\nu,0.7,0.8,1_000\nu,0.8,0.9,æ\n'
    )
    expected = ["", " a ", "NA", "nan", "=1+1", "a,b", 'a "b" \n c', "1_000", "æ"]
    assert labels_in(path) == expected
    assert [label.line for label in read_csv_labels(path)["u"][""].labels] == [
        *range(2, 9),
        10,
        11,
    ]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("utterance,start,stop,phone", ":1: no column 'label' among 'utterance', 'start', 'stop'"),
        ("utterance,start,label", ":1: no column 'stop'"),
        ("utterance,label", ":1: no column 'start'"),
        ("utterance,start_sample,stop,label", ":1: times are given both in seconds and in samples"),
        ("start,stop,start_sample,stop_sample,label", ":1: times are given both in seconds"),
        ("start_sample,label", ":1: no column 'stop_sample'"),
        ("start,stop,stop,label", ":1: column 'stop' is there twice"),
        ("label,start,stop,label", ":1: column 'label' is there twice"),
        ("utterance, start, stop, label", ":1: no column 'label' among 'utterance', ' start'"),
        ("Utterance,Start,Stop,Label", ":1: no column 'label' among 'Utterance', 'Start'"),
        ("u,0.0,0.5,a", ":1: no column 'label' among 'u', '0.0', '0.5', 'a'"),
        ("start|stop|label", ":1: no column 'label' among 'start|stop|label'"),
        ('"utterance,start,stop,label', ":1: row isn't CSV: unexpected end of data"),
        (",".join(f"column{i}" for i in range(1000)), ":1: no column 'label' among 'column0'"),
    ],
)
def test_a_header_without_the_columns_is_refused(write, header, problem):
    message = refusal(write(f"{header}\nu,0.0,0.5,a\n"))
    assert message.startswith(problem)
    assert len(message) < 400


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("u,0.5,0.9", "row has 3 fields, the header 4"),
        ("u,0.5,0.9,b,c", "row has 5 fields, the header 4"),
        ("u,0,5,0,9,b", "row has 6 fields, the header 4"),
        (",,,", "start is ''"),
        (",0.5,0.9,b", "utterance is empty"),
        ("u,,0.9,b", "start is ''"),
        ("u,0.5,nan,b", "stop is 'nan'"),
        ("u,0.5,inf,b", "stop is 'inf'"),
        ('u,"0,5",0.9,b', "start is '0,5'"),
        ("u, 0.5,0.9,b", "start is ' 0.5'"),
        ("u,0.5,1_000,b", "stop is '1_000'"),
        ("u,\u0660.\u0665,0.9,b", "start is '\u0660.\u0665'"),
        ("u,0x1p3,0.9,b", "start is '0x1p3'"),
        ("u,0.5,1e999999999,b", "stop is '1e999999999'"),
        ("u,0.5," + "9" * 5000 + ",b", "stop is '999"),
        ('u,0.5,0.9,"b', "row isn't CSV: unexpected end of data"),
        ('u,0.5,0.9,"b"c', "row isn't CSV: ',' expected after '\"'"),
        ("u,0.5,0.9," + "b" * 200_000, "row isn't CSV: field larger than field limit"),
    ],
)
def test_a_row_that_is_no_label_is_refused_with_its_line(write, row, problem):
    limit = csv.field_size_limit()
    message = refusal(write(f'{HEADER}u,0.0,0.25,"a"\nu,0.25,0.5,"x\ny"\n{row}\n'))
    assert message.startswith(f":5: {problem}")
    assert len(message) < 300
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("time", ["-1", "1.0", "1e3", "1_000", "", "9" * 19, " 1"])
def test_samples_are_whole_numbers(write, time):
    path = write(f"start_sample,stop_sample,label\n0,{time},a\n")
    assert refusal(path).startswith(f":2: stop_sample is {time!r}; write samples as whole numbers")


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ("u,0.0,0.5,a\nu,0.4,0.9,b\n", ":3: segment 'b' starts at sample 6400, before 8000"),
        ("u,0.5,0.9,a\nu,0.0,0.5,b\n", ":3: segment 'b' starts at sample 0, before 14400"),
        ("u,0.5,0.5,a\n", ":2: segment 'a' is [0.5, 0.5)"),
        ("u,0.9,0.5,a\n", ":2: segment 'a' is [0.9, 0.5)"),
        ("u,-0.1,0.5,a\n", ":2: segment 'a' is [-0.1, 0.5)"),
    ],
)
def test_times_that_cannot_be_are_refused_with_their_line(write, rows, problem):
    assert refusal(write(HEADER + rows), read_labels).startswith(problem)


def test_whole_numbers_that_must_be_samples_are_not_taken_for_seconds(write):
    path = write(f"{HEADER}u,0,2260,h#\nu,2260,4070,sh\n")
    assert refusal(path) == (
        ": labels last 2035 s on average, in whole numbers; name the columns of samples "
        "start_sample and stop_sample, or write 640.0"
    )
    frame = pd.DataFrame({"start": [0, 2260], "stop": [2260, 4070], "label": ["h#", "sh"]})
    assert refused_frame(frame).startswith(": labels last 2035 s on average")
    seconds = write(f"{HEADER}u,0,2260.0,h#\nu,2260,4070,sh\n")
    assert read_csv_labels(seconds)["u"][""].labels[1].stop == 4070
    assert labels_in(write(f"{HEADER}u,0,1,a\nu,1,3,b\n")) == ["a", "b"]


def test_files_without_rows_are_refused(write):
    assert refusal(write("")) == ": label file is empty; restore its labels"
    assert refusal(write("\n \n")) == ": label file is empty; restore its labels"
    assert refusal(write(HEADER)) == ": table has no rows; restore its labels"
    assert refusal(write(HEADER.encode() + b"u,0,1,\xff\n")).startswith(":2: not UTF-8 text")
    assert refusal(write(HEADER + "u,0,1,a\0\n")).startswith(":2: it holds NUL characters")


FIELDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)


@given(
    st.lists(st.tuples(st.text("ab\n\"',;=", min_size=1), FIELDS), min_size=1),
    st.sampled_from(",\t;"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_any_names_and_labels_come_back(tmp_path_factory, rows, separator, ending, quoting):
    path = tmp_path_factory.mktemp("labels") / "a.csv"
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting)
    writer.writerow(["utterance", "start", "stop", "label"])
    writer.writerows((name, f"{i}.0", f"{i + 1}.0", label) for i, (name, label) in enumerate(rows))
    path.write_bytes(text.getvalue().encode())
    found = read_csv_labels(path)
    for utterance in {name for name, _ in rows}:
        expected = [(i, i + 1, label) for i, (name, label) in enumerate(rows) if name == utterance]
        assert [label[:3] for label in found[utterance][""].labels] == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32, "Float64"])
def test_a_float_is_the_shortest_decimal_that_is_it(dtype):
    frame = pd.DataFrame({"start": [0.1, 0.3], "stop": [0.3, 1e-05 + 1], "label": ["a", "b"]})
    labels = labels_of_frame(frame.astype({"start": dtype}))[""][""].labels
    assert [label.start for label in labels] == [Fraction(1, 10), Fraction(3, 10)]
    assert labels[1].stop == Fraction(100001, 100000)


def test_a_frame_is_read_as_its_csv(tmp_path):
    frame = pd.DataFrame(
        {
            "utterance": pd.Categorical(["u", "v", "u"]),
            "tier": ["phones"] * 3,
            "start_sample": np.array([0, 0, 800], dtype=np.int32),
            "stop_sample": np.array([800, 900, 1600], dtype=np.uint64),
            "label": pd.array(["a", "NA", ""], dtype="string"),
        },
        index=[9, 9, 9],
    )
    path = tmp_path / "labels.csv"
    frame.to_csv(path, index=False)

    def without_lines(utterances):
        return {
            (name, tier): (labels.unit, [label[:3] for label in labels.labels])
            for name, tiers in utterances.items()
            for tier, labels in tiers.items()
        }

    assert without_lines(labels_of_frame(frame)) == without_lines(read_csv_labels(path))


GOOD = {"utterance": "u", "start": 0.0, "stop": 0.5, "label": "a"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"start": np.nan}, "start is nan"),
        ({"start": None}, "start is None"),
        ({"stop": np.inf}, "stop is inf"),
        ({"stop": True}, "stop is True"),
        ({"stop": "0.5"}, "stop is '0.5'"),
        ({"stop": pd.Timedelta(1, "s")}, "stop is "),
        ({"stop": pd.NA}, "stop is <NA>"),
        ({"label": np.nan}, "label is nan"),
        ({"label": None}, "label is None"),
        ({"label": 3}, "label is 3"),
        ({"utterance": 12}, "utterance is 12"),
        ({"utterance": ""}, "utterance is empty"),
    ],
)
def test_a_value_that_is_missing_or_of_another_type_is_refused_by_row(change, problem):
    frame = pd.DataFrame([GOOD, GOOD | change], dtype=object)
    assert refused_frame(frame).startswith(f", row 2: {problem}")


@pytest.mark.parametrize("value", [-1, 1.0, True, np.timedelta64(5, "ns")])
def test_samples_of_a_frame_are_integers(value):
    frame = pd.DataFrame({"start_sample": [0], "stop_sample": [value], "label": ["a"]})
    assert ", row 1: stop_sample is" in "," + refused_frame(frame)[1:]


def test_frames_without_the_columns_are_refused():
    assert refused_frame(pd.DataFrame()) == (
        ": no column 'start'; name the columns utterance, start, stop, label (or start_sample, "
        "stop_sample)"
    )
    doubled = pd.DataFrame([[0, 1, 2, "a"]], columns=["start", "start", "stop", "label"])
    assert refused_frame(doubled) == ": column 'start' is there twice; keep one"
    assert refused_frame(pd.DataFrame([GOOD]).iloc[:0]).startswith(": table has no rows")
    with pytest.raises(OptionError, match="labels are a list; give a pandas DataFrame"):
        labels_of_frame([GOOD])

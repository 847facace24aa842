import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfvq_analysis.errors import CorpusError, SfvqError
from sfvq_analysis.phones import PhoneGroups, load_phone_groups


def read(folder, text, name="groups.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_phone_groups(path)


CSV = "label,group,fold39\ns,hiss,s\nz,hiss,s\n\naa,open,\n"
TOML = '[groups]\nhiss = ["s", "z"]\nopen = ["aa"]\n[fold39]\ns = "s"\nz = "s"\n'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *[("a.csv", CSV), ("b.CSV", CSV.replace("\n", "\r\n")), ("c.csv", "\ufeff" + CSV)],
        *[("d.toml", TOML), ("e.csv", "group,fold39,label\nhiss,s,s\n hiss ,s, z \nopen,,aa\n")],
    ],
)
def test_groups_in_order_and_rows_by_label(tmp_path, name, text):
    found = read(tmp_path, text, name)
    assert found.groups == ("hiss", "open")
    assert {label: row.group for label, row in found.rows.items()} == {
        "s": "hiss",
        "z": "hiss",
        "aa": "open",
    }
    assert [row.fold39 for row in found.rows.values()] == ["s", "s", None]
    assert found.source == name


def test_quoted_labels_and_free_text(tmp_path):
    found = read(tmp_path, 'label,group\n"a,b",Stimmhafte Laute $x$\n"""",ʃ-artig\n')
    assert set(found.rows) == {"a,b", '"'}
    assert found.groups == ("Stimmhafte Laute $x$", "ʃ-artig")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "", "{}: it holds no label; give at least one label and its group"),
        ("a.csv", "label,group\n", "{}: it holds no label"),
        ("a.csv", "label;group\ns;hiss\n", "{}:1: unknown column 'label;group'"),
        ("a.csv", "label,group,weight\n", "{}:1: unknown column 'weight'"),
        ("a.csv", "label,group,group\n", "{}:1: column group stands twice"),
        ("a.csv", "label\ns\n", "{}:1: no column group"),
        ("a.csv", "s,hiss\n", "{}:1: unknown column 's'"),
        ("a.csv", "label,group\ns,hiss\nz\n", "{}:3: 1 cells, the first line names 2 columns"),
        ("a.csv", "label,group\ns,hiss,x\n", "{}:2: 3 cells, the first line names 2 columns"),
        ("a.csv", "label,group\ns,\n", "{}:2: group '' is empty"),
        ("a.csv", "label,group\n,hiss\n", "{}:2: label '' is empty"),
        ("a.csv", "label,group\ns,hiss\ns,hiss\n", "{}:3: label 's' stands twice, first in line 2"),
        ("a.csv", "label,group\ns,a\n\ns,b\n", "{}:4: label 's' is in two groups, 'a' and 'b'"),
        ("a.csv", "label,group\ns,all\n", "{}:2: group 'all' has a name that tables use"),
        ("a.csv", 'label,group\ns,"a, b"\n', "{}:2: group 'a, b' holds a comma"),
        ("a.csv", f"label,group\ns,{'x' * 61}\n", "{}:2: group 'xxxxxxxxx"),
        ("a.csv", "label,group\ns,a\u2028b\n", "{}:2: group 'a\\u2028b' can't be printed"),
        ("a.csv", "label,group\ns,a\vz,b\n", "{}:2: 3 cells"),
        ("a.csv", "label,group\ns,a\u200bb\n", "{}:2: group 'a\\u200bb' can't be printed"),
        ("a.csv", 'label,group\n"s,hiss\n', "{}:2: not CSV"),
        ("a.csv", 'label,group\n"s"x,hiss\n', "{}:2: not CSV"),
        ("a.csv", f"label,group\n{'s' * 200_000},hiss\n", "{}:2: not CSV (field larger"),
        ("a.csv", b"label,group\ns,hi\xffss\n", "{}:2: not UTF-8 text"),
        ("a.csv", "label,group\ns,hiss\n".encode("utf-16"), "{}:1: not UTF-8 text"),
        ("a.csv", "label,group\ns,h\0iss\n", "{}:2: it holds NUL characters"),
        ("a.toml", "", "{}: no table [groups]"),
        ("a.toml", "[groups]\n", "{}: it holds no label"),
        ("a.toml", "[groups\n", "{}:1: not TOML"),
        ("a.toml", "[groups]\na = [1]\n", "{}: group 'a' is no list of labels"),
        ("a.toml", '[groups]\na = "s"\n', "{}: group 'a' is no list of labels"),
        ("a.toml", '[groups]\na = ["s", "s"]\n', "{}: group 'a': label 's' stands twice"),
        ("a.toml", '[groups]\na = ["s"]\nb = ["s"]\n', "{}: group 'b': label 's' is in two groups"),
        ("a.toml", '[groups]\na = ["s"]\na = ["z"]\n', "{}:3: not TOML"),
        ("a.toml", "groups = 3\n", "{}: groups is no table"),
        ("a.toml", '[groups]\na = ["s"]\n[other]\n', "{}: unknown table 'other'"),
        ("a.toml", '[groups]\na = ["s"]\n[symbol]\nz = "x"\n', "{}: [symbol] names 'z', which"),
        ("a.toml", '[groups]\na = ["s"]\n[symbol]\ns = 3\n', "{}: [symbol] 's' is 3"),
        ("a.toml", "x = " + "[" * 100_000, "{}: not TOML"),
        ("a.toml", f"x = {'9' * 5000}\n", "{}: not TOML"),
        ("a.txt", "label,group\n", "{}: no file of groups; give a .csv or .toml file"),
    ],
)  # fmt: skip
def test_malformed_files_are_refused_in_one_line(tmp_path, name, text, message):
    with pytest.raises(CorpusError) as caught:
        read(tmp_path, text, name)
    line = str(caught.value)
    assert line.startswith(message.format(tmp_path / name))
    assert caught.value.remedy
    assert "\n" not in line
    assert len(line) < 400 + len(str(tmp_path))


def test_missing_folders_and_large_files_are_refused(tmp_path, monkeypatch):
    with pytest.raises(CorpusError, match="file of groups is missing"):
        load_phone_groups(tmp_path / "gone.csv")
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(CorpusError, match="that is a folder"):
        load_phone_groups(tmp_path / "a.csv")
    monkeypatch.setattr("sfvq_analysis.phones.files.LARGEST_BYTES", 10)
    with pytest.raises(CorpusError, match=r"larger than.*; give"):
        read(tmp_path, "label,group\ns,hiss\n", "b.csv")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (".".join("a" * 50_000) + " = 1\n", 1),
        ("[groups]\n" + "".join(f"k{number}{'.a' * 1500} = 1\n" for number in range(300)), 3),
        ("[groups]\n[" + ".".join("a" * 18) + "]\n", 2),
    ],
)
def test_names_of_many_parts_are_refused_before_they_are_parsed(tmp_path, monkeypatch, text, line):
    monkeypatch.setattr(tomllib, "loads", lambda _: pytest.fail("it was parsed"))
    with pytest.raises(CorpusError, match=rf"a\.toml:{line}: [0-9]+ dots in a line; ") as caught:
        read(tmp_path, text, "a.toml")
    assert "\n" not in str(caught.value)


def test_a_line_of_many_labels_with_dots_is_read(tmp_path):
    labels = [f"a.{number}" for number in range(1000)]
    text = "[groups]\nx = [" + ", ".join(f'"{label}"' for label in labels) + "]\n"
    assert list(read(tmp_path, text, "a.toml").rows) == labels


@pytest.mark.parametrize("error", [MemoryError, RecursionError])
def test_what_fails_while_it_is_parsed_is_one_line(tmp_path, monkeypatch, error):
    def fails(_):
        raise error

    monkeypatch.setattr(tomllib, "loads", fails)
    with pytest.raises(CorpusError, match=r"a\.toml: "):
        read(tmp_path, TOML, "a.toml")


def test_a_file_of_a_mebibyte_is_the_largest(tmp_path):
    with pytest.raises(CorpusError, match="larger than 1 MiB"):
        read(tmp_path, "label,group\n" + " " * (1 << 20), "a.csv")


@pytest.mark.parametrize("given", [{}, {"s": ""}, {"": "a"}, {1: "a"}, {"s": 1}, {"s": "a,b"}])
def test_dictionaries_are_checked_alike(given):
    with pytest.raises(CorpusError):
        PhoneGroups.of(given)


@given(st.binary(max_size=80), st.sampled_from(["csv", "toml"]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, raw, kind):
    head = b"label,group\n" if kind == "csv" else b"[groups]\n"
    try:
        found = read(tmp_path_factory.mktemp("any"), head + raw, f"a.{kind}")
    except SfvqError:
        return
    assert {row.group for row in found.rows.values()} == set(found.groups)

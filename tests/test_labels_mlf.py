from fractions import Fraction

import pytest

from sfvq_analysis.errors import CorpusError
from sfvq_analysis.labels.entries import Label
from sfvq_analysis.labels.mlf import read_mlf

ENTRY = "0 900000 a\n.\n"


@pytest.fixture
def write(tmp_path):
    def write_file(content):
        path = tmp_path / "x.mlf"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file


def refusal(path):
    with pytest.raises(CorpusError) as caught:
        read_mlf(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(path))
    return message.removeprefix(str(path))


def test_entries_are_named_without_folder_and_suffix(write):
    patterns = ['"*/a.lab"', '"*/b"', '"/data/x/c.rec"', '"C:\\data\\d.lab"', '"e.1"', '"*/.f.lab"']
    path = write("#!MLF!#\n" + "".join(f"{pattern}\n{ENTRY}" for pattern in patterns))
    assert list(read_mlf(path)) == ["a", "b", "c", "d", "e.1", ".f"]


def test_entries_that_share_a_name_keep_their_folders(write):
    path = write(
        f'#!MLF!#\n"rec/dr1/sa1.lab"\n{ENTRY}"rec/dr2/sa1.lab"\n{ENTRY}"rec/dr2/sa2.lab"\n{ENTRY}'
    )
    assert list(read_mlf(path)) == ["rec/dr1/sa1", "rec/dr2/sa1", "sa2"]


def test_patterns_for_a_folder_keep_it(write):
    path = write(f'#!MLF!#\n"*/dr1/sa1.lab"\n{ENTRY}"*/sa2.lab"\n{ENTRY}')
    assert list(read_mlf(path)) == ["dr1/sa1", "sa2"]


def test_entries_keep_lines_and_may_be_empty(write):
    path = write(f'#!MLF!#\n\n"*/a.lab"\n{ENTRY}"*/b"\n.\n')
    found = read_mlf(path)
    assert found["a"][""].labels == (Label(Fraction(0), Fraction(9, 100), "a", 4),)
    assert found["b"][""].labels == ()


def test_levels_are_named_alike_in_all_entries(write):
    path = write(f'#!MLF!#\n"*/a"\n0 1000000 ay ice\n.\n"*/b"\n{ENTRY}')
    assert {name: list(tiers) for name, tiers in read_mlf(path).items()} == {
        "a": ["level 1", "level 2"],
        "b": ["level 1"],
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", ": it holds no utterances"),
        ("#!MLF!#\n", ": it holds no utterances"),
        ("0 1000000 a\n", ":1: first line is '0 1000000 a'"),
        (f"#!MLF!#\n{ENTRY}", ":2: line is '0 900000 a' where an entry should begin"),
        (f'#!MLF!#\n"*/a"\n{ENTRY}.\n', ":5: line is '.' where an entry should begin"),
        (f"#!MLF!#\n*/a.lab\n{ENTRY}", ":2: line is '*/a.lab' where an entry should begin"),
        ('#!MLF!#\n"*/a.lab"\n0 1000000 a\n', ":2: entry isn't ended by a line with a period"),
        (
            f'#!MLF!#\n"*/a.lab"\n0 1000000 a\n"*/b.lab"\n{ENTRY}',
            ":4: entry isn't ended by a line with a period",
        ),
        (f'#!MLF!#\n"*/a"\n{ENTRY}"*/a"\n{ENTRY}', ":5: entry 'a' stands there twice"),
        (f'#!MLF!#\n"a.lab"\n{ENTRY}"*/a.rec"\n{ENTRY}', ":5: entry 'a' stands there twice"),
        ('#!MLF!#\n"*" -> "/db/labs"\n', """:2: '"*" -> "/db/labs"' refers to a folder"""),
        ('#!MLF!#\n"*" => "/db/labs"\n', """:2: '"*" => "/db/labs"' refers to a folder"""),
        (f'#!MLF!#\n"*/one.*.lab"\n{ENTRY}', """:2: '"*/one.*.lab"' isn't the name of one"""),
        (f'#!MLF!#\n"*/a?.lab"\n{ENTRY}', """:2: '"*/a?.lab"' isn't the name of one"""),
        (f'#!MLF!#\n"*/a.lab" x\n{ENTRY}', """:2: '"*/a.lab" x' isn't the name of one"""),
        (f'#!MLF!#\n"*/"\n{ENTRY}', ":2: entry '*/' has no name"),
        ('#!MLF!#\n"*/a"\nhello\n.\n', ":3: no times in 'hello'"),
        ('#!MLF!#\n"*/a"\n0 1000000 a\n///\n0 1000000 b\n.\n', ":4: the file holds alternatives"),
        ('#!MLF!#\n"*/a"\n0 1600 a\n.\n', ":2: labels last 0.16 ms on average"),
        ("#!MLF!#\n".encode("utf-16") + b"x", ": not UTF-16 text"),
        (b"\xff#!MLF!#\n", ":1: not UTF-8 text"),
    ],
)
def test_a_master_label_file_is_refused_where_it_goes_wrong(write, content, problem):
    message = refusal(write(content))
    assert message.startswith(problem)
    assert ";" in message

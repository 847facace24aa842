"""What is written is there whole or not at all."""

from __future__ import annotations

import pytest

from sfvq_analysis.files import new_file, new_folder


def test_a_folder_replaces_the_old_one_when_it_is_whole(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("")
    with new_folder(tmp_path / "out") as folder:
        (folder / "new").write_text("")
        assert (tmp_path / "out" / "old").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "new"]


def test_a_failure_leaves_the_old_folder_and_no_parents(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").write_text("")

    def fails(target):
        with new_folder(target) as folder:
            (folder / "new").write_text("")
            raise KeyboardInterrupt

    for target in (tmp_path / "out", tmp_path / "deep" / "er" / "out"):
        with pytest.raises(KeyboardInterrupt):
            fails(target)
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "old"]


def test_a_file_appears_when_it_is_whole(tmp_path):
    with new_file(tmp_path / "a.bin") as file:
        file.write(b"abc")
        assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin").read_bytes() == b"abc"
    assert len(list(tmp_path.iterdir())) == 1

"""What is written is there whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sfvq_analysis import partials
from sfvq_analysis.files import is_file, is_folder, new_file, new_folder
from sfvq_analysis.report.folders import OutputError, whole_folder, write_manifest


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


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def killed(code: str, *arguments: Path) -> None:
    """Run some code in a process that ends by SIGKILL."""
    head = (
        "import os, signal, sys; from pathlib import Path\n"
        "from sfvq_analysis.files import new_file, new_folder\n"
        "target = Path(sys.argv[1])\n"
        "def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", head + code, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


WRITES_FOLDER = "with new_folder(target) as folder:\n (folder / 'half').write_text('')\n"
WRITES_FILE = "with new_file(target) as file:\n file.write(b'half'); file.flush()\n"


class TestKills:
    def test_a_stale_folder_is_used_again(self, tmp_path):
        killed(WRITES_FOLDER + " die()", tmp_path / "out")
        assert names(tmp_path) == [".out.0.partial", ".out.0.partial/half"]
        with new_folder(tmp_path / "out") as folder:
            assert list(folder.iterdir()) == []
            (folder / "new").write_text("")
        assert names(tmp_path) == ["out", "out/new"]

    def test_a_stale_file_is_used_again(self, tmp_path):
        killed(WRITES_FILE + " die()", tmp_path / "a.bin")
        assert (tmp_path / ".a.bin.0.partial").read_bytes() == b"half"
        with new_file(tmp_path / "a.bin") as file:
            file.write(b"x")
        assert names(tmp_path) == ["a.bin"]
        assert (tmp_path / "a.bin").read_bytes() == b"x"

    def test_a_folder_on_its_way_out_is_put_back(self, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        (out / "manifest.json").write_text("old")
        killed(
            "kept = Path.rename\n"
            "def rename(self, other):\n"
            " if other == target: die()\n"  # the old one has gone, the new one has not come
            " return kept(self, other)\n"
            "Path.rename = rename\n" + WRITES_FOLDER,
            out,
        )
        assert not out.exists()

        def uses() -> None:
            with whole_folder(out):
                pytest.fail("it isn't to be replaced")

        with pytest.raises(OutputError, match="exists and isn't empty"):
            uses()
        assert names(tmp_path) == ["out", "out/manifest.json"]
        assert (out / "manifest.json").read_text() == "old"

    def test_a_displaced_folder_goes_once_the_new_one_stands(self, tmp_path):
        out = tmp_path / "out"
        out.mkdir()
        (out / "old").write_text("")
        killed("import shutil\nshutil.rmtree = die\n" + WRITES_FOLDER, out)
        assert names(tmp_path) == [
            ".out.0.partial.old", ".out.0.partial.old/old", "out", "out/half",
        ]  # fmt: skip
        with new_folder(out) as folder:
            (folder / "new").write_text("")
        assert names(tmp_path) == ["out", "out/new"]


class TestTwoAtOnce:
    def test_an_unfinished_folder_of_a_living_process_is_left_alone(self, tmp_path):
        code = (
            "import sys; from pathlib import Path\n"
            "from sfvq_analysis.files import new_folder\n"
            "with new_folder(Path(sys.argv[1])) as folder:\n"
            " (folder / 'theirs').write_text('')\n"
            " print(folder, flush=True); sys.stdin.read()\n"
        )
        out = tmp_path / "out"
        command = [sys.executable, "-c", code, str(out)]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            theirs = Path(process.stdout.readline().strip())
            with new_folder(out) as mine:
                (mine / "mine").write_text("")
                assert mine != theirs
            assert (theirs / "theirs").exists()
            assert (out / "mine").exists()
            process.communicate("")
        assert process.returncode == 0
        assert names(tmp_path) == ["out", "out/theirs"]  # who ends last has the name

    def test_two_files_of_one_name(self, tmp_path):
        with new_file(tmp_path / "a") as one, new_file(tmp_path / "a") as other:
            one.write(b"one")
            other.write(b"other")
        assert names(tmp_path) == ["a"]
        assert (tmp_path / "a").read_bytes() == b"one"

    def test_what_stands_in_the_way_is_neither_followed_nor_removed(self, tmp_path):
        (tmp_path / "precious").write_text("precious")
        (tmp_path / ".a.0.partial").symlink_to(tmp_path / "precious")
        (tmp_path / ".b.0.partial").write_text("a file")
        os.link(tmp_path / "precious", tmp_path / ".c.0.partial")
        for name in ("a", "c"):
            with new_file(tmp_path / name) as file:
                file.write(b"new")
        with new_folder(tmp_path / "b") as folder:
            (folder / "new").write_text("")
        assert (tmp_path / "precious").read_text() == "precious"
        assert (tmp_path / ".b.0.partial").read_text() == "a file"
        assert (tmp_path / "a").read_bytes() == (tmp_path / "c").read_bytes() == b"new"


def test_without_locks_it_works_too(tmp_path, monkeypatch):
    monkeypatch.setattr(partials, "fcntl", None)
    with new_file(tmp_path / "a") as one, new_file(tmp_path / "a") as other:
        one.write(b"one")
        other.write(b"other")
    with new_folder(tmp_path / "out") as folder:
        (folder / "new").write_text("")
    assert names(tmp_path) == ["a", "out", "out/new"]
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_file_system_that_refuses_locks_leaves_nothing(tmp_path, monkeypatch):
    def refuses(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(partials.fcntl, "flock", refuses)
    with new_file(tmp_path / "a") as file:
        file.write(b"x")
    with new_folder(tmp_path / "out") as folder:
        (folder / "new").write_text("")
    assert names(tmp_path) == ["a", "out", "out/new"]


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127])
def test_the_longest_names_can_be_written(tmp_path, name):
    with new_file(tmp_path / name) as file:
        file.write(b"x")
    (tmp_path / name).unlink()
    with new_folder(tmp_path / name) as folder:
        (folder / "new").write_text("")
    assert names(tmp_path) == [name, f"{name}/new"]


def test_all_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced: list[tuple[str, bool]] = []
    kept = os.fsync

    def fsync(handle: int) -> None:
        synced.append(
            (str(Path(f"/proc/self/fd/{handle}").readlink()), (tmp_path / "out").exists())
        )
        kept(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with new_folder(tmp_path / "out") as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_text("x")
    before = {name.removeprefix(str(folder)) for name, named in synced if not named}
    assert before == {"", "/deep", "/deep/file"}
    assert (str(tmp_path), True) in synced


def test_a_manifest_holds_any_name(tmp_path):
    (tmp_path / "x\udc80é").write_text("")
    write_manifest(tmp_path, {"skipped": ["\udc80", "é\n"]})
    content = (tmp_path / "manifest.json").read_bytes()
    known = json.loads(content.decode())
    assert known["skipped"] == ["\udc80", "é\n"]
    assert known["files"] == ["x\udc80é"]
    assert "é".encode() in content


def test_only_regular_files_and_folders_are_there(tmp_path):
    (tmp_path / "a").touch()
    os.mkfifo(tmp_path / "pipe")
    for name, file, folder in (
        ("a", True, False),
        ("", False, True),
        ("pipe", False, False),
        ("missing", False, False),
        ("x" * 300, False, False),
        ("a\0b", False, False),
    ):
        assert (is_file(tmp_path / name), is_folder(tmp_path / name)) == (file, folder)

"""`stores`: a folder and a URL behave alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stores import Store, StoreError, as_url, is_url


@pytest.fixture(params=["folder", "file", "memory"])
def store(request, tmp_path):
    place = {
        "folder": tmp_path / "store",
        "file": f"file://{tmp_path}/store",
        "memory": f"memory://{tmp_path.name}",
    }[request.param]
    yield Store.at(place)
    Store.at(place).clear()


def test_what_is_written_is_read(store):
    store.write("a/b.bin", b"\x00\xff")
    assert store.read("a/b.bin") == b"\x00\xff"
    with store.opened("a/b.bin") as file:
        file.seek(1)
        assert file.read() == b"\xff"
    store.write("a/b.bin", b"anew")
    assert store.child("a").read("b.bin") == b"anew"


def test_who_opens_a_file_reads_it_alone(store):
    store.write("a.bin", b"0123456789")
    with store.opened("a.bin") as one, store.opened("a.bin") as other:
        assert one.read(4) == b"0123"
        other.seek(8)
        assert one.read(2) == b"45"
        assert other.read() == b"89"
    with pytest.raises(StoreError, match="missing"):
        store.opened("b.bin")


def test_names_are_those_of_one_folder_sorted(store):
    for name in ("b", "a/c", "a/b", "a/d/e"):
        store.write(name, b"")
    assert store.names() == ["a", "b"]
    assert store.names("a") == ["b", "c", "d"]
    assert store.names("missing") == []


def test_what_exists(store):
    assert not store.exists("a")
    store.write("a/b", b"")
    assert store.exists()
    assert store.exists("a")
    assert store.exists("a/b")


def test_what_is_missing_is_said_with_its_place(store):
    with pytest.raises(StoreError, match=r"/a: file is missing"):
        store.read("a")


def test_removing_takes_one_file_and_is_done_twice(store):
    store.write("a", b"")
    store.write("b", b"")
    store.remove("a")
    store.remove("a")
    assert store.names() == ["b"]


def test_clearing_keeps_what_is_named(store):
    for name in ("a", "b/c", "d/e"):
        store.write(name, b"")
    store.clear(kept=("b",))
    assert store.names() == ["b"]


def test_a_link_in_a_folder_is_removed_and_not_followed(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").touch()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "link").symlink_to(tmp_path / "kept")
    Store.at(tmp_path / "store").clear()
    assert (tmp_path / "kept" / "file").exists()


def test_what_cannot_be_written_is_said(tmp_path):
    store = Store.at(tmp_path)
    store.write("a", b"before")
    (tmp_path / "b").write_text("")
    with pytest.raises(StoreError, match="can't be reached"):
        store.write("b/c", b"")
    assert store.read("a") == b"before"


def test_a_store_that_keeps_halves_is_written_beside(monkeypatch, tmp_path):
    import fsspec

    from sfvq_analysis import stores

    monkeypatch.setattr(stores, "_keeps_halves", lambda _: True)
    store = Store.at(f"memory://{tmp_path.name}")
    store.write("a/b", b"whole")
    assert store.names("a") == ["b"]
    kept = fsspec.filesystem("memory").pipe_file

    def half(self, path, value, **known):
        kept(path, value[:2])
        raise OSError("lost")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "pipe_file", half)
    with pytest.raises(StoreError, match="lost"):
        store.write("a/b", b"another")
    assert store.read("a/b") == b"whole"


def test_a_store_of_no_known_kind_is_refused():
    with pytest.raises(OptionError, match="nosuch://here: no store of that kind"):
        Store.at("nosuch://here").read("a")


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("s3://bucket/key", True),
        ("memory://a", True),
        ("file:///a", True),
        ("C:\\speech", False),
        ("/a/b", False),
        ("speech", False),
    ],
)
def test_what_is_a_url(place, wanted):
    assert is_url(place) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("s3://a/b", "s3://a/b"), ("memory://a", "memory://a"), ("a/b", ""), ("/a:/b", "")],
)
def test_a_url_that_was_made_a_path_is_one_nonetheless(text, wanted):
    assert as_url(Path(text)) == wanted


def test_a_folder_of_that_name_is_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("s3:/a").mkdir(parents=True)
    assert Store.at(Path("s3:/a")).folder == tmp_path / "s3:" / "a"
    assert Store.at(Path("file:///a")).folder == Path("/a")

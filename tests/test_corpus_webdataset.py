"""`corpus.remote.webdataset`: speech in tars is that in a folder, and no tar does harm."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
import tarfile
from threading import Thread

import pytest
from command_line import sfvq
from remote_trees import NAMES, assert_same_corpus, pack, put, tar_of, write_tree
from written_labels import BESIDE

from sfvq_analysis import demo_quantizers, index_table, load_corpus, load_encoder
from sfvq_analysis.corpus import open_webdataset
from sfvq_analysis.corpus.remote import tar_listing, tar_members, tars
from sfvq_analysis.corpus.remote.samples import key_of, read_samples
from sfvq_analysis.corpus.remote.tar_places import is_webdataset, name_of_tars, tar_places
from sfvq_analysis.errors import CorpusError, OptionError
from sfvq_analysis.stores import Store

HALVES = (NAMES[:2], NAMES[2:])


@pytest.fixture
def tree(tmp_path):
    write_tree(tmp_path / "speech")
    return tmp_path / "speech"


@pytest.fixture(autouse=True)
def _closed():
    yield
    tars.close_tars()


def packed(tree, tmp_path, ending="tar", mode="w", **known):
    for number, names in enumerate(HALVES):
        pack(tree, tmp_path / f"speech-{number:03d}.{ending}", names, mode=mode, **known)
    return str(tmp_path / f"speech-{{000..001}}.{ending}")


def files_of(tree, name):
    return [(f"{name}{end}", (tree / f"{name}{end}").read_bytes()) for end in (".flac", ".phn")]


class TestAsAFolder:
    @pytest.mark.parametrize("ending", ["tar", "tar.gz", "tar.bz2", "tar.xz", "tgz"])
    def test_plain_and_compressed(self, tree, tmp_path, ending):
        mode = {"tar": "w", "tgz": "w:gz"}.get(ending, f"w:{ending[4:]}")
        found = open_webdataset(packed(tree, tmp_path, ending, mode))
        assert_same_corpus(found, load_corpus(tree))
        assert (found.name, len(found)) == ("speech", 4)

    @pytest.mark.parametrize("labels", [*(name for name in BESIDE if name != "emu"), "none"])
    def test_labels_of_every_format(self, tmp_path, labels):
        write_tree(tmp_path / "speech", labels)
        text = packed(tmp_path / "speech", tmp_path)
        assert_same_corpus(open_webdataset(text, labels), load_corpus(tmp_path / "speech", labels))
        found = load_corpus(text, labels)  # as the command line has it
        assert_same_corpus(found, load_corpus(tmp_path / "speech", labels))

    def test_annotations_of_emu_are_refused(self, tree, tmp_path):
        with pytest.raises(OptionError, match=r"emu.*isn't read from tars; unpack"):
            load_corpus(packed(tree, tmp_path), "emu")

    @pytest.mark.parametrize("ending", ["tar", "tar.gz"])
    def test_at_a_url(self, tree, tmp_path, ending):
        packed(tree, tmp_path, ending, "w" if ending == "tar" else "w:gz")
        place = f"memory://{tmp_path.name}"
        for number in range(2):
            name = f"speech-{number:03d}.{ending}"
            put(tmp_path / name, f"{place}/{name}")
        wanted = load_corpus(tree)
        for text in (f"{place}/speech-{{000..001}}.{ending}", f"{place}/*.{ending}"):
            assert_same_corpus(open_webdataset(text), wanted)
        Store.at(place).clear()

    def test_a_table_is_that_of_the_folder(self, tree, tmp_path):
        encoder, curve = load_encoder("vqvae"), demo_quantizers()["sfvq"]
        tables = [
            index_table(one, encoder, curve)
            for one in (open_webdataset(packed(tree, tmp_path)), load_corpus(tree))
        ]
        for part in ("utterances", "segments", "frames"):
            assert getattr(tables[0], part).equals(getattr(tables[1], part))
        assert tables[0].provenance == tables[1].provenance

    def test_names_that_begin_with_a_dot_and_a_slash(self, tree, tmp_path):
        assert_same_corpus(open_webdataset(packed(tree, tmp_path, before="./")), load_corpus(tree))

    @pytest.mark.parametrize("mode", ["w", "w:gz"])
    def test_tars_in_any_order(self, tree, tmp_path, mode):
        order = (NAMES[3], NAMES[0]), (NAMES[2], NAMES[1])
        places = [
            pack(tree, tmp_path / f"{number}.tar", names, mode=mode)
            for number, names in enumerate(order)
        ]
        assert_same_corpus(open_webdataset(places), load_corpus(tree))

    def test_the_json_of_a_sample_says_who_speaks(self, tree, tmp_path):
        about = {"speaker": "Anna", "sex": "Female", "split": "train", "text": "…", "n": 3}
        stated = ("s1/a.json", json.dumps(about).encode())
        content = tar_of([*files_of(tree, "s1/a"), stated, *files_of(tree, "s1/b")])
        (tmp_path / "a.tar").write_bytes(content)
        first, second = open_webdataset(tmp_path / "a.tar")
        assert (first.speaker, first.sex, first.split, first.dialect) == ("Anna", "f", "train", "")
        assert (second.speaker, second.sex) == ("s1", "")

    def test_a_key_ends_at_the_first_dot(self, tree, tmp_path):
        (_, audio), (_, labels) = files_of(tree, "s1/a")
        content = tar_of([("s1/a.mic1.flac", audio), ("s1/a.PHN", labels)])
        (tmp_path / "a.tar").write_bytes(content)
        (one,) = open_webdataset(tmp_path / "a.tar")
        assert one.id == "s1/a"
        assert one.load()[1:] == load_corpus(tree)["s1/a"].load()[1:]

    def test_other_files_are_passed_over(self, tree, tmp_path):
        link = tarfile.TarInfo("s1/a.sfd")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        others = [("README", b"x"), ("__meta__/a.phn", b"x"), ("s1/._a.flac", b"x"), link]
        (tmp_path / "a.tar").write_bytes(tar_of([*others, *files_of(tree, "s1/a")]))
        assert [one.id for one in open_webdataset(tmp_path / "a.tar")] == ["s1/a"]


def test_the_command_line_takes_urls_and_tars(tmp_path):
    shared = write_tree(tmp_path / "speech", "csv")
    there = put(shared, f"memory://{tmp_path.name}/labels.csv")
    url = put(tmp_path / "speech", f"memory://{tmp_path.name}/speech")
    write_tree(tmp_path / "speech", "phn")
    tar_text = packed(tmp_path / "speech", tmp_path)
    outputs = [
        sfvq("phones", *arguments, cwd=tmp_path).out
        for arguments in (("speech", "--labels", "phn"), (url, "--label-place", there), (tar_text,))
    ]
    assert outputs[0] == outputs[1] == outputs[2]
    assert "aa" in outputs[0]
    Store.at(f"memory://{tmp_path.name}").clear()


class TestPlaces:
    def test_which_texts_name_tars(self):
        assert is_webdataset("a.tar")
        assert is_webdataset("s3://b/a-{00..99}.tar.gz")
        assert not is_webdataset("a.tar/b")
        assert not is_webdataset(3)

    def test_braces_and_wildcards(self, tmp_path):
        for name in ("a-0.tar", "a-1.tar", "b-0.tar", "a{1}.tar"):
            (tmp_path / name).touch()
        assert tar_places("x/{a,b}-{08..10}.tar")[:4] == [
            *("x/a-08.tar", "x/a-09.tar", "x/a-10.tar", "x/b-08.tar")
        ]
        assert tar_places(f"{tmp_path}/a-*.tar") == [f"{tmp_path}/a-{n}.tar" for n in (0, 1)]
        assert tar_places(f"{tmp_path}/?-0.tar") == [f"{tmp_path}/{n}-0.tar" for n in "ab"]
        assert tar_places(f"{tmp_path}/a{{1}}.tar") == [f"{tmp_path}/a{{1}}.tar"]
        assert tar_places("http://h/a.tar?key=1") == ["http://h/a.tar?key=1"]

    @pytest.mark.parametrize(
        ("places", "kind", "message"),
        [
            ([], OptionError, "no tar is named"),
            (["a.tar", "a.tar"], OptionError, "a tar is named twice"),
            ("a-{0..9.tar", OptionError, "a-{0..9.tar: braces don't fit"),
            ("a-{0..99999999999}.tar", OptionError, "it names more than"),
            ("a-{0..49}{0..49}.tar", OptionError, "it names more than"),
            ("nowhere/*.tar", CorpusError, "no tar is there"),
            ("nowhere/a.tar", CorpusError, "nowhere/a.tar: no such tar"),
        ],
    )
    def test_refused(self, places, kind, message, monkeypatch):
        monkeypatch.setattr("sfvq_analysis.corpus.remote.tar_places._MOST", 1000)
        with pytest.raises(kind, match=re.escape(message)):
            open_webdataset(places)

    def test_the_corpus_is_called_by_what_names_have_in_common(self):
        assert name_of_tars(["x/train-000.tar", "x/train-001.tar"]) == "train"
        assert name_of_tars(["x/dev.tar"]) == "dev"
        assert name_of_tars(["a.tar", "b.tar"]) == "webdataset"


class TestStream:
    def test_a_pipe_is_read_forward(self, tree):
        content = tar_of([one for name in NAMES for one in files_of(tree, name)])
        read_end, write_end = os.pipe()

        def write():
            with os.fdopen(write_end, "wb") as target:
                target.write(content)

        writer = Thread(target=write)
        writer.start()
        with os.fdopen(read_end, "rb") as source:
            found = {one.key: one.files for one in read_samples(source)}
        writer.join()
        assert found == {
            name: {end[1:]: (tree / f"{name}{end}").read_bytes() for end in (".flac", ".phn")}
            for name in NAMES
        }

    @pytest.mark.parametrize("seed", range(20))
    def test_samples_are_those_of_the_webdataset_package(self, seed):
        judge = pytest.importorskip("webdataset.tariterators")
        rng = random.Random(seed)  # noqa: S311
        keys = rng.sample(["a", "s1/a", "s1/b", "s.d/c", "x/y/z", "é", "__m__", "long" * 40], 5)
        members = []
        ends = ["wav", "phn", "TextGrid", "seg.wav", "json", "x.y.z"]
        for key in keys:
            names = [f"{key}.{end}" for end in rng.sample(ends, 3)]
            members += [(name, rng.randbytes(rng.randrange(2000))) for name in names]
        members.insert(rng.randrange(len(members)), (".hidden", b"x"))
        content = tar_of(members)
        files = judge.tar_file_iterator(io.BytesIO(content))
        wanted = [
            {name: value for name, value in sample.items() if name != "__url__"}
            for sample in judge.group_by_keys({**one, "__url__": ""} for one in files)
        ]
        found = [{"__key__": one.key, **one.files} for one in read_samples(io.BytesIO(content))]
        assert [one for one in found if len(one) > 1] == wanted

    def test_a_compressed_tar_is_read_once(self, tree, tmp_path, monkeypatch):
        opened = []
        plain = tars.TarSource.opened
        monkeypatch.setattr(
            tars.TarSource, "opened", lambda self: opened.append(self.name) or plain(self)
        )
        found = list(open_webdataset(packed(tree, tmp_path, "tar.gz", "w:gz")))
        assert len(opened) == 2
        for one in (found[1], found[0], found[3], found[2]):  # as by several threads
            one.load()
        assert len(opened) == 4

    def test_what_is_kept_of_a_compressed_tar_is_little(self, tree, tmp_path, monkeypatch):
        monkeypatch.setattr(tars, "_KEPT", 0)
        monkeypatch.setattr(tars, "_SAMPLES", 1)
        monkeypatch.setattr(tars, "BLOCK", 512)
        corpus = load_corpus(tree)
        text = packed(tree, tmp_path, "tar.gz", "w:gz")
        assert_same_corpus(open_webdataset(text), corpus)
        window = tars._WINDOWS[next(iter(tars._WINDOWS))]
        assert len(window._bytes) < 12_000
        assert_same_corpus(open_webdataset(text), corpus)  # back to the beginning


def bad(**known):
    member = tarfile.TarInfo(known.pop("name", "s1/b.phn"))
    for name, value in known.items():
        setattr(member, name, value)
    return member


def header_of(member, **fields):
    return member.tobuf(tarfile.GNU_FORMAT)


LINKS = {
    "symbolic link": (bad(type=tarfile.SYMTYPE, linkname="/etc/passwd"), "that is a link"),
    "hard link": (bad(type=tarfile.LNKTYPE, linkname="../../x"), "that is a link"),
    "device": (bad(type=tarfile.CHRTYPE, devmajor=1, devminor=5), "that is a device"),
    "pipe": (bad(type=tarfile.FIFOTYPE), "that is a device or a pipe"),
    "sparse": (bad(type=tarfile.GNUTYPE_SPARSE), "that is a sparse file"),
}


class TestHostile:
    def refused(self, tmp_path, content, message, ending="tar"):
        """Check that every way to a tar refuses it in one line, with nothing written."""
        place = tmp_path / f"bad.{ending}"
        place.write_bytes(content)
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(CorpusError, match=message) as caught:
            open_webdataset(place)
        assert str(caught.value).startswith(str(place))
        assert "\n" not in str(caught.value)
        assert sorted(tmp_path.rglob("*")) == before
        return place

    @pytest.mark.parametrize("kind", LINKS)
    def test_what_is_no_file(self, tree, tmp_path, kind):
        member, message = LINKS[kind]
        content = tar_of([*files_of(tree, "s1/a"), member, *files_of(tree, "s2/a")])
        place = self.refused(tmp_path, content, rf"bad\.tar/s1/b\.phn: {message}")
        found = open_webdataset(place, on_error="skip")
        assert [one.id for one in found] == ["s1/a", "s2/a"]
        assert len(found.skipped) == 1
        with pytest.raises(CorpusError, match=message):
            list(read_samples(io.BytesIO(content)))

    @pytest.mark.parametrize(
        "name", ["../x.phn", "s1/../../x.phn", "/etc/x.phn", "s1//x.phn", "../../x.flac"]
    )
    def test_names_that_lead_out(self, tree, tmp_path, name):
        content = tar_of([*files_of(tree, "s1/a"), (name, b"0 1 a\n")])
        place = self.refused(tmp_path, content, "is refused: it leads elsewhere; rename it")
        found = open_webdataset(place, on_error="skip")
        assert [one.id for one in found] == ["s1/a"]
        assert name in found.skipped[0].reason

    def test_a_size_that_is_not_there(self, tree, tmp_path):
        head = header_of(bad(name="s1/b.flac", size=1 << 30))
        content = tar_of(files_of(tree, "s1/a"), end=False) + head + bytes(3000)
        place = self.refused(tmp_path, content, r"cut off within 's1/b\.flac'|end of data")
        found = open_webdataset(place, on_error="skip")
        assert [one.id for one in found] == ["s1/a"]
        self.refused(tmp_path, gzip.compress(content), "unexpected end of data", "tar.gz")

    @pytest.mark.parametrize(
        ("size", "message"),
        [(1 << 40, "more than an utterance can have"), (-512, "negative"), (-1024, "negative")],
    )
    def test_a_size_that_cannot_be(self, tree, tmp_path, size, message):
        member = bad(name="s1/b.flac")
        member.size = 0
        head = bytearray(member.tobuf(tarfile.GNU_FORMAT))
        head[124:136] = tarfile.itn(size, 12, tarfile.GNU_FORMAT)
        head[148:156] = b"        "
        head[148:156] = b"%06o\0 " % sum(head)
        content = tar_of(files_of(tree, "s1/a"), end=False) + bytes(head) + bytes(3000)
        self.refused(tmp_path, content, message)
        self.refused(tmp_path, gzip.compress(content), message, "tar.gz")

    def test_a_tar_that_is_cut_off_anywhere(self, tree, tmp_path):
        whole = tar_of([*files_of(tree, "s1/a"), *files_of(tree, "s1/b")])
        end = len(whole.rstrip(b"\0"))
        for length in (0, 100, 512, 700, 3000, 7168, end // 2, end - 1, end):
            for ending, packed in (
                ("tar", whole[:length]),
                ("tar.gz", gzip.compress(whole[:length])),
                ("tar.gz", gzip.compress(whole)[: length // 3]),
            ):
                self.refused(tmp_path, packed, "bad.tar", ending)

    def test_a_tar_that_ends_between_two_files(self, tree, tmp_path):
        content = tar_of(files_of(tree, "s1/a"), end=False)
        self.refused(tmp_path, content, "cut off or damaged at byte")
        self.refused(tmp_path, gzip.compress(content), "cut off or damaged at byte", "tar.gz")
        with pytest.raises(CorpusError, match="cut off or damaged"):
            list(read_samples(io.BytesIO(content)))

    def test_garbage_after_a_file(self, tree, tmp_path):
        content = tar_of(files_of(tree, "s1/a"), end=False) + b"garbage " * 200
        self.refused(tmp_path, content, "cut off or damaged at byte")
        self.refused(tmp_path, gzip.compress(content), "cut off or damaged at byte", "tar.gz")

    @pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
    def test_a_header_that_would_fill_the_memory(self, tree, tmp_path, kind):
        head = header_of(bad(name="x", size=1 << 26, type=kind))
        content = tar_of(files_of(tree, "s1/a"), end=False) + head + bytes(1 << 26)
        self.refused(tmp_path, content, "a header is larger than 16 MiB")
        self.refused(
            tmp_path, gzip.compress(content, 1), "a header is larger than 16 MiB", "tar.gz"
        )

    def test_nor_is_it_read_at_once(self):
        class Noting(io.BytesIO):
            largest = 0

            def read(self, count=-1):
                self.largest = max(self.largest, count)
                return super().read(count)

        head = header_of(bad(name="x", size=1 << 40, type=tarfile.XHDTYPE))
        content = Noting(head + bytes(3000))
        with pytest.raises(CorpusError, match="a header is larger than 16 MiB"):
            list(tar_members.TarReader(content, "a", seeks=True).members())
        assert content.largest <= tarfile.RECORDSIZE

    @pytest.mark.parametrize(
        "content",
        [b"", b"not a tar" * 200, gzip.compress(b"no", mtime=0)],
        ids=["empty", "text", "compressed"],
    )
    def test_what_is_no_tar(self, tmp_path, content):
        self.refused(tmp_path, content, "not readable as a tar")

    def test_compressed_twice(self, tree, tmp_path):
        content = gzip.compress(gzip.compress(tar_of(files_of(tree, "s1/a"))))
        self.refused(tmp_path, content, "not readable as a tar")

    def test_damage_within_the_compression(self, tree, tmp_path):
        content = bytearray(gzip.compress(tar_of(files_of(tree, "s1/a"))))
        content[len(content) // 2] ^= 0xFF
        self.refused(tmp_path, bytes(content), "not readable as a tar", "tar.gz")

    def test_files_that_stand_twice(self, tree, tmp_path):
        one, other = files_of(tree, "s1/a"), files_of(tree, "s1/b")
        self.refused(tmp_path, tar_of([*one, one[1]]), r"s1/a\.phn: sample 's1/a' has it twice")
        content = tar_of([*one, *other, *one])
        self.refused(tmp_path, content, "don't follow each other, or it stands twice")
        two_audio = [("s1/a.x.flac", one[0][1]), ("s1/a.y.flac", one[0][1]), one[1]]
        self.refused(tmp_path, tar_of(two_audio), r"as 'a\.x\.flac' too; keep one")

    def test_files_of_a_sample_that_do_not_follow_each_other(self, tree, tmp_path):
        one, other = files_of(tree, "s1/a"), files_of(tree, "s1/b")
        content = tar_of([one[0], other[0], one[1], other[1]])
        self.refused(tmp_path, content, r"s1/a\.phn: the files of sample 's1/a' don't follow")

    def test_a_sample_in_two_tars(self, tree, tmp_path):
        places = [pack(tree, tmp_path / f"{n}.tar", NAMES[n : n + 2]) for n in (0, 1)]
        with pytest.raises(CorpusError, match=rf"^{places[1]}: sample 's1/b' is in {places[0]}"):
            open_webdataset(places)
        found = open_webdataset(places, on_error="skip")
        assert [one.id for one in found] == ["s1/a", "s1/b", "s2/a"]
        assert len(found.skipped) == 1

    @pytest.mark.parametrize(
        "about", [b"[1]", b"{", b'{"speaker": 3}', b'{"sex": "x"}', b"[" * 10**5, b" " * 2**21]
    )
    def test_json_that_says_nothing(self, tree, tmp_path, about):
        content = tar_of([*files_of(tree, "s1/a"), ("s1/a.json", about)])
        self.refused(tmp_path, content, r"s1/a\.json: ")

    def test_what_is_wrong_with_a_file_names_tar_and_file(self, tree, tmp_path):
        (tree / "s1" / "b.phn").write_text("0 800 aa\n900 x s\n")
        audio = tree / "s2" / "a.flac"
        audio.write_bytes(audio.read_bytes()[:-100])
        corpus = open_webdataset(packed(tree, tmp_path))
        with pytest.raises(CorpusError, match=rf"^{tmp_path}/speech-000\.tar/s1/b\.phn:2: "):
            corpus["s1/b"].load()
        with pytest.raises(CorpusError, match=rf"^{tmp_path}/speech-001\.tar/s2/a\.flac: "):
            corpus["s2/a"].load()

    def test_a_tar_that_has_gone_or_shrunk(self, tree, tmp_path):
        corpus = open_webdataset(packed(tree, tmp_path))
        (tmp_path / "speech-000.tar").write_bytes(b"x" * 600)
        (tmp_path / "speech-001.tar").unlink()
        with pytest.raises(CorpusError, match=r"speech-000\.tar: it is cut off at byte"):
            corpus["s1/a"].load()
        with pytest.raises(CorpusError, match=r"speech-001\.tar: no such tar"):
            corpus["s2/a"].load()


def test_keys_of_strange_names():
    assert key_of("a/.b") is None
    assert key_of("a") is None
    assert key_of(".a.wav") is None
    assert key_of("__x__/a.wav") is None
    assert key_of("a.b/c.d.e") == ("a.b/c", "d.e")
    assert key_of("a/c.") == ("a/c", "")


def test_limits_are_there():
    assert tar_members._MOST > 1_000_000
    assert tar_listing._LARGEST_JSON == 1 << 20

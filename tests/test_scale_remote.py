"""A cluster gives the rows of a folder for corpora that are elsewhere, and for those in tars."""

from __future__ import annotations

import shutil

import pytest
from quick_clusters import quiet_clusters
from remote_trees import put
from shards_of_tables import assert_same_table

from sfvq_analysis import demo_corpus, fit_sfvq, index_table, load_corpus, load_encoder
from sfvq_analysis.corpus import open_webdataset
from sfvq_analysis.corpus.remote import tars
from sfvq_analysis.errors import CorpusError
from sfvq_analysis.pipeline import IndexOptions, sample_features
from sfvq_analysis.scale import ScaleError, along_tars, index_dataset
from sfvq_analysis.scale.ledger import read_lines
from sfvq_analysis.stores import Store

SHARDS = 0.002  # hours

pytestmark = quiet_clusters


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Some of the demo corpus, in folders of speakers."""
    root = tmp_path_factory.mktemp("here") / "speech"
    for one in demo_corpus().select(speaker=["fslt0", "mrms0"]):
        (root / one.speaker).mkdir(parents=True, exist_ok=True)
        for path in (one.audio_path, *one.label_paths.values()):
            shutil.copy(path, root / one.speaker)
    return root


@pytest.fixture(scope="module")
def curve(tree):
    features = sample_features(load_corpus(tree), load_encoder("mel"), max_frames=2000, seed=0)
    return fit_sfvq(features, bits=4, seed=0)


@pytest.fixture(scope="module")
def wanted(tree, curve):
    return index_table(load_corpus(tree), load_encoder("mel"), curve)


@pytest.fixture
def url(tree, tmp_path):
    place = put(tree, f"memory://{tmp_path.name}/speech")
    yield place
    Store.at(f"memory://{tmp_path.name}").clear()


@pytest.fixture
def index(client, curve, tmp_path):
    def made(corpus, **known):
        known = {"shard_hours": SHARDS, "client": client, **known}
        return index_dataset(corpus, load_encoder("mel"), curve, tmp_path / "out", **known)

    yield made
    tars.close_tars()


def in_tars(tree, tmp_path, names_of):
    """Pack utterances in tars, each of those that `names_of` gives a name."""
    import tarfile

    places = {}
    for path in sorted(one for one in tree.rglob("*") if one.is_file()):
        below = path.relative_to(tree).as_posix()
        places.setdefault(names_of(below.partition(".")[0]), []).append((path, below))
    for name, members in places.items():
        with tarfile.open(tmp_path / name, "w:gz" if name.endswith("gz") else "w") as tar:
            for path, below in members:
                tar.add(path, below)
    return [tmp_path / name for name in sorted(places)]


class TestRemote:
    def test_rows_are_those_of_the_folder(self, index, url, wanted):
        found = index(load_corpus(url))
        assert len(found) > 3
        assert_same_table(found.load(), wanted)
        assert found.provenance == wanted.provenance

    def test_only_shards_of_files_that_changed_are_made_again(self, index, url, tmp_path):
        index(load_corpus(url))
        before = read_lines(Store.at(tmp_path / "out"))
        labels = Store.at(url).read("fslt0/sa1.phn")
        Store.at(url).write("fslt0/sa1.phn", labels.replace(b"h#", b"pau", 1))
        table = index(load_corpus(url)).load()
        after = read_lines(Store.at(tmp_path / "out"))
        assert [number for number in before if before[number] != after[number]] == [0]
        assert table.segments["label"].iloc[0] == "pau"

    def test_a_place_that_cannot_be_reached_is_tried_again(self, index, url, wanted, monkeypatch):
        corpus, failures, parts = load_corpus(url), [], Store.parts

        def failing(self, names, spans):
            if "fslt0/si1202.wav" in names and spans[0] == (None, None) and len(failures) < 3:
                failures.append(names)
                raise self._failed(names[0], TimeoutError("too late"))
            return parts(self, names, spans)

        monkeypatch.setattr(Store, "parts", failing)
        options = IndexOptions(on_error="skip")
        assert_same_table(index(corpus, options=options).load(), wanted)
        assert len(failures) == 3

    def test_if_it_never_can_be_that_is_said(self, index, url, monkeypatch):
        corpus, parts = load_corpus(url), Store.parts

        def failing(self, names, spans):
            if spans[0] == (None, None) and "mrms0/sa1.wav" in names:
                raise self._failed(names[0], TimeoutError("too late"))
            return parts(self, names, spans)

        monkeypatch.setattr(Store, "parts", failing)
        with pytest.raises(ScaleError, match=r"1 shards failed, the first, .*can't be reached"):
            index(corpus, options=IndexOptions(on_error="skip"))

    def test_bad_speech_is_skipped_as_in_a_folder(self, index, tree, url, curve, tmp_path):
        shutil.copytree(tree, tmp_path / "speech")
        bad = (tmp_path / "speech" / "fslt0" / "sa2.phn", "fslt0/sa2.phn")
        bad[0].write_text("nonsense\n")
        Store.at(url).write(bad[1], b"nonsense\n")
        options = IndexOptions(on_error="skip")
        table = index_table(load_corpus(tmp_path / "speech"), load_encoder("mel"), curve, options)
        found = index(load_corpus(url), options=options)
        assert_same_table(found.load(), table)
        assert found.provenance == table.provenance
        assert len(found.provenance["skipped"]) == 1


class TestWebdataset:
    def test_every_tar_is_a_shard(self, index, tree, wanted, tmp_path, monkeypatch):
        monkeypatch.setattr(along_tars, "FEWEST_SECONDS", 1.0)
        places = in_tars(tree, tmp_path, lambda name: f"speech-{'fm'.index(name[0])}.tar")
        found = index(open_webdataset(places), shard_hours=None)
        assert [shard.first for shard in found.shards] == ["fslt0/sa1", "mrms0/sa1"]
        assert_same_table(found.load(), wanted)
        assert found.provenance == wanted.provenance

    def test_short_tars_are_put_together(self, tree, tmp_path):
        corpus = open_webdataset(
            in_tars(tree, tmp_path, lambda name: f"speech-{'fm'.index(name[0])}.tar")
        )
        n_first = len(corpus) // 2
        assert along_tars.cuts_along_tars(corpus, [1.0] * len(corpus)) == [slice(0, len(corpus))]
        assert along_tars.cuts_along_tars(corpus, [180.0] * len(corpus)) == [
            slice(0, n_first),
            slice(n_first, len(corpus)),
        ]
        long = along_tars.cuts_along_tars(corpus, [1800.0] * len(corpus))
        assert [part.stop - part.start for part in long] == [2] * (len(corpus) // 2)

    def test_compressed_tars_are_not_cut(self, tree, tmp_path):
        corpus = open_webdataset(in_tars(tree, tmp_path, lambda _: "speech.tar.gz"))
        found = along_tars.cuts_along_tars(corpus, [1800.0] * len(corpus))
        assert found == [slice(0, len(corpus))]

    @pytest.mark.parametrize("ending", ["tar", "tar.gz"])
    def test_shuffled_tars_give_the_same_rows(self, index, tree, wanted, tmp_path, ending):
        places = in_tars(tree, tmp_path, lambda name: f"speech-{sum(map(ord, name)) % 3}.{ending}")
        corpus = open_webdataset(places)
        assert along_tars.cuts_along_tars(corpus, [60.0] * len(corpus)) is None
        assert_same_table(index(corpus).load(), wanted)

    def test_a_corpus_in_a_folder_has_no_tars(self, tree):
        assert along_tars.cuts_along_tars(load_corpus(tree), [1.0] * 12) is None

    def test_what_is_wrong_names_tar_and_file(self, index, tree, tmp_path):
        shutil.copytree(tree, tmp_path / "speech")
        (tmp_path / "speech" / "fslt0" / "sa2.phn").write_text("nonsense\n")
        places = in_tars(tmp_path / "speech", tmp_path, lambda _: "speech.tar")
        with pytest.raises(CorpusError, match=r"speech\.tar/fslt0/sa2\.phn:1: "):
            index(open_webdataset(places))

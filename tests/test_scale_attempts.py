"""`scale.attempts`: how often a shard was begun, and where its workers died."""

from __future__ import annotations

import pytest
from waiting_encoder import NotingEncoder

from sfvq_analysis import demo_corpus, fit_sfvq, index_table, load_encoder
from sfvq_analysis.errors import CorpusError
from sfvq_analysis.phones import PhoneInventory
from sfvq_analysis.pipeline import IndexOptions, sample_features
from sfvq_analysis.scale.attempts import Attempts
from sfvq_analysis.scale.job import IndexJob
from sfvq_analysis.scale.ledger import read_lines
from sfvq_analysis.scale.shard_work import index_shard
from sfvq_analysis.scale.sharding import Shard
from sfvq_analysis.stores import Store
from sfvq_analysis.tables.shard_files import read_shard
from sfvq_analysis.tables.storage import table_of


@pytest.fixture(scope="module")
def corpus():
    return demo_corpus().select(speaker="fslt0")


@pytest.fixture(scope="module")
def curve(corpus):
    return fit_sfvq(sample_features(corpus, load_encoder("mel"), max_frames=900, seed=0), bits=3)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "attempts"


def test_the_first_is_not_careful_and_the_second_is(path):
    assert not Attempts(path).is_careful
    second = Attempts(path)
    assert second.is_careful
    assert (second.count, second.suspects) == (2, set())


def test_who_dies_at_an_utterance_leaves_a_suspect(path, corpus):
    one, other = corpus.utterances[:2]
    attempts = Attempts(path)
    assert attempts.refused(one) == ""
    assert attempts.refused(other) == ""
    assert Attempts(path).suspects == {other.id}


def test_who_ends_otherwise_leaves_none(path, corpus):
    attempts = Attempts(path)
    attempts.refused(corpus.utterances[0])
    attempts.survived()
    assert Attempts(path).suspects == set()


def test_after_five_deaths_it_is_refused(path, corpus):
    one = corpus.utterances[0]
    for _ in range(5):
        assert Attempts(path).refused(one) == ""
    attempts = Attempts(path)
    assert attempts.refused(one) == "5 workers died at it"
    assert attempts.refused(corpus.utterances[1]) == ""


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"{" * 10**5])
def test_a_damaged_file_is_as_none(path, content):
    path.write_bytes(content)
    assert Attempts(path).count == 1


@pytest.fixture
def job(corpus, curve, tmp_path):
    def made(on_error, log="log"):
        return IndexJob(
            NotingEncoder(tmp_path / log),
            {"": curve},
            IndexOptions(on_error=on_error),
            PhoneInventory(),
            Store.at(tmp_path / "out"),
            "key",
        )

    return made


def attempts_of(job, shard, corpus, at):
    """Let five workers die at an utterance of a shard."""
    job.work_folder().mkdir(parents=True)
    for _ in range(6):
        found = Attempts(job.work_folder() / f"{shard.number:06d}-{shard.stamp[:16]}.attempts")
        found.refused(corpus.utterances[at])
    return found


@pytest.mark.parametrize("at", [0, 2, 5])
def test_a_shard_goes_on_without_the_utterance_that_kills(job, corpus, curve, at):
    own, shard = job("skip"), Shard(0, corpus, 1.0, "stamp")
    attempts_of(own, shard, corpus, at)
    line = index_shard(own, shard)
    killer = corpus.utterances[at].id
    assert [name for name, _ in line.skipped] == [killer]
    assert line.attempts == 7
    found = table_of(
        {n: read_shard(own.store, n, 0) for n in ("utterances", "segments", "frames")}, ""
    )
    others = corpus.select(id=[u.id for u in corpus if u.id != killer])
    wanted = index_table(others, load_encoder("mel"), curve)
    assert found.frames["codeword"].tolist() == wanted.frames["codeword"].tolist()
    assert not list(own.work_folder().iterdir())


def test_or_says_so(job, corpus):
    own, shard = job("raise"), Shard(0, corpus, 1.0, "stamp")
    attempts_of(own, shard, corpus, 2)
    with pytest.raises(CorpusError, match=rf"{corpus.utterances[2].id}.*5 workers died at it"):
        index_shard(own, shard)
    assert read_lines(own.store) == {}


def test_suspects_wait_for_the_others(job, corpus):
    own, shard = job("skip"), Shard(0, corpus, 1.0, "stamp")
    own.work_folder().mkdir(parents=True)
    for _ in range(2):
        found = Attempts(own.work_folder() / f"{shard.number:06d}-{shard.stamp[:16]}.attempts")
    found.refused(corpus.utterances[1])
    index_shard(own, shard)
    lengths = [len(utterance.load().audio) for utterance in corpus]
    assert own.encoder.begun() == [*lengths[:1], *lengths[2:], lengths[1]]

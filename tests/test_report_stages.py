"""The stages of a curve, read in the same pass, written inside its table and found there."""

from __future__ import annotations

import numpy as np
import pytest

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, load_table
from sfvq_analysis.errors import OptionError
from sfvq_analysis.quantizers import PlainVQ, SpaceFillingVQ
from sfvq_analysis.report.stages import load_stages, parted, table_folders, with_stages

BITS = [2, 3, 4, 5, 6, 7]


@pytest.fixture(scope="module")
def read():
    quantizers = demo_quantizers()
    corpus = demo_corpus().select(speaker="fslt0")
    encoder = load_encoder("vqvae")
    found = index_table(corpus, encoder, with_stages(quantizers))
    return (corpus, encoder, quantizers), *parted(found, quantizers)


def test_stages_of_curves_are_added_by_name_and_taken_apart_again(read):
    (_, _, quantizers), tables, stages = read
    assert list(with_stages(quantizers)) == ["sfvq", "vq", *(f"sfvq.bits{bits}" for bits in BITS)]
    assert list(tables) == ["sfvq", "vq"]
    assert {name: list(of) for name, of in stages.items()} == {"sfvq": BITS}
    assert [stages["sfvq"][bits].codebook_size for bits in BITS] == [2**bits for bits in BITS]


def test_a_stage_is_read_as_its_own_curve_would_be(read):
    (corpus, encoder, quantizers), _, stages = read
    corners = quantizers["sfvq"].stages[1]
    alone = index_table(corpus, encoder, SpaceFillingVQ(corners), _unmatched())
    np.testing.assert_array_equal(alone.frames["codeword"], stages["sfvq"][3].frames["codeword"])


def _unmatched():
    from sfvq_analysis.pipeline import IndexOptions

    return IndexOptions(allow_mismatch=True)


def test_a_name_taken_twice_is_refused():
    curve = demo_quantizers()["sfvq"]
    with pytest.raises(OptionError, match=r"'a.bits3' is a quantizer and the stage of another"):
        with_stages({"a": curve, "a.bits3": PlainVQ(np.eye(8))})


def test_what_is_saved_inside_a_table_is_found_there(read, tmp_path):
    (_, _, quantizers), tables, stages = read
    tables["sfvq"].save(tmp_path / "sfvq")
    assert load_stages(tmp_path / "sfvq", tables["sfvq"]) == {}
    folders = table_folders(quantizers, tmp_path)
    assert folders["sfvq"] == tmp_path / "sfvq"
    for bits, stage in stages["sfvq"].items():
        stage.save(folders[f"sfvq.bits{bits}"])
    (tmp_path / "sfvq" / "bits").mkdir()  # not one of ours
    found = load_stages(tmp_path / "sfvq", load_table(tmp_path / "sfvq"))
    assert sorted(found) == BITS
    assert found[3].frames.equals(stages["sfvq"][3].frames)


def test_the_stage_of_another_codebook_is_refused(read, tmp_path):
    _, tables, stages = read
    tables["vq"].save(tmp_path / "vq")
    stages["sfvq"][3].save(tmp_path / "vq" / "bits3")
    with pytest.raises(OptionError, match="bits3: it is a stage of codebook"):
        load_stages(tmp_path / "vq", tables["vq"])

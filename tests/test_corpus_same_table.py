"""One corpus in every label format gives one table."""

import numpy as np
import pandas as pd
import pytest
import soundfile
from written_labels import BESIDE, FOR_ALL

from sfvq_analysis import index_table, load_corpus, load_encoder, scan_corpus
from sfvq_analysis.quantizers import SpaceFillingVQ

RATE = 16000


@pytest.fixture(scope="module")
def speech():
    """Return audio and labels, on whole milliseconds, of two utterances of the demo corpus."""
    made = {}
    for utterance in load_corpus("demo").select(speaker="fslt0").utterances[:2]:
        audio, _, tiers = utterance.load()
        edges = [round(segment.start * 1000 / RATE) for segment in tiers["phone"]]
        names = [segment.label for segment in tiers["phone"]]
        stops = [*edges[1:], len(audio) * 1000 // RATE]
        made[utterance.sentence] = audio, list(zip(edges, stops, names, strict=True))
    return made


@pytest.fixture(scope="module")
def table_of(speech):
    """Return the index table of a tree that is labelled in one way."""
    encoder = load_encoder("mel")
    rng = np.random.default_rng(0)
    quantizer = SpaceFillingVQ(rng.normal(size=(16, encoder.dim)))

    def made(root, labels):
        for name, (audio, segments) in speech.items():
            (root / "audio").mkdir(parents=True, exist_ok=True)
            soundfile.write(root / "audio" / f"{name}.wav", audio, RATE, subtype="FLOAT")
            if labels in BESIDE:
                suffix, written = BESIDE[labels]
                place = root / "audio" / f"{name}{suffix}"
                place.write_text(written(segments), encoding="utf-8")
        shared = None
        if labels in FOR_ALL:
            shared = root / f"all.{labels}"
            of_all = {name: segments for name, (_, segments) in speech.items()}
            shared.write_text(FOR_ALL[labels](of_all), encoding="utf-8")
        corpus = scan_corpus(root / "audio", labels, label_place=shared)
        return index_table(corpus, encoder, quantizer)

    return made


def test_labels_of_every_format_give_the_same_table(table_of, tmp_path):
    tables = {name: table_of(tmp_path / name, name) for name in (*BESIDE, *FOR_ALL)}
    first = tables["phn"]
    assert first.frames["phone"].notna().all()
    for table in tables.values():
        for part in ("utterances", "segments", "frames"):
            pd.testing.assert_frame_equal(getattr(table, part), getattr(first, part))
        assert table.inventory == first.inventory

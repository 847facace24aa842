from itertools import pairwise

import numpy as np
from made_tables import Said, made_table, no_frames, nothing_labelled, random_table

from sfvq_analysis.phones import PHONE_GROUPS
from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.labels.labelled_minutes import LabelledSpeech

SECONDS = 0.1  # a frame of the made tables


def _minutes(n_frames):
    return n_frames * SECONDS / 60


def _counts(table, frames):
    found = np.zeros((8, table.codebook_size), dtype=int)
    for row in frames:
        frame = table.frames.iloc[row]
        group = frame["phone_group"]
        found[PHONE_GROUPS.index(group) if group in PHONE_GROUPS else 7, frame["codeword"]] += 1
    return found


def test_a_lot_is_what_walking_through_the_order_gives():
    table = random_table(4, n_utterances=9)
    speech = LabelledSpeech.of(table)
    speaker = table.utterances["speaker"].to_list()
    utterance_of = table.frames["utterance"].cat.codes.to_numpy()
    assert (speech.unit, speech.n_units) == ("speaker", 3)
    for order in speech.orders(20, Inference()):
        assert sorted(order) == list(range(9))
        spoken = [speaker[at] for at in order]
        assert len([1 for a, b in pairwise(spoken) if a != b]) == 2
        walked = [row for at in order for row in np.flatnonzero(utterance_of == at)]
        for wanted in (1, 7, len(walked) // 2):
            lot = speech.lot(order, _minutes(wanted))
            assert lot.frames.tolist() == walked[:wanted]
            touched = {speaker[utterance_of[row]] for row in lot.frames}
            assert lot.n_touched == len(touched)
            others = [
                row for row in range(len(walked)) if speaker[utterance_of[row]] not in touched
            ]
            np.testing.assert_array_equal(lot.fitted, _counts(table, lot.frames))
            np.testing.assert_array_equal(lot.read, _counts(table, others))
            grouped = [row for row in others if table.frames["phone_group"].notna()[row]]
            assert speech.others(lot).tolist() == grouped


def test_more_minutes_hold_the_fewer_and_orders_differ():
    speech = LabelledSpeech.of(random_table(2, n_utterances=9))
    orders = speech.orders(10, Inference())
    assert len({tuple(order) for order in orders}) > 5
    few, many = (speech.lot(orders[0], _minutes(n)).frames for n in (5, 12))
    assert many[:5].tolist() == few.tolist()
    again = speech.orders(10, Inference())
    assert all(np.array_equal(*pair) for pair in zip(orders, again, strict=True))


def test_what_is_lacking():
    assert LabelledSpeech.of(no_frames()).lacks(1) == "no frame has a group"
    assert LabelledSpeech.of(nothing_labelled()).lacks(1) == "no frame has a group"
    alone = LabelledSpeech.of(made_table([Said("u", [("s", [1, 2])])]))
    assert alone.lacks(0.001) == "one utterance: nobody else to read"
    two = LabelledSpeech.of(made_table([Said("u", [("s", [1, 2])]), Said("v", [("s", [1])])]))
    assert (two.unit, two.lacks(_minutes(3))) == ("utterance", "")
    assert two.lacks(1) == "the table has 0.005 minutes"

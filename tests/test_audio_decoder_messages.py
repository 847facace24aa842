import os

import pytest

from sfvq_analysis.audio.decoder_messages import heeded_messages
from sfvq_analysis.errors import CorpusError

DAMAGE = b"[src/libmpg123/layer3.c:1] error: part2_3_length too large\n"


def test_others_are_passed_on_and_notes_are_not(capfd):
    with heeded_messages():
        os.write(2, b"Note: resync\nof others\n")
    assert capfd.readouterr().err == "of others\n"


def test_an_error_of_the_decoder_is_a_refusal(capfd):
    with pytest.raises(CorpusError, match="part2_3_length too large"), heeded_messages():
        os.write(2, b"of others\n" + DAMAGE)
    assert capfd.readouterr().err == "of others\n"


def test_nothing_of_others_is_lost_when_the_block_fails(capfd):
    with pytest.raises(TypeError), heeded_messages():
        os.write(2, b"of others\n" + DAMAGE) + None
    assert capfd.readouterr().err == "of others\n"

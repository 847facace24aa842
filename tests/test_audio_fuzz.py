import fuzz_audio
import pytest


@pytest.mark.parametrize("seed", [0, 1])
def test_no_damaged_file_raises_hangs_or_plays_what_could_be_told(seed, tmp_path):
    outcomes = fuzz_audio.fuzz(seed, 700, tmp_path, seconds=0)
    assert sum(outcomes.values()) == 700
    by_result = dict.fromkeys(("refused", "whole", "other"), 0)
    for (*_, result), count in outcomes.items():
        by_result[result] += count
    assert min(by_result.values()) > 50


def test_mutants_are_the_same_for_the_same_seed():
    def damaged(seed):
        # libsndfile writes the time into some formats and a random number into Ogg
        made = fuzz_audio.mutants(seed, 60)
        return [(*what, octets) for *what, octets in made if what[0] == ("WAV", "PCM_16")]

    assert damaged(3) == damaged(3)
    assert damaged(3) != damaged(4)

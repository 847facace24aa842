from sfvq_analysis.stats.inference import Inference
from sfvq_analysis.stats.inference.reasons import joined, no_interval, no_null


def test_reasons_are_joined_once_each():
    assert joined("", "a", "b", "a") == "a; b"
    assert joined("", "") == ""


def test_why_there_is_no_interval_or_null():
    assert no_interval("speaker", 1, Inference()) == "one speaker: no interval"
    assert no_interval("utterance", 0, Inference()) == "no utterance: no interval"
    assert no_interval("speaker", 2, Inference()) == ""
    assert no_interval("speaker", 2, Inference(n_bootstraps=0)) == "no resampling was asked for"
    assert no_null(Inference()) == ""
    assert no_null(Inference(n_permutations=0)) == "no permutation was asked for"

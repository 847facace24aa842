import math
import pickle

import pytest

from sfvq_analysis import errors
from sfvq_analysis.errors import (
    CorpusError,
    OptionError,
    SfvqError,
    check_between,
    check_count,
    check_option,
    listed,
    told,
    unknown_option,
)


@pytest.mark.parametrize(
    ("where", "remedy", "message"),
    [
        (None, None, "file is empty"),
        ("sa1.phn", None, "sa1.phn: file is empty"),
        (None, "restore it", "file is empty; restore it"),
        ("sa1.phn", "restore it", "sa1.phn: file is empty; restore it"),
    ],
)
def test_message_is_place_cause_remedy(where, remedy, message):
    assert str(SfvqError("file is empty", where=where, remedy=remedy)) == message


def test_message_is_one_line_whatever_its_parts_hold():
    error = SfvqError("bad\nlabel", where="a\r\nb.phn", remedy="mend\n\n it")
    assert str(error) == r"a\r\nb.phn: bad label; mend it"


def test_at_puts_places_in_front_and_keeps_the_kind():
    inner = CorpusError("line is 'x'", remedy="mend it")
    placed = inner.at("sa1.phn:3").at("utterance fcjf0_sa1")
    assert type(placed) is CorpusError
    assert str(placed) == "utterance fcjf0_sa1: sa1.phn:3: line is 'x'; mend it"
    assert str(inner) == "line is 'x'; mend it"


@pytest.mark.parametrize(
    "kind",
    ["OptionError", "CorpusError", "EncoderError", "QuantizerError", "VoiceError", "TableError"],
)
def test_every_kind_is_caught_as_sfvq_error_and_as_value_error(kind):
    error = getattr(errors, kind)("no")
    assert isinstance(error, SfvqError)
    assert isinstance(error, ValueError)


def test_errors_survive_pickling():
    error = pickle.loads(pickle.dumps(CorpusError("no", where="a.wav", remedy="yes")))  # noqa: S301
    assert type(error) is CorpusError
    assert str(error) == "a.wav: no; yes"


def test_unknown_option_names_parameter_value_and_options():
    error = unknown_option("rule", "middle", ("centre", "majority"))
    assert type(error) is OptionError
    assert str(error) == "rule is 'middle'; use one of 'centre', 'majority'"


def test_check_option_passes_options_and_refuses_the_rest():
    check_option("rule", "centre", ("centre", "majority"))
    with pytest.raises(OptionError, match="rule is 'Centre'; use one of 'centre', 'majority'"):
        check_option("rule", "Centre", ("centre", "majority"))


@pytest.mark.parametrize(("value", "at_least"), [(1, 1), (0, 0), (10**30, 1), (-3, -3)])
def test_check_count_passes_integers_that_are_large_enough(value, at_least):
    check_count("channels", value, at_least)


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True, math.nan, [1]])
def test_check_count_refuses_the_rest(value):
    with pytest.raises(OptionError) as caught:
        check_count("channels", value)
    assert str(caught.value) == f"channels is {value!r}; use an integer >= 1"


def test_check_count_says_how_few_are_enough():
    with pytest.raises(OptionError, match="seed is -1; use an integer >= 0"):
        check_count("seed", -1, at_least=0)


@pytest.mark.parametrize("value", [0, 0.0, 0.5, 1, 1.0])
def test_check_between_passes_both_ends_and_what_is_within(value):
    check_between("jitter", value, 0, 1)


@pytest.mark.parametrize("value", [-1e-9, 1.001, math.nan, math.inf, -math.inf, "0", None, True])
def test_check_between_refuses_the_rest(value):
    with pytest.raises(OptionError) as caught:
        check_between("jitter", value, 0, 1)
    assert str(caught.value) == f"jitter is {value!r}; use a number from 0 to 1"


@pytest.mark.parametrize("value", [-0.5, math.inf, math.nan])
def test_check_between_without_an_upper_end(value):
    check_between("clip", 1e300, 0.25)
    with pytest.raises(OptionError) as caught:
        check_between("clip", value, 0.25)
    assert str(caught.value) == f"clip is {value!r}; use a number >= 0.25"


def test_a_place_no_path_can_be_is_cut():
    assert len(str(SfvqError("no", where="x" * 10_000))) < 300
    assert str(SfvqError("no", where="x" * 4000)) == f"{'x' * 4000}: no"


def test_what_others_say_is_one_short_line_even_if_they_cannot_say_it():
    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError

    assert told(MuteError()) == "MuteError: unprintable"
    assert told(OSError("a\n b" + "x" * 10_000), at_most=8) == "OSError: a bxxxx…"


def test_names_are_listed_and_those_left_out_marked():
    assert listed({"a\n": 1}) == r"'a\n'"
    assert listed([str(n) for n in range(9)]).endswith("'7', …")

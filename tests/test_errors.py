import pickle

import pytest

from sfvq_analysis import errors
from sfvq_analysis.errors import (
    CorpusError,
    OptionError,
    SfvqError,
    check_option,
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
    assert str(error) == "a b.phn: bad label; mend it"


def test_at_puts_places_in_front_and_keeps_the_kind():
    inner = CorpusError("line is 'x'", remedy="mend it")
    placed = inner.at("sa1.phn:3").at("utterance fcjf0_sa1")
    assert type(placed) is CorpusError
    assert str(placed) == "utterance fcjf0_sa1: sa1.phn:3: line is 'x'; mend it"
    assert str(inner) == "line is 'x'; mend it"


@pytest.mark.parametrize(
    "kind", ["OptionError", "CorpusError", "EncoderError", "QuantizerError", "TableError"]
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

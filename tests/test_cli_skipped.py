"""What a command says of utterances that were left out."""

from sfvq_analysis.cli.resolving import LISTED, echo_skipped


def test_all_are_named_where_they_are_few_or_have_reasons_of_their_own(capsys):
    skipped = [(f"u{i}", f"reason {i}") for i in range(3 * LISTED)]
    skipped += [(f"v{i}", "the same") for i in range(LISTED)]
    echo_skipped(skipped)
    said = capsys.readouterr().out.splitlines()
    assert said == [f"  skipped {name}: {reason}" for name, reason in skipped]


def test_of_one_reason_the_first_are_named_and_the_others_counted(capsys):
    skipped = [(f"u{i}", "no labels") for i in range(LISTED + 1234)]
    echo_skipped([*skipped[:30], ("w", "other"), *skipped[30:]])
    said = capsys.readouterr().out.splitlines()
    assert said[:LISTED] == [f"  skipped {name}: no labels" for name, _ in skipped[:LISTED]]
    assert said[LISTED:] == ["  skipped w: other", "  skipped 1,234 more: no labels"]

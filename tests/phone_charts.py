"""Charts of labels by group, and the check that a phone set groups them so."""


def assert_grouped_as(phone_set, chart):
    """Assert that every label of a chart (labels by group, parted by spaces) is in its group."""
    found = {
        group: {label for label in labels.split() if phone_set.entry(label).group != group}
        for group, labels in chart.items()
    }
    assert found == {group: set() for group in chart}
    known = {label for labels in chart.values() for label in labels.split()}
    assert {label for label in known if phone_set.entry(label).how == "unknown"} == set()

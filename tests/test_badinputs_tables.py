"""Folders of the kit to tables: each the value or the refusal that was written down."""

import pytest
from badinputs.kits import kit, run
from badinputs.make_kit import cases_of

CASES = cases_of("index", "command")
__all__ = ["kit"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case, kit):
    run(case, kit)

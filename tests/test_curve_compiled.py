"""`curve.compiled`: how inner loops are compiled."""

from __future__ import annotations

from sfvq_analysis.curve import compiled


def test_without_a_folder_for_the_cache_loops_are_compiled_all_the_same(monkeypatch):
    made = []

    def njit(*, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        made.append(options)
        return lambda function: function

    monkeypatch.setattr(compiled, "njit", njit)
    assert compiled.compiled(len) is len
    assert made[0]["nogil"]
    assert "nnan" not in made[0]["fastmath"]

"""The kit of malformed and awkward inputs itself: large, mixed, and the same every time."""

import os
from collections import Counter
from pathlib import Path

from badinputs.case import Made
from badinputs.make_kit import cases_of, listed, make

CASES = cases_of()


def test_is_large_and_mixed():
    fine = [case for case in CASES if case.value is not None]
    assert len(CASES) >= 300
    assert len(fine) >= len(CASES) / 4
    assert all(case.value is not None or case.refusal is not None for case in CASES)


def test_every_case_is_in_one_test_module():
    calls = {"read_audio", "read_labels", "load_quantizer", "read_latents"}
    assert {case.call for case in CASES} == calls | {"scan", "load", "index", "command"}


def test_is_made_of_the_same_bytes_every_time(tmp_path):
    again = {case.name: case for case in cases_of()}
    for case in CASES:
        for name, content in case.files.items():
            if not isinstance(content, Made):
                assert again[case.name].files[name] == content, (case.name, name)
    few = tuple(case for case in CASES if any(isinstance(c, Made) for c in case.files.values()))
    written = []
    for _ in range(2):
        folder = tmp_path / "kit"
        make(folder, few)
        written.append({p: p.read_bytes() for p in folder.rglob("*") if p.is_file()})
        folder.rename(tmp_path / f"kit{len(written)}")
    assert written[0] == written[1]
    assert len(written[0]) >= len(few)


def test_paths_stay_below_their_case(tmp_path):
    for case in CASES:
        for name in case.files:
            path = Path(os.path.normpath(tmp_path / case.name / name))
            assert tmp_path / case.name in path.parents


def test_list_has_a_line_a_case():
    lines = listed().splitlines()
    assert len(lines) >= len(CASES)
    assert Counter(line.split("\t")[0] for line in lines).keys() >= {case.name for case in CASES}

import fuzz_labels
import pytest

from sfvq_analysis.labels import htk
from sfvq_analysis.labels.entries import LabelTier

FEW = range(300)


@pytest.mark.parametrize("name", fuzz_labels.SEEDS)
def test_mutants_are_read_soundly_or_refused_in_one_line(name, tmp_path):
    problems, n_read = fuzz_labels.run(name, FEW, tmp_path)
    assert problems == []
    assert 0 < n_read < len(FEW)


@pytest.mark.parametrize("name", fuzz_labels.SEEDS)
def test_unchanged_files_are_read(name, tmp_path):
    for number, content in enumerate(fuzz_labels.SEEDS[name]):
        path = tmp_path / f"{number}"
        path.write_text(content, encoding="utf-8")
        assert fuzz_labels.problem_of(path, name) == (None, True)


def test_a_mutant_is_the_same_every_time():
    assert fuzz_labels.mutant("ctm", 7) == fuzz_labels.mutant("ctm", 7)
    assert fuzz_labels.mutant("ctm", 7) != fuzz_labels.mutant("ctm", 7, seed=1)


def test_the_check_finds_lost_labels_wrong_times_and_tracebacks(tmp_path, monkeypatch):
    sound = htk.read_htk

    def without_last(path):
        tier = sound(path)[""][""]
        return {"": {"": LabelTier("seconds", tier.labels[:-1])}}

    def shifted(path):
        tier = sound(path)[""][""]
        moved = tuple(label._replace(stop=label.stop * 1000001 / 1000000) for label in tier.labels)
        return {"": {"": LabelTier("seconds", moved)}}

    def failing(path):
        raise KeyError(path.name)

    path = tmp_path / "a.lab"
    path.write_text("0 900000 a\n")
    for reader, problem in [(without_last, "0 labels"), (shifted, "(0.0,"), (failing, "KeyError")]:
        monkeypatch.setattr(htk, "read_htk", reader)
        fuzz_labels.read_label_file.__globals__["_parsed"].cache_clear()
        assert fuzz_labels.problem_of(path, "htk")[0].startswith(problem)

"""`training.voice.run_folder`: what a training goes on from, and what it refuses to go on from."""

import pickle

import pandas as pd
import pytest
import torch
from made_voices import toy
from voice_files import Attack

from sfvq_analysis.errors import VoiceError
from sfvq_analysis.training.voice.run_folder import PhaseFolder, RunFolder, State

ROWS = [{"step": 2, "phase": "joint", "held_out": 0.5}, {"step": 4, "phase": "joint"}]


def state(**changed):
    learner = {"optimizer": {"state": {0: {"step": torch.tensor(4.0)}}}, "scaling": {}}
    modules = {"nets": {"w": torch.arange(6.0)}}
    plain = State(4, done=False, modules=modules, learner=learner, rows=ROWS, best=0.5, waited=1)
    return plain._replace(**changed)


def test_a_state_is_read_as_it_was_written(tmp_path):
    folder = PhaseFolder(tmp_path / "joint")
    assert folder.load() is None
    assert not folder.has_ended
    folder.save(state())
    found = folder.load()
    assert torch.equal(found.modules["nets"]["w"], torch.arange(6.0))
    assert found._replace(modules=None) == state(modules=None)
    assert not folder.has_ended
    folder.save(state(done=True, best=float("inf")))
    assert folder.has_ended
    assert folder.load().best == float("inf")
    assert sorted(file.name for file in folder.path.iterdir()) == ["log.csv", "state.pt"]


def test_the_log_is_a_table(tmp_path):
    folder = PhaseFolder(tmp_path)
    folder.save(state())
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "log.csv"), pd.DataFrame(ROWS))


def cut_short(file):
    file.write_bytes(file.read_bytes()[:-100])


def emptied(file):
    file.write_bytes(b"")


def overwritten(file):
    file.write_text("step,loss\n1,2\n")


def something_else(file):
    torch.save({"step": 3}, file)


def a_list(file):
    torch.save([1, 2], file)


@pytest.mark.parametrize("damage", [cut_short, emptied, overwritten, something_else, a_list])
def test_a_damaged_state_is_refused_in_one_line(tmp_path, damage):
    folder = PhaseFolder(tmp_path)
    folder.save(state())
    damage(tmp_path / "state.pt")
    with pytest.raises(VoiceError) as caught:
        folder.load()
    assert str(caught.value) == (
        f"{tmp_path / 'state.pt'}: the training's state is damaged; remove the folder and start "
        "anew"
    )


@pytest.mark.parametrize("write", [torch.save, lambda x, file: file.write_bytes(pickle.dumps(x))])
def test_a_state_that_carries_code_is_refused_and_not_run(tmp_path, write):
    marker = tmp_path / "ran"
    write(state()._asdict() | {"rows": Attack(marker)}, tmp_path / "state.pt")
    with pytest.raises(VoiceError, match="the training's state is damaged"):
        PhaseFolder(tmp_path).load()
    assert not marker.exists()


def test_an_error_while_writing_leaves_the_state_there_was(tmp_path):
    folder = PhaseFolder(tmp_path)
    folder.save(state())
    with pytest.raises(Exception, match="pickle"):
        folder.save(state(step=6, learner=lambda: None))
    assert folder.load().step == 4
    assert sorted(file.name for file in tmp_path.iterdir()) == ["log.csv", "state.pt"]


class TestOptions:
    def test_a_training_is_resumed_only_if_wanted(self, tmp_path):
        folder = RunFolder(tmp_path / "run")
        folder.begin(toy(), resume=False)
        with pytest.raises(VoiceError) as caught:
            folder.begin(toy(), resume=False)
        assert str(caught.value) == (
            f"{tmp_path / 'run'}: it holds a training already; resume it, or name another folder"
        )
        folder.begin(toy(), resume=True)

    def test_to_resume_what_was_not_begun_begins_it(self, tmp_path):
        RunFolder(tmp_path / "run").begin(toy(), resume=True)
        assert (tmp_path / "run" / "options.json").exists()

    def test_other_options_are_named(self, tmp_path):
        folder = RunFolder(tmp_path)
        folder.begin(toy(), resume=False)
        with pytest.raises(VoiceError) as caught:
            folder.begin(toy(encoder={"normalise": "mean"}, rate=0.5), resume=True)
        assert str(caught.value) == (
            f"{tmp_path}: its training had other options (rate, shapes); resume it with the same, "
            "or name another folder"
        )

    def test_so_are_options_that_another_version_knew(self, tmp_path):
        folder = RunFolder(tmp_path)
        folder.begin(toy(), resume=False)
        file = tmp_path / "options.json"
        file.write_text(file.read_text().replace('"jitter"', '"jitters"'))
        with pytest.raises(VoiceError, match=r"had other options \(jitter, jitters\)"):
            folder.begin(toy(), resume=True)

    @pytest.mark.parametrize("text", ["", "{", "[1]", '"units"'])
    def test_damaged_options_are_refused_in_one_line(self, tmp_path, text):
        (tmp_path / "options.json").write_text(text)
        with pytest.raises(VoiceError) as caught:
            RunFolder(tmp_path).begin(toy(), resume=True)
        assert str(caught.value) == (
            f"{tmp_path / 'options.json'}: it doesn't state a training's options; remove the "
            "folder and start anew"
        )

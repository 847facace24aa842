"""Every command of docs/reproduce.md runs, in order, with its own words and toy numbers."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import soundfile
from command_line import sfvq

from sfvq_analysis import demo_corpus

PAGE = Path(__file__).parents[1] / "docs" / "reproduce.md"
TOY = {
    "--channels": "8",
    "--dim": "4",
    "--codes": "16",
    "--bits": "4",
    "--steps": "4",
    "--evaluate-every": "2",
    "--checkpoint-every": "2",
}
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def commands() -> list[list[str]]:
    """Return the words of every command on the page."""
    text = "\n".join(BLOCK.findall(PAGE.read_text(encoding="utf-8")))
    lines = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line) for line in lines if line.strip()]


def as_toy(words: list[str]) -> list[str]:
    """Return a command with small numbers, without the program's name."""
    made = [TOY.get(before, word) for before, word in zip(["", *words], words, strict=False)]
    return made[1:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three speakers as ZeroSpeech names its files, and a TIMIT of two."""
    top = tmp_path_factory.mktemp("reproduce")
    spoken = list(demo_corpus())
    (top / "ZEROSPEECH" / "train").mkdir(parents=True)
    for number, utterance in enumerate(spoken[:18:3]):
        recording = utterance.load()
        name = f"S{number % 3:03d}_{number:010d}.wav"
        path = top / "ZEROSPEECH" / "train" / name
        soundfile.write(path, recording.audio, recording.sample_rate)
    root = demo_corpus().root
    kept = {
        next(u for u in spoken if u.split == split).audio_path.parent for split in ("train", "test")
    }
    for speaker in kept:
        shutil.copytree(speaker, top / "TIMIT" / speaker.relative_to(root))
    for speaker in (top / "TIMIT").glob("test/*/*"):
        shutil.copytree(speaker, top / "TIMIT" / "test" / "dr1" / "faks0", dirs_exist_ok=True)
        break
    shutil.copy(top / "ZEROSPEECH" / "train" / "S000_0000000000.wav", top / "REFERENCE.wav")
    return top


def test_the_commands_run_one_after_the_other(folder, unrendered):
    for words in map(as_toy, commands()):
        sfvq(*words, cwd=folder)
        assert Path(folder, words[words.index("--out") + 1]).exists()


def test_the_page_has_commands_for_every_step():
    verbs = [words[1] for words in commands()]
    assert verbs == ["train", "fit", "fit", "analyze", "analyze", "convert", "listen"]

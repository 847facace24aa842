"""Every Python block of the site's pages runs on the built-in corpus; commands are well formed."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
from pathlib import Path

import pytest
import textgrid
from typer.main import get_command

import sfvq_analysis
from sfvq_analysis import demo_corpus, scale
from sfvq_analysis.cli.application import app

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [
    *(DOCS / f"{name}.md" for name in ("index", "concepts", "scale")),
    *sorted((DOCS / "guides").glob("*.md")),
]
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")


def blocks(page, language):
    text = page.read_text(encoding="utf-8")
    return [code for found, code in BLOCK.findall(text) if found == language]


def commands():
    """Return page and words of every command of ours, without the program's name."""
    found = []
    for page in PAGES:
        text = "\n".join(blocks(page, "sh")).replace("\\\n", " ")
        words = (shlex.split(line, comments=True) for line in text.splitlines())
        found += [(page.stem, one[1:]) for one in words if one[:1] == ["sfvq"]]
    return found


@pytest.fixture(scope="module")
def speech(tmp_path_factory):
    """Three sentences each of two voices in speech/, and TextGrids in aligned/."""
    top = tmp_path_factory.mktemp("guides")
    chosen = demo_corpus().select(speaker=["fslt0", "mawb0"], sentence=["sa1", "sa2"])
    for utterance in chosen:
        recording = utterance.load()
        rate, name = recording.sample_rate, Path(utterance.speaker, utterance.sentence)
        for kind in ("speech", "aligned"):
            (top / kind / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(utterance.audio_path, top / "speech" / name.with_suffix(".wav"))
        phones = recording.tiers["phone"]
        end = max(len(recording.audio), phones[-1].stop) / rate
        grid = textgrid.TextGrid(maxTime=end)
        tier = textgrid.IntervalTier("phones", maxTime=end)
        for start, stop, label in phones:
            tier.add(start / rate, stop / rate, label)
        grid.append(tier)
        grid.write(str(top / "aligned" / name.with_suffix(".TextGrid")))
    return top


@pytest.fixture
def _started_once(monkeypatch, request):
    """Blocks that ask for two processes get the same: they take seconds to start."""

    def once(*, workers):
        assert workers == 2
        return contextlib.nullcontext(request.getfixturevalue("processes"))

    monkeypatch.setattr(scale, "connected", once)


@pytest.fixture
def _few_sentences(monkeypatch):
    """The built-in corpus has the sentences that all say, a third of it."""
    few = demo_corpus().select(sentence=["sa1", "sa2"])
    monkeypatch.setattr(sfvq_analysis, "demo_corpus", lambda: few)


@pytest.mark.usefixtures("_started_once", "_few_sentences", "unheard")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_blocks_of_a_page_run_one_after_the_other(page, speech, tmp_path, capsys):
    shutil.copytree(speech, tmp_path, dirs_exist_ok=True)
    known = {"__name__": "__main__"}
    with contextlib.chdir(tmp_path):
        for code in blocks(page, "python"):
            exec(compile(code, str(page), "exec"), known)  # noqa: S102 (our own pages)
    assert page.stem == "concepts" or blocks(page, "python")


@pytest.mark.parametrize(("page", "words"), commands())
def test_a_command_is_one_of_ours_with_options_it_has(page, words):
    verbs = get_command(app).commands
    assert words[0] in verbs
    verbs[words[0]].make_context(words[0], words[1:])


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.stem)
def test_links_lead_somewhere_in_the_repository(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [one for one in LINK.findall(text) if not re.match(r"[a-z]+:", one)]
    assert [one for one in targets if not (page.parent / one).exists()] == []

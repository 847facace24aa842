"""Is the voice converted, and is what was said still there?

Usage: python benchmarks/conversion.py CORPUS --model FILE [--pairs 200] [--seed 0] [--json PATH]
Prints a table and writes benchmarks/conversion.json.

Sources are utterances of speakers that no part of the model was trained on (i mod 23 < 5 of the
speakers sorted by name); targets are speakers it was trained on. Half of the pairs are of the same
pitch register, by the median fundamental frequency of source and target (below or above 165 Hz).

Identity is judged by resemblyzer (Wan et al. 2018), which took no part in the training: a converted
utterance is nearer to the target if its embedding's cosine with that of the target's own recording
is larger than with that of the source's recording. Beside it stands plain resynthesis: the source's
codes in the source's own voice, as the speaker encoder hears it.

Content is judged by codes: converted speech is encoded anew, and the PNMI of its codes is compared
with that of the source's codes, over the same labels. Last, voices heard in recordings of speakers
the model was not trained on (other held-out speakers) are tried as targets.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import librosa
import numpy as np
import pandas as pd
from resemblyzer import VoiceEncoder, preprocess_wav
from timing import as_markdown, machine, write_json
from tqdm import tqdm

from sfvq_analysis import index_table, load_corpus, stats
from sfvq_analysis.audio import write_wav
from sfvq_analysis.encoders.mel import SAMPLE_RATE, log_mel_spectrogram
from sfvq_analysis.voice import convert, load_voice_model

if TYPE_CHECKING:
    from sfvq_analysis.corpus import Corpus, Utterance
    from sfvq_analysis.voice import VoiceModel

REGISTER_HZ = 165.0
KINDS = ("converted", "resynthesis", "unseen voice")


class Pair(NamedTuple):
    """What is said, by whom it is to be said, and whether their pitch is of the same register."""

    source: Utterance
    target: Utterance
    same_register: bool


class Heard(NamedTuple):
    """A recording: its audio, and what resemblyzer makes of the voice."""

    audio: np.ndarray
    identity: np.ndarray
    low: bool


class Judge:
    """Hears every recording once."""

    def __init__(self) -> None:
        self._judge = VoiceEncoder("cpu", verbose=False)
        self._known: dict[str, Heard] = {}

    def recording(self, utterance: Utterance) -> Heard:
        """Return what was heard in an utterance's recording."""
        if utterance.id not in self._known:
            recording = utterance.load()
            if recording.sample_rate != SAMPLE_RATE:
                raise SystemExit(f"{utterance.id}: give speech at {SAMPLE_RATE} Hz")
            pitch, voiced, _ = librosa.pyin(
                recording.audio, fmin=60, fmax=400, sr=SAMPLE_RATE, frame_length=1024
            )
            low = float(np.median(pitch[voiced])) < REGISTER_HZ if voiced.any() else True
            self._known[utterance.id] = Heard(recording.audio, self.of(recording.audio), low)
        return self._known[utterance.id]

    def of(self, audio: np.ndarray) -> np.ndarray:
        """Return the unit vector of a voice."""
        return self._judge.embed_utterance(preprocess_wav(audio, SAMPLE_RATE))


def draw(sources: Corpus, targets: Corpus, judge: Judge, n: int, seed: int) -> list[Pair]:
    """Return pairs of different speakers, every other one of the same register."""
    rng = np.random.default_rng(seed)
    said, voices = list(sources), list(targets)
    pairs = []
    while len(pairs) < n:
        source, target = said[rng.integers(len(said))], voices[rng.integers(len(voices))]
        same = judge.recording(source).low == judge.recording(target).low
        if source.speaker != target.speaker and same == (len(pairs) % 2 == 0):
            pairs.append(Pair(source, target, same))
    return pairs


def heard_voice(model: VoiceModel, heard: Heard) -> np.ndarray:
    """Return the speaker vector of a recording."""
    return model.voice_of(log_mel_spectrogram(heard.audio, SAMPLE_RATE))


def judged(
    model: VoiceModel, pair: Pair, judge: Judge, voice: np.ndarray, out: Path
) -> dict[str, Any]:
    """Convert, write, and return how near the result is to source and target."""
    source, target = judge.recording(pair.source), judge.recording(pair.target)
    sound = convert(source.audio, SAMPLE_RATE, model, voice)
    write_wav(out.with_suffix(".wav"), sound, SAMPLE_RATE)
    shutil.copy(pair.source.label_paths["phone"], out.with_suffix(".phn"))
    identity = judge.of(sound)
    to_target, to_source = (float(identity @ of.identity) for of in (target, source))
    return {
        "source": pair.source.id,
        "target": pair.target.id,
        "same_register": pair.same_register,
        "to_target": to_target,
        "to_source": to_source,
        "converted": to_target > to_source,
    }


def pnmi_of(folder: Path, model: VoiceModel) -> float:
    """Return the PNMI of the codes of a tree of speech."""
    table = index_table(load_corpus(folder), model.as_encoder(), model.quantizer)
    return stats.pnmi(stats.phone_counts(table))


def run(model: VoiceModel, pairs: list[Pair], unseen: list[Pair], judge: Judge) -> dict[str, Any]:
    """Return a row for each pair of each kind, and the PNMI of what came out."""
    rows, pnmi = [], {}
    for kind in ("source", *KINDS):
        with tempfile.TemporaryDirectory() as name:
            chosen = unseen if kind == "unseen voice" else pairs
            for number, pair in enumerate(tqdm(chosen, desc=kind)):
                out = Path(name) / pair.source.speaker / f"{number:03d}"
                source, target = judge.recording(pair.source), judge.recording(pair.target)
                match kind:
                    case "source":
                        write_wav(out.with_suffix(".wav"), source.audio, SAMPLE_RATE)
                        shutil.copy(pair.source.label_paths["phone"], out.with_suffix(".phn"))
                        continue
                    case "converted":
                        voice = model.voice(pair.target.speaker)
                    case "resynthesis":
                        voice = heard_voice(model, source)
                    case _:
                        voice = heard_voice(model, target)
                rows.append({"kind": kind, **judged(model, pair, judge, voice, out)})
            pnmi[kind] = pnmi_of(Path(name), model)
    return {"rows": rows, "pnmi": pnmi}


def in_table(found: dict[str, Any]) -> str:
    """Return shares of conversions that succeeded, similarities and PNMI as Markdown."""
    rows, source = pd.DataFrame(found["rows"]), found["pnmi"]["source"]
    cells = []
    for kind in KINDS:
        part = rows[rows["kind"] == kind]
        same, other = (part[part["same_register"] == which] for which in (True, False))
        cells.append(
            [
                kind,
                str(len(part)),
                *(f"{x['converted'].mean():.1%}" for x in (part, same, other)),
                f"{part['to_target'].mean():.3f}",
                f"{part['to_source'].mean():.3f}",
                f"{found['pnmi'][kind]:.3f}",
                f"{found['pnmi'][kind] / source:.3f}",
            ]
        )
    header = ["", "pairs", "nearer to the target", "same register", "other register"]
    header += ["cosine to target", "to source", "PNMI", "of the source's"]
    return f"PNMI of the sources' codes: {source:.3f}\n\n{as_markdown(header, cells)}"


def main() -> None:
    """Run the measurement named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--development", action="store_true", help="sources: 5 … 8 of every 23")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    arguments = parser.parse_args()
    model, judge = load_voice_model(arguments.model), Judge()
    corpus = load_corpus(arguments.corpus)
    _, held_out = corpus.hold_out(5, 23)
    if arguments.development:
        kept_back = {utterance.id for utterance in held_out}
        _, held_out = corpus.hold_out(9, 23)
        held_out = held_out.select(id=[u.id for u in held_out if u.id not in kept_back])
    trained_on = sorted({u.speaker for u in corpus} & set(model.speakers))
    if {u.speaker for u in held_out} & set(trained_on):
        raise SystemExit("the model was trained on speakers that are to be held out")
    targets = corpus.select(speaker=trained_on)
    pairs = draw(held_out, targets, judge, arguments.pairs, arguments.seed)
    unseen = draw(held_out, held_out, judge, arguments.pairs // 4, arguments.seed + 1)
    found = run(model, pairs, unseen, judge)
    known = machine(["numpy", "torch", "resemblyzer", "sfvq-analysis"])
    options = {"pairs": arguments.pairs, "seed": arguments.seed, "model": arguments.model.name}
    write_json(arguments.json, {"machine": known, **options, **found})
    print(in_table(found))


if __name__ == "__main__":
    main()

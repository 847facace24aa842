"""Make the built-in demo corpus: flite's synthetic voices in the layout and formats of TIMIT.

Conventions
-----------
- Audio is NIST SPHERE, 16-bit little-endian PCM, one channel, 16 kHz: flite's samples, unchanged.
- Labels are ``BEGIN END LABEL`` in samples, contiguous from 0; flite states its phone ends in ms.
- A pause at either edge is ``h#``, one inside is ``pau``; every other flite name is TIMIT's too.
- The last pause ends with the audio: kal16 states its end, but speaks only half of it.
- A stop or affricate is a closure, then a release; `CLOSURE_SHARE` says where the release begins.
- A phone list of a word alone gives its number of phones, and so its place in the sentence.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import soundfile as sf

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

DEFAULT_OUT = Path(__file__).resolve().parents[1] / "sfvq_analysis" / "data" / "demo_corpus"
PROMPTS = DEFAULT_OUT / "doc" / "prompts.txt"  # written by hand, as the card is
SAMPLE_RATE = 16_000
HEADER_BYTES = 1024
MIN_RELEASE = 80  # samples, 5 ms

VOWELS = frozenset("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split())  # noqa: SIM905
CONTINUANTS = frozenset("dh f hh l m n ng r s sh th v w y z zh".split())  # noqa: SIM905
STOPS = ("b", "d", "g", "p", "t", "k", "ch", "jh")
CLOSURE = dict(zip(STOPS, ("bcl", "dcl", "gcl", "pcl", "tcl", "kcl", "tcl", "dcl"), strict=True))

# Share of a stop that is closure, in the order of STOPS: median place of its burst (steepest rise
# of the energy above 1.5 kHz) before vowels and glides, over 14 sentences at three rates.
CLOSURE_SHARE = {
    "awb": (0.81, 0.68, 0.61, 0.72, 0.53, 0.56, 0.30, 0.34),
    "kal16": (0.88, 0.79, 0.75, 0.77, 0.68, 0.69, 0.61, 0.67),
    "rms": (0.81, 0.58, 0.57, 0.57, 0.33, 0.46, 0.18, 0.21),
    "slt": (0.72, 0.54, 0.51, 0.60, 0.36, 0.56, 0.23, 0.17),
}
# kal16 does not release a plosive before another stop (a burst in 24 % of such cases).
UNRELEASED_BEFORE_STOP = frozenset({"kal16"})

PER_SPEAKER = 2  # sentences of each kind below, besides sa1 and sa2
SENTENCES = {"train": ("sx1", "si11"), "test": ("sx2", "si12")}  # how their names begin


@dataclass(frozen=True)
class Speaker:
    """One flite voice under one setting of rate and pitch."""

    name: str
    voice: str
    use: str
    dialect: int
    stretch: float
    f0_hz: int | None  # None: rms has a pitch model of its own, which takes no target

    @property
    def flags(self) -> tuple[str, ...]:
        """The settings as flite takes them."""
        pitch = () if self.f0_hz is None else ("--setf", f"int_f0_target_mean={self.f0_hz}")
        return ("-voice", self.voice, "--setf", f"duration_stretch={self.stretch}", *pitch)


SPEAKERS = (
    Speaker("mrms0", "rms", "train", 1, 0.75, None),
    Speaker("mrms1", "rms", "train", 3, 0.85, None),
    Speaker("mrms2", "rms", "train", 5, 0.95, None),
    Speaker("mkal0", "kal16", "train", 2, 1.0, 95),
    Speaker("mkal1", "kal16", "train", 4, 0.9, 110),
    Speaker("mkal2", "kal16", "train", 7, 1.1, 125),
    Speaker("mkal3", "kal16", "train", 8, 0.85, 140),
    Speaker("fslt0", "slt", "test", 1, 1.0, 170),
    Speaker("fslt1", "slt", "test", 4, 0.9, 190),
    Speaker("fslt2", "slt", "test", 6, 1.15, 205),
    Speaker("mawb0", "awb", "test", 2, 0.85, 120),
    Speaker("mawb1", "awb", "test", 7, 1.0, 145),
)


@dataclass(frozen=True)
class Span:
    """A label over the samples ``begin <= n < end``."""

    begin: int
    end: int
    label: str

    def __post_init__(self) -> None:
        if not 0 <= self.begin < self.end:
            raise ValueError(f"label {self.label!r} is empty or inverted: {self.begin}..{self.end}")


def flite(*arguments: str) -> str:
    """Run flite and return what it prints."""
    if shutil.which("flite") is None:
        raise SystemExit("flite not found: install it (Debian, Ubuntu: apt-get install flite)")
    command = ["flite", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout


def synthesize(speaker: Speaker, text: str) -> tuple[np.ndarray, list[Span]]:
    """Speak `text`: int16 samples, and flite's own phones with the last one cut to the audio."""
    with tempfile.TemporaryDirectory() as folder:
        wav = str(Path(folder) / "speech.wav")
        printed = flite(*speaker.flags, "-psdur", "-t", text, "-o", wav)
        samples, rate = sf.read(wav, dtype="int16")
    if rate != SAMPLE_RATE or samples.ndim != 1:
        raise ValueError(f"voice {speaker.voice!r} must give {SAMPLE_RATE} Hz mono, got {rate} Hz")
    return samples, parse_phones(printed, len(samples))


def parse_phones(printed: str, n_samples: int) -> list[Span]:
    """Read ``-psdur`` output, ``PHONE:END`` with the end in seconds."""
    spans: list[Span] = []
    for item in printed.split():
        label, end_seconds = item.split(":")
        begin = spans[-1].end if spans else 0
        end = round(float(end_seconds) * SAMPLE_RATE)
        spans.append(Span(begin, min(end, n_samples), label))
    return spans


def word_spans(speaker: Speaker, text: str, phones: list[Span]) -> list[Span]:
    """Give every word the interval of its phones."""
    spoken = [phone for phone in phones if phone.label != "pau"]
    spans, first = [], 0
    for word in text.lower().split():
        alone = phones_alone(speaker.voice, word.strip(".,?"))
        taken = spoken[first : first + len(alone)]
        if not same_word(alone, [phone.label for phone in taken]):
            raise ValueError(f"{word!r} in {text!r} is not spoken as alone: reword the sentence")
        spans.append(Span(taken[0].begin, taken[-1].end, word.strip(".,?")))
        first += len(alone)
    if first != len(spoken):
        raise ValueError(f"{len(spoken) - first} phones of {text!r} are in no word: reword it")
    return spans


@cache
def phones_alone(voice: str, word: str) -> tuple[str, ...]:
    """Return the phones of a word spoken alone."""
    printed = flite("-voice", voice, "-ps", "-t", word, "-o", "none").split()
    return tuple(label for label in printed if label != "pau")


def same_word(alone: tuple[str, ...], taken: list[str]) -> bool:
    """Compare two pronunciations; vowels may differ, since a sentence reduces them."""
    return len(alone) == len(taken) and all(
        a == b or {a, b} <= VOWELS for a, b in zip(alone, taken, strict=True)
    )


def timit_phones(voice: str, phones: list[Span]) -> list[Span]:
    """Rename pauses and split stops: flite's phones as TIMIT's 61 symbols."""
    spans: list[Span] = []
    for position, phone in enumerate(phones):
        following = phones[position + 1].label if position + 1 < len(phones) else ""
        if phone.label == "pau":
            edge = position in (0, len(phones) - 1)
            spans.append(Span(phone.begin, phone.end, "h#" if edge else "pau"))
        elif phone.label in CLOSURE:
            spans.extend(split_stop(voice, phone, following))
        elif phone.label in VOWELS | CONTINUANTS:
            spans.append(phone)
        else:
            raise ValueError(f"flite phone {phone.label!r} has no TIMIT symbol: add a rule for it")
    return spans


def split_stop(voice: str, stop: Span, following: str) -> list[Span]:
    """Split a stop into closure and release; an unreleased one is all closure."""
    closure = CLOSURE[stop.label]
    plosive = stop.label not in {"ch", "jh"}
    if plosive and following in CLOSURE and voice in UNRELEASED_BEFORE_STOP:
        return [Span(stop.begin, stop.end, closure)]
    n = stop.end - stop.begin
    share = CLOSURE_SHARE[voice][STOPS.index(stop.label)]
    release = max(round(n * (1 - share)), min(MIN_RELEASE, n // 2))
    burst = stop.end - release
    return [Span(stop.begin, burst, closure), Span(burst, stop.end, stop.label)]


def sphere_bytes(samples: np.ndarray) -> bytes:
    """Encode int16 samples as a NIST SPHERE file, with the header fields of TIMIT."""
    fields = (
        "channel_count -i 1",
        f"sample_count -i {len(samples)}",
        f"sample_rate -i {SAMPLE_RATE}",
        f"sample_min -i {samples.min()}",
        f"sample_max -i {samples.max()}",
        "sample_n_bytes -i 2",
        "sample_byte_format -s2 01",
        "sample_sig_bits -i 16",
        "sample_coding -s3 pcm",
        "end_head",
    )
    header = f"NIST_1A\n{HEADER_BYTES:7d}\n" + "".join(f"{field}\n" for field in fields)
    return header.encode("ascii").ljust(HEADER_BYTES) + samples.astype("<i2").tobytes()


@cache
def read_prompts() -> dict[str, str]:
    """Read the sentence texts by name from TIMIT's format, ``TEXT (NAME)``."""
    lines = PROMPTS.read_text(encoding="ascii").splitlines()
    pairs = (line.rstrip(")").rsplit(" (", 1) for line in lines if not line.startswith(";"))
    return {name: text for text, name in pairs}


def prompts(speaker: Speaker) -> Iterator[tuple[str, str]]:
    """Yield the sentences of a speaker: 2 sa, then sx (shared with others), then si (unshared)."""
    texts = read_prompts()
    place = [other for other in SPEAKERS if other.use == speaker.use].index(speaker)
    yield from ((name, texts[name]) for name in ("sa1", "sa2"))
    for start in SENTENCES[speaker.use]:
        names = [name for name in texts if name.startswith(start)]
        for i in range(place * PER_SPEAKER, (place + 1) * PER_SPEAKER):
            name = names[i % len(names)]
            yield name, texts[name]


def write_utterance(folder: Path, name: str, speaker: Speaker, text: str) -> list[Span]:
    """Write the four files of one utterance and return its phones."""
    samples, spoken = synthesize(speaker, text)
    phones = timit_phones(speaker.voice, spoken)
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / name
    stem.with_suffix(".wav").write_bytes(sphere_bytes(samples))
    write_text(stem.with_suffix(".txt"), [f"0 {len(samples)} {text}"])
    write_text(stem.with_suffix(".phn"), rows(phones))
    write_text(stem.with_suffix(".wrd"), rows(word_spans(speaker, text, spoken)))
    return phones


def rows(spans: list[Span]) -> list[str]:
    """Format spans as TIMIT label rows."""
    return [f"{span.begin} {span.end} {span.label}" for span in spans]


def write_text(path: Path, lines: list[str]) -> None:
    """Write lines with the same bytes on every system."""
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("ascii"))


def speaker_table() -> list[str]:
    """Return the rows of TIMIT's doc/spkrinfo.txt: the ID is without the sex letter."""
    head = [
        "; Synthetic voices: no row describes a person. DR has no meaning. ?? is unknown.",
        "; ID  Sex  DR  Use  RecDate  BirthDate  Ht  Race  Edu  Comments",
    ]
    return head + [
        f"{s.name[1:].upper()}  {s.name[0].upper()}  {s.dialect}  "
        f"{'TRN' if s.use == 'train' else 'TST'}  ??  ??  ??  ??  ??  "
        f"Synthetic voice, flite {' '.join(s.flags)}"
        for s in SPEAKERS
    ]


def make_corpus(out: Path) -> Counter[str]:
    """Write the whole corpus under `out` and return the number of labels per phone."""
    for old in ("train", "test"):
        shutil.rmtree(out / old, ignore_errors=True)
    counts: Counter[str] = Counter()
    for speaker in SPEAKERS:
        folder = out / speaker.use / f"dr{speaker.dialect}" / speaker.name
        for name, text in prompts(speaker):
            counts.update(p.label for p in write_utterance(folder, name, speaker, text))
    (out / "doc").mkdir(exist_ok=True)
    write_text(out / "doc" / "spkrinfo.txt", speaker_table())
    return counts


def main() -> None:
    """Make the corpus, then print the counts that the card states."""
    parser = argparse.ArgumentParser(description="Make the synthetic, TIMIT-shaped demo corpus.")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="default: %(default)s")
    counts = make_corpus(parser.parse_args().out)
    lines = [f"{phone} {n}" for phone, n in sorted(counts.items())]
    sys.stdout.write("\n".join([*lines, f"labels {counts.total()}"]) + "\n")


if __name__ == "__main__":
    main()

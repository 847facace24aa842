"""A tiny hand-written tree in the shape of TIMIT: all 61 symbols and the quirks of its copies.

Upper-case train below lower-case test, two folders deep; NIST SPHERE, once with a RIFF copy beside
it; words that overlap and start after 0; labels that end before and after the audio; a stop
release of 50 samples, which holds no frame centre; comment and blank lines; a core-test speaker.
The audio is noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import soundfile

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE_RATE = 16_000


class Sentence(NamedTuple):
    """Audio length, phones as ``start label boundary label … stop``, and the other two tiers."""

    n_samples: int
    phones: str
    words: str
    text: str


SENTENCES = {
    "TRAIN/DR1/FCJF0/SA1": Sentence(
        9600,  # the phones end at 8800
        "0 h# 1000 sh 2400 iy 3200 hv 4000 ae 5200 dcl 5700 d 5800 y 6400 er 7600 h# 8800",
        "1000 3200 she\n3100 5750 had\n5800 7600 your\n",
        "0 9600 She had your.\n",
    ),
    "TRAIN/DR1/FCJF0/SX37": Sentence(
        6000,  # the phones end at 6400; b is [1200, 1250)
        "0 h# 800 bcl 1200 b 1250 ih 2000 gcl 2500 g 2800 pau 3400 zh 4000 axr 4800 epi 5000 m "
        "5800 h# 6400",
        "800 2800 big\n3400 5800 azure\n",
        "0 6000 Big azure.\n",
    ),
    "TRAIN/DR1/FCJF0/SI648": Sentence(
        9000,
        "0 h# 640 q 900 aa 1700 pcl 2300 p 2700 r 3300 aw 4600 tcl 5000 ch 5800 ux 6400 ng 7000 "
        "el 7600 em 8200 h# 9000",
        "640 8200 approach\n",
        "0 9000 Approach.\n",
    ),
    "test/dr1/mdab0/sa1": Sentence(
        8400,
        "0 h# 640 w 1300 ao 2100 dx 2400 ax 2900 n 3500 kcl 4000 k 4400 s 5400 eh 6200 nx 6600 ey "
        "7600 h# 8400",
        "640 7600 water\n",
        "0 8400 Water.\n",
    ),
    "test/dr1/mdab0/sx139": Sentence(
        10500,
        "0 h# 640 dh 1000 ax-h 1300 f 2200 ay 3600 v 4200 l 4800 th 5600 uh 6200 t 6700 ix 7200 "
        "jh 7900 oy 9100 z 9900 h# 10500",
        "640 3600 the\n3600 9900 five\n",
        "0 10500 The five.\n",
    ),
    "test/dr1/faks0/si1573": Sentence(
        6000,
        "0 h# 640 hh 1200 ow 2400 uw 3200 eng 3900 ah 4700 en 5400 h# 6000",
        "640 5400 who\n",
        "0 6000 Who.\n",
    ),
}

SPEAKER_INFO = """\
; ID  Sex DR Use  RecDate   BirthDate Ht    Race Edu  Comments
CJF0   F  1  TRN  01/01/86  01/01/60  5'4"  WHT  BS

DAB0   M  1  TST  01/01/86  01/01/60  5'9"  WHT  BS   a comment of  several words
AKS0   F  1  TST  01/01/86  01/01/60  5'5"  WHT  BS
"""


def rows(phones: str) -> str:
    """Return label lines: ``"0 h# 800 b 1250"`` gives ``0 800 h#`` and ``800 1250 b``."""
    parts = phones.split()
    starts, labels, stops = parts[:-1:2], parts[1::2], parts[2::2]
    triples = zip(starts, stops, labels, strict=True)
    return "".join(f"{start} {stop} {label}\n" for start, stop, label in triples)


def write_sentence(stem: Path, sentence: Sentence) -> None:
    """Write one sentence's four files; the case of the suffixes is the case of the stem."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    audio = np.random.default_rng(sentence.n_samples).uniform(-0.5, 0.5, sentence.n_samples)
    upper = stem.name.isupper()

    def path(suffix: str) -> Path:
        return stem.with_name(stem.name + (suffix.upper() if upper else suffix))

    soundfile.write(path(".wav"), audio, SAMPLE_RATE, subtype="PCM_16", format="NIST")
    path(".phn").write_text(rows(sentence.phones))
    path(".wrd").write_text(sentence.words)
    path(".txt").write_text(sentence.text)


def write_timit(folder: Path) -> Path:
    """Write the tree to ``folder/TIMIT/TIMIT`` and return ``folder/TIMIT``."""
    top = folder / "TIMIT" / "TIMIT"
    for name, sentence in SENTENCES.items():
        write_sentence(top / name, sentence)
    speaker = top / "TRAIN" / "DR1" / "FCJF0"
    audio, _ = soundfile.read(speaker / "SA1.WAV")
    soundfile.write(speaker / "SA1.WAV.wav", audio, SAMPLE_RATE, subtype="PCM_16", format="WAV")
    labels = speaker / "SX37.PHN"
    labels.write_text("; a comment\n\n" + labels.read_text())
    (speaker / "notes.txt").write_text("belongs to no utterance\n")
    (top / "doc").mkdir()
    (top / "doc" / "SPKRINFO.TXT").write_text(SPEAKER_INFO)
    return folder / "TIMIT"

"""Index tables from a model of speech whose truth is known: to calibrate tests and to plan studies.

Model
-----
Every phone has a place on the axis (0 … 1), as in the paper's figures: silence and closures, then
plosives, fricatives, nasals, vowels, diphthongs, approximants, with similar phones side by side. A
sentence is a Markov chain of phones in which vowels rarely follow silence and nasals rarely follow
plosives or fricatives. A speaker has a rate, a token a duration, and

    index = round((K - 1) · (place + speaker + token + frame)), clipped to 0 … K - 1,

with speaker ~ N(0, `speaker_spread`²), token ~ N(0, `token_spread`²), frame ~ N(0,
`frame_spread`²). `informative=False` takes the phone's place away (the index knows nothing of the
phone, but still clings to tokens and speakers), `ordered=False` relabels the codes at random (the
index knows as much, in no order): the nulls of what labels and of what order mean.
"""

from __future__ import annotations

import functools
from dataclasses import asdict, dataclass
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sfvq_analysis.errors import check_between, check_count
from sfvq_analysis.phones import phone_group
from sfvq_analysis.tables.contract import (
    FRAME_COLUMNS,
    SEGMENT_COLUMNS,
    UTTERANCE_COLUMNS,
    as_contract,
)
from sfvq_analysis.tables.index_table import IndexTable
from sfvq_analysis.timeline import FrameGrid

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRID = FrameGrid(sample_rate=16_000, hop=320, offset=240)

_RARELY = (("silence", "vowel"), ("plosive", "nasal"), ("fricative", "nasal"))
_RARE = 0.1


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is simulated.

    Attributes
    ----------
    n_speakers
        Two of three are men, as in TIMIT; dialects take turns.
    n_repeated
        Sentences that every speaker says.
    n_own
        Sentences that only one speaker says, for each.
    n_tokens
        Phones of a sentence; its first and last are ``h#``.
    codebook_size
        K.
    token_spread, frame_spread, speaker_spread
        Standard deviations, as shares of the axis.
    informative, ordered
        See the module's docstring.
    seed
        Of everything.
    """

    n_speakers: int = 20
    n_repeated: int = 2
    n_own: int = 3
    n_tokens: int = 30
    codebook_size: int = 64
    token_spread: float = 0.02
    frame_spread: float = 0.02
    speaker_spread: float = 0.0
    informative: bool = True
    ordered: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("n_speakers", 1), ("n_tokens", 2), ("codebook_size", 2), ("seed", 0)):
            check_count(name, getattr(self, name), at_least=least)
        for name in ("n_repeated", "n_own"):
            check_count(name, getattr(self, name), at_least=0)
        for name in ("token_spread", "frame_spread", "speaker_spread"):
            check_between(name, getattr(self, name), 0)


def simulated_table(simulation: Simulation | None = None) -> IndexTable:
    """Return a table of simulated speech; nothing of it was ever said.

    Examples
    --------
    >>> table = simulated_table(Simulation(n_speakers=3))
    >>> len(table.utterances), table.codebook_size, table.utterances["sex"].tolist()[0]
    (15, 64, 'f')
    """
    plan = simulation or Simulation()
    rng = np.random.default_rng(plan.seed)
    utterances = _utterances(plan)
    phones = _sentences(plan, rng)[
        utterances.pop("text").to_numpy(np.int64)
    ]  # (utterances, tokens)
    durations = _durations(plan, phones, utterances, rng)
    index = _indices(plan, phones, durations, utterances, rng)
    return _table(plan, utterances, phones, durations, index)


@functools.cache
def _phones() -> pd.DataFrame:
    """Return phone, manner (closures are silence), place and mean duration (frames)."""
    text = resources.files("sfvq_analysis").joinpath("simulated_phones.csv").read_text("utf-8")
    return pd.read_csv(StringIO(text))


def _utterances(plan: Simulation) -> pd.DataFrame:
    rows = []
    for number in range(plan.n_speakers):
        sex = "f" if number % 3 == 0 else "m"
        speaker = f"{sex}{number:04d}"
        said = [(f"sa{i + 1}", i) for i in range(plan.n_repeated)]
        first = plan.n_repeated + number * plan.n_own
        said += [(f"si{first + i}", first + i) for i in range(plan.n_own)]
        rows += [
            (f"{speaker}_{sentence}", speaker, sex, f"dr{number % 8 + 1}", sentence, number, text)
            for sentence, text in said
        ]
    columns = ["utterance", "speaker", "sex", "dialect", "sentence", "number", "text"]
    return pd.DataFrame(rows, columns=columns).sort_values("utterance", ignore_index=True)


def _sentences(plan: Simulation, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the phones of every sentence, shape (n_sentences, n_tokens)."""
    n_sentences = plan.n_repeated + plan.n_own * plan.n_speakers
    manner = _phones()["manner"].to_numpy()
    chance = np.ones((len(manner), len(manner)))
    for before, after in _RARELY:
        chance[np.ix_(manner == before, manner == after)] = _RARE
    silence = int(np.flatnonzero(_phones()["phone"] == "h#")[0])
    chance[:, silence] = 0.0
    cumulative = np.cumsum(chance / chance.sum(axis=1, keepdims=True), axis=1)
    phones = np.full((n_sentences, plan.n_tokens), silence)
    for at in range(1, plan.n_tokens - 1):
        drawn = rng.random((n_sentences, 1))
        phones[:, at] = (drawn > cumulative[phones[:, at - 1]]).sum(axis=1)
    return phones


def _durations(
    plan: Simulation, phones: NDArray[np.int64], utterances: pd.DataFrame, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return every token's frames, at least one, shape of `phones`."""
    mean = _phones()["frames"].to_numpy()[phones]
    rate = np.exp(rng.normal(0, 0.15, plan.n_speakers))[utterances["number"].to_numpy(np.int64)]
    further: NDArray[np.int64] = rng.poisson(np.maximum(mean * rate[:, None] - 1, 0.0))
    return 1 + further


def _indices(
    plan: Simulation,
    phones: NDArray[np.int64],
    durations: NDArray[np.int64],
    utterances: pd.DataFrame,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Return the index of every frame."""
    place = _phones()["place"].to_numpy()[phones] if plan.informative else 0.5
    speaker = rng.normal(0, plan.speaker_spread, plan.n_speakers)
    token = place + rng.normal(0, plan.token_spread, phones.shape)
    token += speaker[utterances["number"].to_numpy(np.int64)][:, None]
    frame = np.repeat(token.ravel(), durations.ravel())
    frame += rng.normal(0, plan.frame_spread, len(frame))
    last = plan.codebook_size - 1
    index: NDArray[np.int64] = np.clip(np.rint(last * frame), 0, last).astype(np.int64)
    relabelled: NDArray[np.int64] = rng.permutation(plan.codebook_size)
    return np.asarray(index if plan.ordered else relabelled[index])


def _table(
    plan: Simulation,
    utterances: pd.DataFrame,
    phones: NDArray[np.int64],
    durations: NDArray[np.int64],
    index: NDArray[np.int64],
) -> IndexTable:
    n_frames = durations.sum(axis=1)
    utterance = np.repeat(np.arange(len(phones)), plan.n_tokens)
    last_frame = np.cumsum(durations, axis=1)  # first frame of the next token
    start = (last_frame - durations) * GRID.hop
    ordinal = np.tile(np.arange(plan.n_tokens), len(phones))
    symbols = pd.Index(_phones()["phone"])
    names = symbols.sort_values()
    alphabetical = names.get_indexer(symbols)
    label = pd.Categorical.from_codes(alphabetical[phones.ravel()], names)
    groups = {name: phone_group(str(name)) for name in names}
    ids = pd.Index(utterances["utterance"], dtype="str")
    owner = np.repeat(np.arange(phones.size), durations.ravel())
    frame = np.arange(len(index)) - np.repeat(np.cumsum(n_frames) - n_frames, n_frames)
    curve_segment = np.minimum(index, plan.codebook_size - 2)
    segments = pd.DataFrame(
        {
            "utterance": pd.Categorical.from_codes(utterance, ids),
            "tier": "phone",
            "ordinal": ordinal,
            "start": start.ravel(),
            "stop": (last_frame * GRID.hop).ravel(),
            "label": label,
            "phone_group": label.map(groups),
            "n_frames": durations.ravel(),
        }
    )
    frames = pd.DataFrame(
        {
            "utterance": pd.Categorical.from_codes(utterance[owner], ids),
            "frame": frame,
            "centre": GRID.offset + GRID.hop * frame,
            "phone_segment": ordinal[owner],
            "phone": label[owner],
            "phone_group": label[owner].map(groups),
            "codeword": index,
            "curve_segment": curve_segment,
            "t": index - curve_segment,
            "distortion": 0.5,
            "codeword_distortion": 1.0,
        }
    )
    known = utterances.assign(
        split="simulated",
        audio="",
        sample_rate=GRID.sample_rate,
        n_samples=n_frames * GRID.hop,
        n_frames=n_frames,
    )
    return IndexTable(
        utterances=as_contract(known, UTTERANCE_COLUMNS),
        segments=as_contract(segments, SEGMENT_COLUMNS),
        frames=as_contract(frames, FRAME_COLUMNS),
        codebook_size=plan.codebook_size,
        grid=GRID,
        provenance={"corpus": {"name": "simulated speech"}, "simulation": asdict(plan)},
    )

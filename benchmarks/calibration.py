"""Do tests reject as often as they say, and do intervals hold the truth? On simulated speech.

Usage: python benchmarks/calibration.py [--tables 400] [--workers 2] [--only NAME …]
Writes benchmarks/calibration.json and prints the tables that benchmarks/CALIBRATION.md quotes.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.stats import kstest
from timing import as_markdown, machine, write_json

from sfvq_analysis import stats
from sfvq_analysis.stats import Inference
from sfvq_analysis.tables import IndexTable, Simulation, simulated_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
SMALL = Simulation(n_speakers=20, n_repeated=2, n_own=1, n_tokens=25)
ALONE = Simulation(n_repeated=0, n_own=3, n_tokens=25)  # speakers share no sentence
SPEECH = {
    "overlapping": replace(ALONE, token_spread=0.08, frame_spread=0.05, speaker_spread=0.02),
    "apart": replace(ALONE, speaker_spread=0.05),
    "long": replace(
        ALONE, n_own=8, n_tokens=38, token_spread=0.08, frame_spread=0.05, speaker_spread=0.02
    ),
}
SETTINGS = (
    ("overlapping", 12), ("overlapping", 40), ("apart", 12), ("apart", 40), ("long", 40)
)  # fmt: skip
N_TRUE, TRUE_TABLES = 3000, 4
DRAWS, LEVEL, ALPHA = 199, 0.9, 0.05
BY_LENGTH = {2: "p t k b d g", 5: "s z sh f m n", 9: "iy aa ae ey ay l", 999: "h# pau"}

SO = {  # claims that do hold
    "no order": ("C4", "C6", "C9", "C11"),
    "no labels": ("C1",),
    "labels told by duration": ("C1",),
}

Cell = tuple[str, str, float]  # statistic, row, p
Bound = tuple[str, str, float, float, float]  # statistic, row, value, low, high


# Tables in which something is not so


def disordered(seed: int) -> IndexTable:
    """Return speech whose codes are numbered at random."""
    return simulated_table(
        replace(
            SMALL,
            codebook_size=(32, 64)[seed % 2],
            speaker_spread=(0.0, 0.05)[seed // 2 % 2],
            ordered=False,
            seed=seed,
        )
    )


def untold(seed: int, **spread: float) -> IndexTable:
    """Return speech whose indices know nothing of phones, which differ in duration."""
    size = (32, 64)[seed % 2]
    plan = replace(SMALL, codebook_size=size, informative=False, seed=seed, **spread)
    return simulated_table(plan)


def named_by_length(seed: int) -> IndexTable:
    """Return such speech in which a segment's label is drawn by its length."""
    table = untold(seed, token_spread=0.2)
    rng = np.random.default_rng([seed, 1])
    length = table.segments["n_frames"].to_numpy()
    labels = np.empty(len(length), dtype=object)
    for longest, names in reversed(BY_LENGTH.items()):
        mine = length <= longest
        labels[mine] = rng.choice(names.split(), mine.sum())
    return relabelled(table, labels)


def relabelled(table: IndexTable, labels: np.ndarray) -> IndexTable:
    """Return a table with other labels of its segments."""
    known = simulated_table().segments.drop_duplicates("label").set_index("label")["phone_group"]
    groups = pd.Categorical(
        known.reindex(labels), categories=table.segments["phone_group"].cat.categories, ordered=True
    )
    label = pd.Categorical(labels, categories=table.frames["phone"].cat.categories)
    owner = np.repeat(np.arange(len(labels)), table.segments["n_frames"])
    segments = table.segments.assign(label=label, phone_group=groups)
    frames = table.frames.assign(phone=label[owner], phone_group=groups[owner])
    return replace(table, segments=segments, frames=frames)


def in_any_sequence(seed: int) -> IndexTable:
    """Return speech without noise whose segments are shuffled within utterances."""
    plan = replace(SMALL, n_repeated=0, n_own=5, token_spread=0, frame_spread=0, seed=seed)
    table = simulated_table(plan)
    segments = table.segments
    rng = np.random.default_rng([seed, 2])
    order = np.lexsort((rng.random(len(segments)), segments["utterance"].cat.codes))
    n = segments["n_frames"].to_numpy()
    first = np.cumsum(n) - n
    rows = np.concatenate([np.arange(first[at], first[at] + n[at]) for at in order])
    moved = table.frames.iloc[rows].reset_index(drop=True)
    frames = table.frames.assign(
        **{
            name: moved[name] for name in ("phone", "phone_group", "codeword", "curve_segment", "t")
        },
        phone_segment=np.repeat(segments["ordinal"].to_numpy(), n[order]).astype(np.int32),
    )
    known = segments.iloc[order].reset_index(drop=True)
    length = known["n_frames"].astype("int64") * table.grid.hop
    stop = length.groupby(known["utterance"], observed=True).cumsum()
    segments = known.assign(ordinal=segments["ordinal"], start=stop - length, stop=stop)
    return replace(table, segments=segments, frames=frames)


def missaid(seed: int) -> IndexTable:
    """Return speech in which every speaker's sentences have changed names."""
    table = simulated_table(replace(SMALL, speaker_spread=0.05, seed=seed))
    rng = np.random.default_rng([seed, 3])
    sentence = table.utterances["sentence"].to_numpy().copy()
    for rows in table.utterances.groupby("speaker").indices.values():
        sentence[rows] = sentence[rng.permutation(rows)]
    return replace(table, utterances=table.utterances.assign(sentence=sentence))


# Their p values


def drawn(seed: int, n_bootstraps: int = 0) -> Inference:
    return Inference(n_permutations=DRAWS, n_bootstraps=n_bootstraps, level=LEVEL, seed=seed)


def p_of(statistic: str, frame: pd.DataFrame, key: str, p: str = "p") -> list[Cell]:
    """Return the p values of a frame; rows without one are left out."""
    pairs = zip(frame[key].astype(str), frame[p].astype(float), strict=True)
    return [(statistic, row, value) for row, value in pairs if np.isfinite(value)]


def of_order(seed: int) -> list[Cell]:
    """Test the order of codes without order."""
    inference = drawn(seed)
    table = disordered(seed)
    reductions = stats.reduce(table)
    corners = np.random.default_rng([seed, 4]).normal(size=(table.codebook_size, 8))
    parted = stats.splits(reductions, inference=inference)
    apart = stats.group_distances(reductions, inference=inference)
    apart = apart.assign(pair=apart["a"] + " " + apart["b"])
    along = stats.feature_correlation(reductions, min_tokens=5, inference=inference)
    return [
        *p_of("steps", stats.steps(reductions, inference=inference), "measure"),
        *p_of("Moran's I", stats.morans_i(reductions, inference=inference), "phone_group"),
        *p_of(
            "merged information",
            stats.merge_information(reductions, inference=inference),
            "codes_per_arc",
        ),
        *p_of(
            "adjacency",
            stats.adjacency_test(reductions, min_tokens=5, inference=inference),
            "measure",
        ),
        *p_of("feature correlation", along[along["null"] == "order"], "scope"),
        *p_of("splits, threshold", parted, "split"),
        *p_of("splits, range", parted, "split", "range_p"),
        *p_of(
            "group ranges",
            stats.group_ranges(reductions, mass=[0.8], inference=inference),
            "phone_group",
        ),
        *p_of("earth mover's distance", apart, "pair", "emd_p"),
        *p_of("earth mover's distance, relative", apart, "pair", "emd_relative_p"),
        *p_of(
            "reading test", stats.reading_test(table, minutes=0.1, inference=inference), "measure"
        ),
        *p_of("codebook order", stats.codebook_order(corners, inference=inference), "measure"),
    ]


def of_sentences(seed: int) -> list[Cell]:
    """Test sentences that are none, and the order of codes without order."""
    few = replace(drawn(seed), n_permutations=99)
    wrong = stats.sentence_consistency(
        missaid(seed), max_pairs=400, with_order=False, inference=few
    )
    order = stats.sentence_consistency(disordered(seed), max_pairs=100, inference=few)
    return [
        *p_of("sentence consistency", wrong, "comparison"),
        *p_of("sentence consistency, order", order.iloc[:1], "comparison", "order_p"),
    ]


def of_labels(kind: str, seed: int) -> list[Cell]:
    """Test labels that say nothing."""
    table = {
        "tokens": lambda: untold(seed, token_spread=0.2),
        "frames": lambda: untold(seed, token_spread=0.0, frame_spread=0.2),
        "speakers": lambda: untold(seed, token_spread=0.1, frame_spread=0.05, speaker_spread=0.2),
        "lengths": lambda: named_by_length(seed),
    }[kind]()
    inference = drawn(seed)
    reductions = stats.reduce(table)
    apart = stats.group_distances(reductions, inference=inference)
    apart = apart.assign(pair=apart["a"] + " " + apart["b"])
    return [
        *p_of(
            f"information ({kind})", stats.information(reductions, inference=inference), "measure"
        ),
        *p_of(f"JS distance ({kind})", apart, "pair", "js_p"),
        *p_of(
            f"dwell times ({kind})",
            stats.dwell_times(reductions, inference=inference),
            "phone_group",
        ),
    ]


def of_speakers(seed: int) -> list[Cell]:
    """Test speakers who say phones alike."""
    inference = drawn(seed)
    cells = []
    for kind, spread in (("tokens", (0.1, 0.02)), ("frames", (0.0, 0.1))):
        plan = replace(SMALL, token_spread=spread[0], frame_spread=spread[1], seed=seed)
        reductions = stats.reduce(simulated_table(plan))
        for within in ("all", "repeated"):
            found = stats.speaker_information(reductions, within=within, inference=inference)
            cells += p_of(f"speaker information ({kind})", found, "within")
        cells += of_context(f"context ({kind})", reductions, inference)
        for by in ("speaker", "sex", "dialect"):
            found = stats.property_distances(reductions, by=by, inference=inference)
            one = found.groupby("kind").head(1)  # of the values, whose tests depend on each other
            cells += p_of(f"distances by {by} ({kind})", one, "kind")
    return cells


def of_own_voices(seed: int) -> list[Cell]:
    """Test neighbours that say nothing, and sex and dialect, among speakers who differ."""
    inference = drawn(seed)
    table = simulated_table(replace(SMALL, speaker_spread=0.05, seed=seed))
    reductions = stats.reduce(table)
    cells = of_context("context (speakers)", reductions, inference)
    for by in ("sex", "dialect"):
        found = stats.property_distances(reductions, by=by, inference=inference)
        cells += p_of(f"distances by {by} (speakers)", found.groupby("kind").head(1), "kind")
    return cells


def of_context(name: str, reductions: stats.Reductions, inference: Inference) -> list[Cell]:
    near = stats.context_dependence(reductions, inference=inference)
    return p_of(name, near.assign(row=near["side"] + " " + near["part"]), "row")


def of_time(seed: int) -> list[Cell]:
    """Test moves without preference and phones without movement."""
    table, inference = in_any_sequence(seed), drawn(seed, DRAWS)
    cells = []
    for source in ("index", "label"):
        found = stats.group_transitions(table, source=source, inference=inference)
        pair = found["group"].astype(str) + " " + found["next_group"].astype(str)
        cells += p_of(f"group transitions ({source})", found.assign(pair=pair), "pair")
    still = simulated_table(replace(SMALL, speaker_spread=0.05, seed=seed))
    found = stats.movement(still, by="phone_group", inference=drawn(seed))
    return [*cells, *p_of("drift", found[found["measure"] == "drift"], "phone_group")]


def of_claims(seed: int) -> list[Cell]:
    """Test claims on codes without order, and on indices that know no phone."""
    inference = replace(drawn(seed, 20), n_permutations=99)
    plan = replace(SMALL, n_own=6, n_tokens=12, codebook_size=32, seed=seed)
    tables = {
        "no order": simulated_table(replace(plan, ordered=False)),
        "no labels": simulated_table(replace(plan, informative=False, token_spread=0.2)),
        "labels told by duration": named_by_length(seed),
    }
    return [
        cell
        for kind, one in tables.items()
        for cell in p_of(f"claims ({kind})", stats.claims(one, inference=inference), "claim")
        if cell[1] not in SO[kind]
    ]


# Intervals


def bounds_of(
    statistic: str, frame: pd.DataFrame, keys: list[str], names: str = "effect low high"
) -> list[Bound]:
    """Return value, low and high of the rows of a frame."""
    rows = frame[keys].astype(str).agg(" ".join, axis=1)
    numbers = frame[names.split()].astype("float64").to_numpy()
    return [(statistic, row, *three) for row, three in zip(rows, numbers.tolist(), strict=True)]


def intervals(table: IndexTable, inference: Inference) -> Iterator[Bound]:
    """Yield every interval of a table."""
    reductions = stats.reduce(table)
    group = ["phone_group"]

    def of(function: Callable[..., pd.DataFrame], **options: object) -> pd.DataFrame:
        return function(reductions, inference=inference, **options)

    yield from bounds_of("steps", of(stats.steps), ["measure"])
    yield from bounds_of("dwell time", of(stats.dwell_times), group, "mean low high")
    path = of(stats.trajectories, by="phone_group", n_points=3)
    yield from bounds_of("trajectory", path, ["phone_group", "time"], "mean low high")
    moved = of(stats.movement, by="phone_group")
    moved = moved[moved["measure"] == "movement"]
    yield from bounds_of("movement", moved, group)
    parted = of(stats.splits)
    yield from bounds_of("splits, accuracy", parted, ["split"], "accuracy low high")
    yield from bounds_of(
        "splits, threshold", parted, ["split"], "threshold_share threshold_low threshold_high"
    )
    yield from bounds_of(
        "splits, range", parted.iloc[1:], ["split"], "range_accuracy range_low range_high"
    )
    ranges = of(stats.group_ranges, mass=[0.8])
    yield from bounds_of("range width", ranges, group, "width low high")
    yield from bounds_of(
        "log odds of moves, labels",
        of(stats.group_transitions, source="label"),
        ["group", "next_group"],
        "log_odds low high",
    )
    yield from bounds_of("information", of(stats.information), ["measure"], "corrected low high")
    apart = of(stats.group_distances)
    yield from bounds_of("JS distance", apart, ["a", "b"], "js js_low js_high")
    yield from bounds_of(
        "JS distance, corrected", apart, ["a", "b"],
        "js_corrected js_corrected_low js_corrected_high",
    )  # fmt: skip
    yield from bounds_of("earth mover's distance", apart, ["a", "b"], "emd emd_low emd_high")
    yield from bounds_of(
        "earth mover's distance, relative", apart, ["a", "b"],
        "emd_relative emd_relative_low emd_relative_high",
    )  # fmt: skip
    yield from bounds_of("Moran's I", of(stats.morans_i), group)
    merged = of(stats.merge_information)
    yield from bounds_of("merged information", merged, ["codes_per_arc"], "pnmi low high")
    yield from bounds_of(
        "merged information, gain", merged, ["codes_per_arc"], "gain gain_low gain_high"
    )
    yield from bounds_of("modes", of(stats.modes, by="phone_group"), group, "n_modes low high")
    along = of(stats.feature_correlation, min_tokens=5)
    yield from bounds_of("feature correlation", along[along["null"] == "order"], ["scope"])
    yield from bounds_of("adjacency", of(stats.adjacency_test, min_tokens=5), ["measure"])
    near = of(stats.context_dependence)
    yield from bounds_of("context", near, ["side", "part"], "corrected low high")
    yield from bounds_of(
        "speaker information", of(stats.speaker_information), ["within"], "corrected low high"
    )


def intervals_of(kind: str, n_speakers: int, seed: int) -> list[Bound]:
    plan = replace(SPEECH[kind], n_speakers=n_speakers, seed=seed)
    inference = Inference(n_permutations=50, n_bootstraps=DRAWS, level=LEVEL, seed=seed)
    return list(intervals(simulated_table(plan), inference))


def truth(kind: str, seed: int) -> list[Bound]:
    """Return what many speakers give."""
    plan = replace(SPEECH[kind], n_speakers=N_TRUE, seed=10**6 + seed)
    return list(intervals(simulated_table(plan), Inference(n_permutations=10, n_bootstraps=0)))


# All tables, and what they come to

NULLS: dict[str, Callable[[int], list[Cell]]] = {
    "order": of_order,
    "sentences": of_sentences,
    **{
        f"labels ({one})": functools.partial(of_labels, one)
        for one in ("tokens", "frames", "speakers", "lengths")
    },
    "speakers": of_speakers,
    "own voices": of_own_voices,
    "time": of_time,
    "claims": of_claims,
}


def rejections(cells: list[Cell]) -> pd.DataFrame:
    """Return false positives and distance from uniform of every row of a statistic."""
    frame = pd.DataFrame(cells, columns=["statistic", "row", "p"])
    grouped = frame.groupby(["statistic", "row"], sort=False)["p"]
    return pd.DataFrame(
        {
            "n": grouped.size(),
            "rejected": grouped.agg(lambda p: float((p <= ALPHA + 1e-9).mean())),
            "mean_p": grouped.mean(),
            "ks": grouped.agg(lambda p: float(kstest(p, "uniform").statistic)),
        }
    ).reset_index()


def coverage(found: list[Bound], true: list[Bound]) -> pd.DataFrame:
    """Return how often intervals hold the truth, for every row of a statistic."""
    columns = ["statistic", "row", "value", "low", "high"]
    keys = columns[:2]
    known = pd.DataFrame(true, columns=columns).groupby(keys)["value"].mean().rename("true")
    frame = pd.DataFrame(found, columns=columns).join(known, on=keys)
    frame = frame.dropna(subset=["low", "high", "true"])
    slack = 1e-9 * np.maximum(1.0, frame["true"].abs())
    above = frame["low"] <= frame["true"] + slack
    frame["held"] = above & (frame["high"] >= frame["true"] - slack)
    grouped = frame.groupby(keys, sort=False)
    columns = {
        "n": grouped.size(),
        "coverage": grouped["held"].mean(),
        "true": grouped["true"].mean(),
        "mean": grouped["value"].mean(),
        "sd": grouped["value"].std(),
    }
    return pd.DataFrame(columns).reset_index()


def rejection_table(rows: pd.DataFrame) -> str:
    """Return false positives as Markdown, a line a statistic."""
    lines = []
    for name, part in rows.groupby("statistic", sort=False):
        worst = part.loc[part["rejected"].idxmax()]
        share = np.average(part["rejected"], weights=part["n"])
        bound = ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / part["n"])
        beyond = str(int((part["rejected"] > bound).sum()))
        numbers = [share, worst["rejected"], np.average(part["mean_p"], weights=part["n"])]
        ks = f"{part['ks'].median():.3f}", f"{part['ks'].max():.3f}"
        lines.append([str(name), str(len(part)), *(f"{one:.3f}" for one in numbers), beyond, *ks])
    header = ["test", "rows", "P(p <= .05)", "largest row", "mean p", "rows beyond"]
    header += ["KS, median", "KS, largest"]
    return as_markdown(header, lines)


def coverage_table(rows: pd.DataFrame) -> str:
    """Return coverage as Markdown, a line a statistic: mean, and least and most of its rows."""
    lines = []
    for name, part in rows.groupby("statistic", sort=False):
        line = [str(name), str(part["row"].nunique())]
        for kind, n in SETTINGS:
            held = part.loc[(part["speech"] == kind) & (part["n_speakers"] == n), "coverage"]
            line.append(f"{held.mean():.2f} ({held.min():.2f} to {held.max():.2f})")
        lines.append(line)
    return as_markdown(["interval", "rows", *(f"{kind}, {n}" for kind, n in SETTINGS)], lines)


def main() -> None:
    """Run what is named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[*NULLS, "coverage"])
    parser.add_argument("--out", type=Path, default=HERE / "calibration.json")
    arguments = parser.parse_args()
    seeds = range(arguments.tables)
    rejected, held = [], []
    with multiprocessing.get_context("spawn").Pool(arguments.workers) as pool:

        def all_of(function: Callable[[int], list], numbers: range) -> list:
            return [one for part in pool.imap(function, numbers) for one in part]

        for name in [one for one in arguments.only if one in NULLS]:
            rejected.append(rejections(all_of(NULLS[name], seeds)).assign(tables=name))
            print(f"\n{name}\n\n{rejection_table(rejected[-1])}", flush=True)
            write(arguments, rejected, held)
        true: dict[str, list[Bound]] = {}
        for kind, n in SETTINGS if "coverage" in arguments.only else ():
            if kind not in true:
                true[kind] = all_of(functools.partial(truth, kind), range(TRUE_TABLES))
            found = all_of(functools.partial(intervals_of, kind, n), seeds)
            held.append(coverage(found, true[kind]).assign(speech=kind, n_speakers=n))
            write(arguments, rejected, held)
    if held:
        print(f"\n{coverage_table(pd.concat(held))}")


def write(
    arguments: argparse.Namespace, rejected: list[pd.DataFrame], held: list[pd.DataFrame]
) -> None:
    """Write what is known so far."""
    found = {"machine": machine(["numpy", "sfvq-analysis"]), "n_tables": arguments.tables}
    for name, frames in (("rejections", rejected), ("coverage", held)):
        rows = pd.concat(frames) if frames else pd.DataFrame()
        found[name] = json.loads(rows.to_json(orient="records", double_precision=6))
    write_json(arguments.out, found)


if __name__ == "__main__":
    main()

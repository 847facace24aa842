# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Your own corpus, labelled in Praat
# Audio in one folder, TextGrids in another, as an aligner or a phonetician leaves them. The speech
# here is the built-in, synthetic corpus, written out that way; with your own data start at the
# second cell, `speech` and `aligned` being your folders.

# %%
import shutil
import tempfile
from pathlib import Path

import textgrid

from sfvq_analysis import demo_corpus

place = Path(tempfile.mkdtemp())
speech, aligned = place / "speech", place / "aligned"
for utterance in demo_corpus().select(split="test"):
    recording = utterance.load()
    end = max(len(recording.audio), *(tier[-1].stop for tier in recording.tiers.values()))
    name = Path(utterance.speaker, utterance.sentence)
    for folder in (speech, aligned):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(utterance.audio_path, speech / name.with_suffix(".wav"))
    grid = textgrid.TextGrid(maxTime=end / recording.sample_rate)
    tier = textgrid.IntervalTier("segments", maxTime=grid.maxTime)
    for start, stop, label in recording.tiers["phone"]:
        tier.add(start / recording.sample_rate, stop / recording.sample_rate, label)
    grid.append(tier)
    grid.write(str(aligned / name.with_suffix(".TextGrid")))
sorted(str(one.relative_to(place)) for one in place.rglob("*sa1*"))

# %% [markdown]
# `scan_corpus` pairs each audio file with the TextGrid of its path. Nothing is read yet; audio
# without labels, or labels without audio, would be refused here, by name.

# %%
from sfvq_analysis import scan_corpus

corpus = scan_corpus(speech, "textgrid", tier="segments", label_place=aligned)
corpus

# %% [markdown]
# What does each label mean? `sfvq phones` on the command line; here as a frame. Labels that no
# rule knows come first: they would be refused, or left out with `unknown="na"`. A grouping of your
# own is a CSV of `label,group`.

# %%
from sfvq_analysis import phone_report
from sfvq_analysis.phones import LabelCounts, resolve

labels = [segment.label for utterance in corpus for segment in utterance.load_phones()]
counts = LabelCounts.of((label, str(aligned)) for label in labels)
report = phone_report(
    resolve(counts, "auto"), {label: labels.count(label) for label in set(labels)}
)
report.groupby("group", sort=False)[["label", "count"]].agg({"label": " ".join, "count": "sum"})

# %% [markdown]
# The last row has no group: closures and pauses, which the paper's groups leave out.
#
# Index it. These codebooks come with the package; your own are `fit_sfvq` of `sample_features`. A
# long run with `journal="speech.journal"` goes on after a kill.

# %%
from sfvq_analysis import demo_quantizers, index_table, load_encoder, plots, stats

tables = index_table(corpus, load_encoder("vqvae"), demo_quantizers())
tables["sfvq"].to_pandas()[["utterance", "seconds", "phone", "phone_group", "position"]].head()

# %% [markdown]
# Alignment is exact: an interval's times become samples once, and a frame belongs to the interval
# that holds its centre. The same labels read in TIMIT's own format give the same frames.

# %%
from_timit = index_table(
    demo_corpus().select(split="test"), load_encoder("vqvae"), demo_quantizers()["sfvq"]
)
bool((from_timit.frames["phone"] == tables["sfvq"].frames["phone"]).all())

# %% [markdown]
# One utterance: the index of the curve (navy) and of plain VQ (grey) above the spectrogram.

# %%
one = tables["sfvq"].utterances["utterance"][0]
_ = plots.index_over_time(tables, one, audio=corpus[one].load().audio)

# %% [markdown]
# Where the groups are: silence first, then plosives and fricatives, nasals, and vowels, diphthongs
# and approximants together.

# %%
_ = plots.histogram(stats.index_histogram(tables["sfvq"], by="phone_group"))

# %% [markdown]
# Back to Praat: a TextGrid for each utterance, with the index as tiers beside the phones. Open one
# with its audio, and read along.

# %%
from sfvq_analysis.textgrids import write_textgrids

write_textgrids(tables, place / "with_index")
written = sorted((place / "with_index").rglob("*.TextGrid"))
back = textgrid.TextGrid.fromFile(str(written[0]))
print(len(written), "TextGrids, with the tiers", back.getNames())
for interval in back.getFirst("index sfvq")[:5]:
    print(f"{interval.minTime:.3f} to {interval.maxTime:.3f} s: {interval.mark}")

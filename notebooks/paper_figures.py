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
# # The paper's figures, one by one
# Vali & Bäckström (Interspeech 2023) read a curve of 256 corners, fitted to the latents of a voice
# conversion model, on TIMIT. Here are the same figures of the built-in corpus, the published
# numbers beside ours.
#
# **They can't agree number by number.** This corpus is *synthetic* speech of a few voices, and
# another encoder has another curve: index 67 here is not index 67 there, and which end comes first
# is a convention. What can be compared is what doesn't depend on it: whether neighbours mean
# similar things, what lies next to what, how far apart groups are. `sfvq analyze /path/to/TIMIT`
# makes the same figures of TIMIT.

# %%
import pandas as pd

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, plots, stats
from sfvq_analysis.report.illustrations import illustrations

corpus, quantizers = demo_corpus(), demo_quantizers()
tables = index_table(corpus, load_encoder("vqvae"), quantizers)
table = tables["sfvq"]
few = stats.Inference(n_permutations=199, n_bootstraps=199)

# %% [markdown]
# ## Figures 1 to 3: what the method is
# Plain VQ of a Gaussian with its cells; the Hilbert curve; VQ and the curve of the same data.

# %%
for drawn in illustrations(seed=0):
    drawn.figure.set_dpi(110)

# %% [markdown]
# ## Figure 4: index over time
# The same sentence, index of the curve and of plain VQ. (In the paper's numbering this is figure
# 2.)

# %%
sentence = corpus["fslt0_sa1"]
named = {"SFVQ": table, "VQ": tables["vq"]}
_ = plots.index_over_time(named, sentence.id, audio=sentence.load().audio)

# %% [markdown]
# The eye sees structure in navy and none in grey. As a number: the mean step of the index from
# frame to frame, against the same codes under random names. The published rows were read off the
# paper's figure (one sentence); ours are of all sentences.

# %%
published = pd.DataFrame(
    {
        "mean step": [27.9, 73.6],
        "random names": [57.4, 77.4],
        "their sd": [5.2, 11.8],
        "p": [0.0005, 0.39],
    },
    index=pd.Index(["SFVQ", "VQ"]),
)
ours = pd.concat(
    {
        name: stats.steps(one, inference=few).set_index("measure").loc["absolute_step"]
        for name, one in named.items()
    },
    axis=1,
).T[["effect", "null_mean", "null_sd", "p"]]
ours.columns = published.columns
pd.concat({"published": published, "here": ours.astype(float).round(3)})

# %% [markdown]
# ## Figure 5: where the groups are

# %%
by_group = stats.index_histogram(table, by="phone_group")
_ = plots.histogram(by_group)

# %% [markdown]
# Main peaks, published and ours. Compare the order and what is near what, not the numbers.

# %%
group_peaks = pd.Series(
    {
        "silence": 3,
        "plosive": 54,
        "fricative": 68,
        "nasal": 112,
        "vowel": 240,
        "diphthong": 219,
        "approximant": 251,
    },
    name="published",
)
main = stats.peaks(by_group).query("rank == 0").set_index("phone_group")["peak"]
side_by_side = group_peaks.to_frame().assign(here=main.reindex(group_peaks.index))
print("rank correlation:", round(side_by_side.astype(float).corr("spearman").iloc[0, 1], 2))
side_by_side

# %% [markdown]
# One threshold parts consonants and silence from vowels: the best one, its balanced accuracy, and
# the best that any order of these codes could have.

# %%
split = stats.consonant_vowel_split(stats.phone_counts(table)).round(3)
split.index = ["here"]
pd.concat([pd.DataFrame({"threshold": [127], "accuracy": [0.924]}, index=["published"]), split])

# %% [markdown]
# ## Figure 6: how different the groups' histograms are

# %%
distances = stats.jensen_shannon(by_group)
_ = plots.jensen_shannon(distances)

# %%
short = {
    "sil": "silence",
    "pls": "plosive",
    "frc": "fricative",
    "nsl": "nasal",
    "vwl": "vowel",
    "dph": "diphthong",
    "apr": "approximant",
}
text = """
sil-pls .71 sil-frc .75 sil-nsl .77 sil-vwl .98 sil-dph .96 sil-apr .88 pls-frc .63 pls-nsl .84
pls-vwl .87 pls-dph .85 pls-apr .81 frc-nsl .82 frc-vwl .90 frc-dph .88 frc-apr .82 nsl-vwl .91
nsl-dph .89 nsl-apr .83 vwl-dph .19 vwl-apr .52 dph-apr .50
"""
words = text.split()
pairs = [tuple(short[one] for one in pair.split("-")) for pair in words[::2]]
js = pd.DataFrame(
    {
        "published": [float(number) for number in words[1::2]],
        "here": [round(distances.loc[pair], 2) for pair in pairs],
    },
    index=pd.MultiIndex.from_tuples(pairs),
)
print("correlation over the 21 pairs:", round(js.corr().iloc[0, 1], 2))
js.sort_values("published")

# %% [markdown]
# The distance doesn't change when codes are renamed: it says how separate groups are, not that the
# axis is ordered. And it is the greater the fewer frames there are (`stats.group_distances`
# corrects for that); TIMIT has a hundred times as many as this corpus.
#
# ## Figure 7: distances between the curve's corners

# %%
_ = plots.corner_distances(stats.corner_distances(quantizers["sfvq"].corners()))

# %% [markdown]
# ## Figure 8: which index follows which

# %%
_ = plots.transitions(stats.transitions(table), table.codebook_size)

# %% [markdown]
# ## Figure 9: the fricatives

# %%
by_phone = stats.index_histogram(table, by="phone")
_ = plots.phone_histograms(by_phone, "fricative")

# %% [markdown]
# The paper's text gives peaks; NA are phones with fewer than 20 tokens here, or with none (`hv`).

# %%
in_the_text = pd.Series(
    {
        "f": 51,
        "v": 50,
        "s": 71,
        "z": 67,
        "sh": 65,
        "zh": 67,
        "hv": 50,
        "th": 78,
        "dh": 80,
        "hh": 46,
    },
    name="published",
)
here = stats.peaks(by_phone).query("rank == 0").set_index("phone")["peak"]
in_the_text.to_frame().assign(here=here.reindex(in_the_text.index))

# %% [markdown]
# Do similar phones peak side by side, more than other phones of their group do? The median
# distance of both kinds of pairs, in indices, then the similar ones one by one.

# %%
pairs_of_phones = stats.peak_adjacency(stats.peaks(by_phone)).dropna()
print(pairs_of_phones.groupby("similar")["distance"].median().to_string())
pairs_of_phones.query("similar")[["phone_a", "phone_b", "group", "distance"]]

# %% [markdown]
# ## The ranges that the text names
# Silence in 0-20, plosives (and hh, hv) in 30-50, fricatives but hh and hv in 50-85, nasals in
# 105-125. Here: the shortest range that holds 80 % of a group's frames, how wide it is, and how
# wide in a random order. The published ones were read off by eye, and hold fewer frames (in the
# paper's own figure, 64 % of h#).

# %%
named_ranges = {"silence": "0-20", "plosive": "30-50", "fricative": "50-85", "nasal": "105-125"}
ranges = stats.group_ranges(table, mass=[0.8], inference=few).set_index("phone_group")
here_ranges = ranges["first"].astype(str) + "-" + ranges["last"].astype(str)
pd.DataFrame({"published": named_ranges}).assign(
    here=here_ranges, width=ranges["width"], width_by_chance=ranges["null_mean"].round(0)
)

# %% [markdown]
# What of this can be *claimed*, with intervals and nulls: [claims](claims.ipynb).

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
# numbers beside ours. Figures are numbered as everywhere in this package.
#
# **They can't agree number by number.** This corpus is *synthetic* speech of a few voices, and
# another encoder has another curve: index 67 here is not index 67 there, and which end comes first
# is a convention. What can be compared is what doesn't depend on it: whether neighbours mean
# similar things, what lies next to what, how far apart groups are. `sfvq analyze /path/to/TIMIT`
# makes the same figures of TIMIT.

# %%
import pandas as pd

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, plots, stats

corpus, quantizers = demo_corpus(), demo_quantizers()
tables = index_table(corpus, load_encoder("vqvae"), quantizers)
table = tables["sfvq"]
few = stats.Inference(n_permutations=199, n_bootstraps=199)

# %% [markdown]
# ## Figure 1: vector quantization
# Points of a Gaussian (grey), 32 codewords (blue), and the cell of each (green). Nothing says which
# codeword is called 0, and which 1.

# %%
import numpy as np

from sfvq_analysis import fit_sfvq, fit_vq

points = np.random.default_rng(0).standard_normal((4000, 2)).astype(np.float32)
vq = fit_vq(points, bits=5, seed=0).corners()
_ = plots.voronoi(points, vq)

# %% [markdown]
# ## Figure 2: the Hilbert curve
# A line that fills a square, by a rule.

# %%
import matplotlib.pyplot as plt

_, axes = plt.subplots(1, 5, figsize=(10, 2.4), layout="constrained")
for iteration, ax in enumerate(axes, start=1):
    plots.hilbert(iteration, ax=ax)

# %% [markdown]
# ## Figure 3: the two together
# The same points. On the right the codewords are the corners of a curve, numbered along it.

# %%
sfvq = fit_sfvq(points, bits=5, seed=0).corners()
_ = plots.vq_and_sfvq(points, vq, sfvq)

# %% [markdown]
# ## Figure 4: index over time
# One sentence, the index of the curve (navy) and of plain VQ (grey). In the paper this is figure 2.

# %%
sentence = corpus["fslt0_sa1"]
named = {"SFVQ": table, "VQ": tables["vq"]}
_ = plots.index_over_time(named, sentence.id, audio=sentence.load().audio)

# %% [markdown]
# The eye sees structure in navy and little in grey. As a number: how far the index moves from frame
# to frame, over what it would under random names of the codes. (It is this ratio that can be
# compared: how often an index stays is left out by it.) The published rows were read off the
# paper's figure, of one sentence; ours are of all sentences. The curve moves by half of what chance
# gives, or less; plain VQ by as much. p is of steps so small; with 199 permutations none is below
# .005.

# %%
published = pd.DataFrame(
    {
        "step": [27.9 / 57.4, 73.6 / 77.4],  # in indices, over those under random names
        "sd by chance": [5.2 / 57.4, 11.8 / 77.4],
        "p": [0.0005, 0.39],
    },
    index=["SFVQ", "VQ"],
)
steps = {name: stats.steps(one, inference=few) for name, one in named.items()}
ours = pd.concat(steps).query("measure == 'relative_step'").droplevel(1)
ours = ours[["effect", "null_sd", "p"]].set_axis(published.columns, axis=1)
pd.concat({"published": published, "here": ours}).round({"step": 2, "sd by chance": 2, "p": 4})

# %% [markdown]
# ## Figure 5: where the groups are
# Smoothed, and divided by its maximum, as in the paper: heights of two groups can't be compared.

# %%
by_group = stats.index_histogram(table, by="phone_group")
_ = plots.histogram(by_group)

# %% [markdown]
# Main peaks, published (in the figure) and ours. Compare the order and what is near what, not the
# numbers: in both silence comes first, then plosives, fricatives, nasals; vowels, diphthongs and
# approximants come last, in another order.

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
# One threshold parts silence, plosives, fricatives and nasals from vowels, diphthongs and
# approximants: the best one, its balanced accuracy, and its ceiling, the best that any order of
# these codes could have (not known of the published ones, whose row was computed from the curves of
# the paper's figure).

# %%
published_split = pd.DataFrame({"threshold": [127], "accuracy": [0.924]})
split = stats.consonant_vowel_split(table)[["threshold", "accuracy", "ceiling"]]
pd.concat({"published": published_split, "here": split}).droplevel(1).round(3)

# %% [markdown]
# ## Figure 6: how different the groups' histograms are
# 0 is the same histogram, 1 is no index in common.

# %%
distances = stats.jensen_shannon(by_group)
_ = plots.jensen_shannon(distances)

# %% [markdown]
# The 21 pairs, published and ours. The four nearest ones are the same.

# %%
from itertools import combinations

of_the_paper = """
.71 .75 .77 .98 .96 .88
    .63 .84 .87 .85 .81
        .82 .90 .88 .82
            .91 .89 .83
                .19 .52
                    .50
"""
pairs = list(combinations(["sil", "pls", "frc", "nsl", "vwl", "dph", "apr"], 2))
js = pd.DataFrame(
    {
        "published": [float(number) for number in of_the_paper.split()],
        "here": [distances.loc[pair] for pair in combinations(distances, 2)],
    },
    index=["-".join(pair) for pair in pairs],
)
print("correlation over the 21 pairs:", round(js.corr().iloc[0, 1], 2))
js.round(2).sort_values("published")

# %% [markdown]
# The distance doesn't change when codes are renamed: it says how separate groups are, not that the
# axis is ordered. And it is the greater the fewer frames there are (`stats.group_distances`
# corrects for that); TIMIT has a hundred times as many as this corpus.
#
# ## Figure 7: distances between the curve's corners
# Dark along the diagonal: corners with neighbouring numbers are near each other in the latent space
# (16 on average, against 47 for any two). From some twenty indices on the axis tells little of how
# far; but the corners of silence, in the upper left, keep together.

# %%
_ = plots.corner_distances(stats.corner_distances(quantizers["sfvq"].corners()))

# %% [markdown]
# ## Figure 8: which index follows which
# Row: index, column: the next one. Half of all changes lead no further than ten indices; the others
# lie in a few patches, from region to region. Hardly one leads from silence (below 40) beyond 60.

# %%
_ = plots.transitions(stats.transitions(table), table.codebook_size)

# %% [markdown]
# ## Figure 9: the fricatives
# All but hh peak between 70 and 120; hh, which sounds like what follows it, is everywhere.

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
# distance of both kinds of pairs, in indices, then the similar ones one by one: half of them are
# nearer than 19 indices, and er and r, uh and uw, g and k are no nearer than other pairs.

# %%
pairs_of_phones = stats.peak_adjacency(stats.peaks(by_phone)).dropna()
similar = pairs_of_phones.groupby("similar")["distance"].median()
print(f"median distance: similar {similar[True]} indices, others {similar[False]}")
pairs_of_phones.query("similar")[["phone_a", "phone_b", "group", "distance"]]

# %% [markdown]
# ## The ranges that the text names
# Silence in 0-20, plosives (and hh, hv) in 30-50, fricatives but hh and hv in 50-85, nasals in
# 105-125. Here: the shortest range that holds 80 % of a group's frames, how wide it is, and how
# wide by chance, in a random order. The published ones were read off by eye, and hold fewer frames
# (in the paper's own figure, 64 % of h#). Ours are wider than those, much narrower than by chance,
# and in the same order.

# %%
named_ranges = {"silence": "0-20", "plosive": "30-50", "fricative": "50-85", "nasal": "105-125"}
ranges = stats.group_ranges(table, mass=[0.8], inference=few).set_index("phone_group")
here_ranges = ranges["first"].astype(str) + "-" + ranges["last"].astype(str)
pd.DataFrame({"published": named_ranges}).assign(
    here=here_ranges, width=ranges["width"], width_by_chance=ranges["null_mean"].round(0)
)

# %% [markdown]
# What of this can be *claimed*, with intervals and nulls: [claims](claims.ipynb).

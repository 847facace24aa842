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
# # What can be claimed
# Numbers behind what an axis seems to show: effect, interval over speakers, and what there would be
# by chance. The built-in corpus is **synthetic** speech of a few voices: nothing here is a result
# about human speech.

# %%
from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, plots, stats

tables = index_table(demo_corpus(), load_encoder("vqvae"), demo_quantizers())
few = stats.Inference(n_permutations=199, n_bootstraps=199)

# %% [markdown]
# ## The paper's twelve claims, for the curve
# The dot is the effect with its interval, the grey bar what chance gives; each row has a scale of
# its own. For claims of the family `order` chance is the same codes under random names; those of
# the families `units` and `speech` need no order and don't speak for one. *holds* is p <= .05,
# corrected over the twelve; *not shown* is no proof of the contrary; *untestable* has its reason
# beside it. With 199 permutations no p is below 1 / 200: for a paper of your own draw more.
#
# All twelve hold here. The synthetic voices say their sentences alike, which makes it easy: C4 is
# the largest that it can be.

# %%
claims = stats.claims(tables["sfvq"], inference=few)
_ = plots.claims(claims)

# %% [markdown]
# ## The same for plain VQ
# Of the family `order` none is left: the dots lie in or beside the bars. What still holds (C4, C6,
# C9, C11) needs no order.

# %%
_ = plots.claims(stats.claims(tables["vq"], inference=few))

# %% [markdown]
# ## The same curve under other names
# The strictest comparison: the very same codebook, its 256 indices renamed at random. Frames,
# labels and distortion to the corner stay as they were; only the order is gone, and with it every
# claim of the family `order`. An effect that stays the same to the last digit (C9, C11) says
# nothing about the order. Its corrected p may change all the same: the correction over the twelve
# is the harder, the fewer of the others hold.

# %%
from dataclasses import replace

import numpy as np
import pandas as pd

curve = tables["sfvq"]
names = np.random.default_rng(0).permutation(curve.codebook_size).astype(np.int32)
frames = curve.frames
renamed = replace(
    curve,
    frames=frames.assign(
        codeword=names[frames["codeword"]],
        curve_segment=np.int32(-1),  # a plain codebook from here on
        t=np.float32("nan"),
        distortion=frames["codeword_distortion"],
    ),
)
beside = {"curve": claims, "renamed": stats.claims(renamed, inference=few)}
shown = ["effect", "p", "p_corrected", "verdict"]
beside = {name: one.set_index(["claim", "family"])[shown] for name, one in beside.items()}
pd.concat(beside, axis=1).round(3)

# %% [markdown]
# ## How much better is the curve?
# The difference from plain VQ, on the same speakers, with an interval over speakers. `pnmi` and
# `arcs` (16 of them) are less what random labels give, `split` is a share of what the best order of
# the same codes would gain over chance; `relative_step` and `similar_pairs` are about 1 without
# order, and the lower the better. A difference is *claimed* only where it also exceeds that between
# fits, so with one fit of each, as here, none is: give lists of tables, one for each of five seeds.

# %%
compared = stats.compare({"vq": tables["vq"], "sfvq": curve}, inference=few)
wanted = ["pnmi", "arcs", "split", "relative_step", "similar_pairs"]
compared.query("method == 'sfvq' and measure in @wanted").set_index("measure")[
    ["better", "effect", "difference", "difference_low", "difference_high", "claimed", "reason"]
].round(3)

# %% [markdown]
# ## The axis in words
# Ranges, named by the groups that are at home there, with the share of their frames for which that
# is so; *when checked* is that of speakers by whose frames the names weren't chosen. Approximants
# are at home in no range of their own.

# %%
for text in stats.describe_axis(curve, inference=few)["text"]:
    print(text)

# %% [markdown]
# ## Neighbouring indices mean similar things
# Merging neighbours loses less of what indices tell of the phone (PNMI) than merging at random:
# cut into 16 arcs, the curve keeps three times as much. The dotted line is what random labels give.

# %%
_ = plots.merge_curve(stats.merge_information(curve, inference=few))

# %% [markdown]
# ## How many labels does it take to read the axis?
# Groups read off the index of other speakers, after so many labelled minutes. With few labels many
# indices have none: their neighbours answer for them (*index map*, *smoothed map*), or, without an
# order, the commonest group does (*unordered map*; the *permuted map* has neighbours by random
# names). The lead is what the order adds: four points in a hundred after half a minute, none after
# two. It is small beside the band, in which nine of ten draws of the minutes lie.

# %%
_ = plots.few_labels_curve(stats.few_labels(curve, inference=few))

# %% [markdown]
# ## What each index stands for
# Every row is a phone, dark where its frames are on the axis. The strip above has the commonest
# group of each index, as high as its share of the frames. Most consonants keep to one or two
# places; closures (*other*, in none of the paper's groups) lie before the plosives and before the
# nasals. Hatched indices have no labelled frame.

# %%
shares = stats.conditional(curve, given="phone")
_ = plots.meanings_heatmap(shares, meanings=stats.index_meanings(curve))

# %% [markdown]
# What may not be said, however good it looks: that index 67 *is* a sound (another encoder, or
# another seed, has another curve); that two sounds far apart on the axis are unlike (a line through
# many dimensions must fold); that labels by an aligner are the truth.

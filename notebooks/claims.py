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
# The dot is the effect with its interval, the grey bar what chance gives: for claims of the family
# `order`, the same codes under random names. *holds* is p <= .05, corrected over the twelve;
# *not shown* is no proof of the contrary; *untestable* has its reason beside it. With 199
# permutations no p is below 1 / 200: for a paper of your own draw more.

# %%
claims = stats.claims(tables["sfvq"], inference=few)
_ = plots.claims(claims)

# %% [markdown]
# ## The same for plain VQ
# What still holds needs no order.

# %%
columns = ["family", "measure", "effect", "low", "high", "null_mean", "p_corrected", "verdict"]
stats.claims(tables["vq"], inference=few).set_index("claim")[columns].round(3)

# %% [markdown]
# ## The same curve under other names
# The strictest comparison: the very same codebook, its 256 indices renamed at random. Frames,
# labels and distortion stay as they were; only the order is gone. An effect that stays the same to
# the last digit (C9, C11) says nothing about the order. Its corrected p may change all the same:
# the correction over the twelve is the harder, the fewer of the others hold.

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
pd.concat({name: one.set_index("claim")[shown].round(3) for name, one in beside.items()}, axis=1)

# %% [markdown]
# ## How much better is the curve?
# All measures of both, on the same speakers: the difference from plain VQ, with an interval over
# speakers. A difference is *claimed* only where it also exceeds that between fits, so with one fit
# of each, as here, none is: give a list of tables, one for each seed.

# %%
compared = stats.compare({"vq": tables["vq"], "sfvq": curve}, inference=few)
wanted = ["pnmi", "arcs", "split", "relative_step", "similar_pairs"]
compared.query("method == 'sfvq' and measure in @wanted").set_index("measure")[
    ["better", "effect", "difference", "difference_low", "difference_high", "claimed", "reason"]
].round(3)

# %% [markdown]
# ## The axis in words
# With the share each statement holds for; *when checked* is that of speakers by whose frames the
# names weren't chosen.

# %%
for text in stats.describe_axis(curve, inference=few)["text"]:
    print(text)

# %% [markdown]
# ## Neighbouring indices mean similar things
# Merging neighbours loses less of what indices tell of the phone (PNMI) than merging at random.

# %%
_ = plots.merge_curve(stats.merge_information(curve, inference=few))

# %% [markdown]
# ## How many labels does it take to read the axis?
# Groups read off the index of other speakers, after so many labelled minutes. With few labels many
# indices have none: their neighbours answer for them (*index map*, *smoothed map*), or, without an
# order, the commonest group does (*unordered map*). The lead is what the order adds; with enough
# labels there is none.

# %%
_ = plots.few_labels_curve(stats.few_labels(curve, inference=few))

# %% [markdown]
# ## What each index stands for
# In the order of the axis.

# %%
shares = stats.conditional(curve, given="phone")
_ = plots.meanings_heatmap(shares, meanings=stats.index_meanings(curve))

# %% [markdown]
# What may not be said, however good it looks: that index 67 *is* a sound (another encoder, or
# another seed, has another curve); that two sounds far apart on the axis are unlike (a line through
# many dimensions must fold); that labels by an aligner are the truth.

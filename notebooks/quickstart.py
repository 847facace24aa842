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
# # Quickstart
# From a labelled corpus to indices, a DataFrame and figures. The built-in corpus is **synthetic**
# speech; its codebooks were fitted to real speech, as the encoder of the voice model in the package
# hears it. For your own data replace `demo_corpus()` by `load_corpus("/path/to/TIMIT")`, and
# `demo_quantizers()` by codebooks of your own, as in the last cell.

# %%
from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, plots, stats

corpus = demo_corpus()
encoder = load_encoder("vqvae")
quantizers = demo_quantizers()
corpus

# %% [markdown]
# Every frame gets the index of its nearest codeword and its exact place on the curve, aligned with
# the phone that owns it.

# %%
tables = index_table(corpus, encoder, quantizers)
tables["sfvq"]

# %% [markdown]
# `to_pandas()` gives all of it as one DataFrame, a row a frame.

# %%
frames = tables["sfvq"].to_pandas()
frames[["utterance", "seconds", "phone", "phone_group", "codeword", "position"]].head()

# %% [markdown]
# One sentence: inside most phones the index of the curve (navy) stays in one place or glides; that
# of plain VQ (grey) jumps.

# %%
sentence = corpus["fslt0_sa1"]
recording = sentence.load()
named = {"SFVQ": tables["sfvq"], "VQ": tables["vq"]}
_ = plots.index_over_time(named, sentence.id, audio=recording.audio)

# %% [markdown]
# Where is each phone group on the axis? Silence comes first, then plosives and fricatives, then
# nasals; vowels, diphthongs and approximants share the rest. Every line is divided by its own
# maximum: the heights of two groups can't be compared.

# %%
histogram = stats.index_histogram(tables["sfvq"], by="phone_group")
_ = plots.histogram(histogram, palette="colorblind")

# %% [markdown]
# Do similar phones peak next to each other? `distance` is in indices, of 256. m and n do, and s and
# sh; g and k are far apart. Whether similar phones do so more than other phones of their group is
# tested in [What can be claimed](claims.ipynb). A phone said fewer than 20 times has no peak, and
# its pairs are left out.

# %%
peaks = stats.peaks(stats.index_histogram(tables["sfvq"], by="phone"))
pairs = stats.peak_adjacency(peaks).query("similar").dropna()
pairs[["phone_a", "phone_b", "group", "distance"]]

# %% [markdown]
# How much does the order of the axis mean? The plain codebook, whose indices have none, is the
# comparison. `pnmi` is the share of what there is to know of the phone that an index tells; it
# needs no order, so both tell about the same. All that follows needs one: `arcs`, what is left
# of it when the axis is cut into 16 arcs; `split`, the balanced accuracy of one threshold between
# silence, plosives, fricatives, nasals and all other phones (`split_ceiling`: in the best order of
# the same codes); `step`, how far the index moves when it changes, over what random names of the
# codes give; `pairs`, how far apart similar phones are, over any two. Of the last two a smaller one
# is better, and without order they are about 1.

# %%
import pandas as pd

wanted = ["pnmi", "arcs", "split", "split_ceiling", "step", "pairs"]
measures = {name: stats.axis_measures(table)[wanted] for name, table in tables.items()}
pd.concat(measures).droplevel(1).T.round(3)

# %% [markdown]
# Fit a curve of your own: 32 codewords on the training voices' frames, no label looked at.
# `progress=True` shows a bar, as in everything that takes its time.

# %%
from sfvq_analysis import fit_sfvq, sample_features

features = sample_features(corpus.select(split="train"), load_encoder("mel"))
fit_sfvq(features, bits=5, seed=0)

# %% [markdown]
# All of it as a folder takes half a minute: figures with the numbers behind them, statistics, the
# tables, and `page.html`, one file to explore and to listen to without a network.
#
# ```python
# from sfvq_analysis import report
#
# report.write(tables, "out", corpus=corpus, quantizers=quantizers, audio="embed")
# ```

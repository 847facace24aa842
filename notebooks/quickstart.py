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
# speech; its codebooks were fitted on real speech. For your own data replace the first line by
# `load_corpus("/path/to/TIMIT")`, and the third by `fit_sfvq(...)` (last cell).

# %%
from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder, plots, stats
from sfvq_analysis.encoders.registry import encoder_of

corpus = demo_corpus()
quantizers = demo_quantizers()
encoder = encoder_of(quantizers["sfvq"].provenance.encoder)
corpus

# %% [markdown]
# Every frame gets the index of its nearest codeword and its exact place on the curve, aligned with
# the phone that owns it.

# %%
tables = index_table(corpus, encoder, quantizers)
frames = tables["sfvq"].to_pandas()
frames[["utterance", "seconds", "phone", "phone_group", "codeword", "position"]].head()

# %%
sentence = corpus["fslt0_sa1"]
recording = sentence.load()
named = {"SFVQ": tables["sfvq"], "VQ": tables["vq"]}
_ = plots.index_over_time(named, sentence.id, audio=recording.audio)

# %% [markdown]
# Where is each phone group on the axis?

# %%
histogram = stats.index_histogram(tables["sfvq"], by="phone_group")
_ = plots.histogram(histogram, palette="colorblind")

# %%
peaks = stats.peaks(stats.index_histogram(tables["sfvq"], by="phone"))
stats.peak_adjacency(peaks).query("similar").dropna()

# %% [markdown]
# How much does the order of the axis mean? The plain codebook, whose indices have none, is the
# comparison.

# %%
import pandas as pd

pd.concat({name: stats.axis_measures(table) for name, table in tables.items()}).droplevel(1)

# %% [markdown]
# Fit a curve of your own: 32 codewords on the training voices' frames, no label looked at.

# %%
from sfvq_analysis import fit_sfvq, sample_features

features = sample_features(corpus.select(split="train"), load_encoder("mel"))
fit_sfvq(features, bits=5, seed=0)

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
# # Reading your own encoder: a sweep over layers
# `hf:<model or folder>@<layer>` reads a layer of HuBERT, wav2vec 2.0, WavLM, data2vec or Whisper.
# Which layer tells most about phones?
#
# **The model below is made up: a tiny HuBERT of random weights.** Its numbers say nothing about
# HuBERT, only that the sweep works. For a result, put the folder (or the name) of a real model in
# the place of `folder`; nothing else changes. It needs `pip install 'sfvq-analysis[hf]'`.

# %%
import tempfile
from pathlib import Path

import torch
from transformers import HubertConfig, HubertModel, Wav2Vec2FeatureExtractor
from transformers.utils import logging

logging.disable_progress_bar()

folder = Path(tempfile.mkdtemp()) / "tiny-hubert"
torch.manual_seed(0)
tiny = HubertConfig(
    hidden_size=32,
    num_hidden_layers=4,
    num_attention_heads=2,
    intermediate_size=64,
    conv_dim=(32,) * 7,
    num_conv_pos_embeddings=16,
    num_conv_pos_embedding_groups=2,
)
HubertModel(tiny).eval().save_pretrained(folder)
_ = Wav2Vec2FeatureExtractor().save_pretrained(folder)

# %% [markdown]
# From here on it is as with any model. The convolutions are those of HuBERT: 50 frames a second,
# frame i centred on sample 320 i + 200.

# %%
from sfvq_analysis import demo_corpus, load_encoder

encoder = load_encoder(f"hf:{folder}@0")
print(encoder.grid, "layers:", encoder.n_layers)
corpus = demo_corpus()
fit_on, read = corpus.select(split="train"), corpus.select(split="test")

# %% [markdown]
# `encode_layers` gives every layer in one pass, so that an utterance is computed once, not once a
# layer. Layer 0 is what the first layer is given.

# %%
from collections import defaultdict

import numpy as np
from tqdm.auto import tqdm

parts = defaultdict(list)
for utterance in tqdm(fit_on, desc="encoding", leave=False):
    recording = utterance.load()
    encoded = encoder.encode_layers(recording.audio, recording.sample_rate)
    for layer, features in encoded.items():
        parts[layer].append(features.values)
frames = {layer: np.concatenate(of_layer) for layer, of_layer in parts.items()}
{layer: values.shape for layer, values in frames.items()}

# %% [markdown]
# A curve and a plain codebook of 32 codes for each layer, fitted on the training voices; then read
# on the others. `index_table` takes the encoder of that layer and aligns its frames with the
# phones.

# %%
import pandas as pd

from sfvq_analysis import fit_sfvq, fit_vq, index_table, stats

rows, last = [], {}
for layer, values in frames.items():
    fitted = {"SFVQ": fit_sfvq(values, bits=5, seed=0), "VQ": fit_vq(values, bits=5, seed=0)}
    last = index_table(read, encoder.at_layer(layer), fitted)
    for name, table in last.items():
        counts = stats.phone_counts(table)
        rows.append(
            {
                "layer": layer,
                "quantizer": name,
                "PNMI": stats.pnmi(counts),
                "PNMI of 8 arcs": stats.arc_pnmi(counts, 8),
            }
        )
sweep = pd.DataFrame(rows).pivot_table(index="layer", columns="quantizer")
sweep.round(3)

# %% [markdown]
# PNMI is the share of what there is to know about the phone that the index tells; the names of the
# codes don't matter to it, so a curve can't beat plain VQ by being ordered. Cut into 8 arcs of
# neighbouring codes, the order does matter, and the curve is above. From layer to layer nothing
# happens, as nothing was learnt.

# %%
import matplotlib.pyplot as plt

_, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", sharey=True)
for ax, measure in zip(axes, ("PNMI", "PNMI of 8 arcs"), strict=True):
    sweep[measure].plot(ax=ax, marker="o", title=f"{measure} (random weights!)")
    ax.set(xlabel="layer", ylim=(0, 1.2 * sweep.max().max()), xticks=sweep.index)
_ = axes[0].set_ylabel("share of the phone's entropy")

# %% [markdown]
# The last layer, as any other table: where are the groups? Silence stands apart even here; the
# other groups overlap.

# %%
from sfvq_analysis import plots

_ = plots.histogram(stats.index_histogram(last["SFVQ"], by="phone_group"))

# %% [markdown]
# Differences between layers of a real model want several seeds and an interval: `stats.compare`.
# On the command line each layer is `--encoder hf:<model>@<layer>`; an encoder that isn't listed is
# a Python file of yours (`module:<file.py>:<factory>`) or stored latents (`latents:<folder>`).

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
# # Beyond speech: handwritten digits
# A curve can be drawn through any cloud of vectors. Here they are scikit-learn's 1,797 images of
# handwritten digits, 8 x 8 pixels each: the "latents" are the pixels, the "phones" the digits, and
# the groups even and odd. No label is looked at in the fit.

# %%
import numpy as np
from sklearn.datasets import load_digits

from sfvq_analysis import fit_sfvq, fit_vq, index_latents, plots, stats

digits = load_digits()
images = (digits.data / 16).astype(np.float32)
fit_on, read = slice(0, 900), slice(900, None)
sfvq = fit_sfvq(images[fit_on], bits=6, seed=0)
vq = fit_vq(images[fit_on], bits=6, seed=0)

# %% [markdown]
# `index_latents` takes rows and their labels. The images that are read weren't fitted on.

# %%
groups = {str(digit): "even" if digit % 2 == 0 else "odd" for digit in range(10)}
labels = digits.target[read].astype(str)
tables = {
    name: index_latents(images[read], labels, quantizer, groups=groups)
    for name, quantizer in {"sfvq": sfvq, "vq": vq}.items()
}
tables["sfvq"].to_pandas()[["phone", "phone_group", "codeword", "position"]].head()

# %% [markdown]
# The axis, read from left to right and top to bottom: the 64 corners of the curve as pictures.
# Neighbours look alike, and digits turn into each other.

# %%
import matplotlib.pyplot as plt


def shown(corners: np.ndarray, title: str) -> None:
    """Draw 64 codewords in the order of their index."""
    figure, axes = plt.subplots(4, 16, figsize=(9, 2.7), layout="constrained")
    figure.suptitle(title, fontsize=9)
    for index, ax in enumerate(axes.flat):
        ax.imshow(corners[index].reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_xlabel(index, fontsize=6, labelpad=1)


shown(sfvq.corners(), "The curve: index 0 to 63")
shown(vq.corners(), "Plain VQ: index 0 to 63")

# %% [markdown]
# Where on the axis is each digit? Most have one place; 1, 2, 4 and 8 have two or more, as they are
# written in several ways. Each line is divided by its own maximum.

# %%
by_digit = stats.index_histogram(tables["sfvq"], by="phone")
ax = plots.histogram(by_digit, palette="colorblind")
_ = ax.get_legend().set_title("digit (images)")

# %% [markdown]
# Numbers: how much an index tells of the digit; how much is left when the axis is cut into 8 arcs
# of 8 neighbours; how far apart neighbouring codewords are, against any two.

# %%
import pandas as pd

rows = {}
for name, quantizer in {"sfvq": sfvq, "vq": vq}.items():
    counts = stats.phone_counts(tables[name])
    apart = stats.corner_distances(quantizer.corners()).to_numpy()
    rows[name] = {
        "digit known from the index": stats.pnmi(counts),
        "from 8 arcs": stats.arc_pnmi(counts, 8),
        "neighbours' distance / any two": np.diag(apart, 1).mean()
        / apart[np.triu_indices(64, 1)].mean(),
    }
pd.DataFrame(rows).round(3)

# %% [markdown]
# An index tells nearly as much of the digit in either codebook; only the curve's *neighbourhoods*
# mean something. Which digits are neighbours on the axis? The pairs whose
# histograms are nearest: `emd`, the earth mover's distance, is in indices; `emd_relative` is the
# same over the mean of all pairs, and its p (of one pair, not corrected over the 45) says how often
# a random order of the codes brings the two as near, or as far.

# %%
few = stats.Inference(n_permutations=199, n_bootstraps=99)
distances = stats.group_distances(tables["sfvq"], by="phone", inference=few)
distances.sort_values("emd")[
    ["a", "b", "emd", "emd_low", "emd_high", "emd_relative", "emd_relative_p"]
].head(5).round(3)

# %% [markdown]
# The Jensen-Shannon distance asks something else: how far two digits share their indices (0: all,
# 1: none). It is the same whatever the codes are called. Here it is nearly 1 everywhere; 3 and 9,
# then 1 and 8 share most.

# %%
_ = plots.jensen_shannon(stats.jensen_shannon(by_digit))

# %% [markdown]
# Even and odd is no property that pixels know of: as groups they alternate all along the axis.

# %%
ax = plots.histogram(stats.index_histogram(tables["sfvq"], by="phone_group"))
_ = ax.get_legend().set_title("group (images)")

# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#       jupytext_version: 1.19.6
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
# The paper's twelve claims, for the curve. Only those of the family `order` speak of the order.

# %%
claims = stats.claims(tables["sfvq"], inference=few)
_ = plots.claims(claims)

# %% [markdown]
# The same for plain VQ: what still holds needs no order.

# %%
stats.claims(tables["vq"], inference=few).set_index("claim")[["family", "effect", "p", "verdict"]]

# %% [markdown]
# The axis in words, with the share each statement holds for.

# %%
print(stats.describe_axis_text(stats.describe_axis(tables["sfvq"], inference=few)))

# %% [markdown]
# Neighbouring indices mean similar things: merging them loses little, merging codes at random much.

# %%
_ = plots.merge_curve(stats.merge_information(tables["sfvq"], inference=few))

# %% [markdown]
# What each index stands for, in the order of the axis.

# %%
shares = stats.conditional(tables["sfvq"], given="phone")
_ = plots.meanings_heatmap(shares, meanings=stats.index_meanings(tables["sfvq"]))

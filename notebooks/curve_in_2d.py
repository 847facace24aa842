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
# # A curve in two dimensions
# What a space-filling vector quantizer does, where one can see it. The Hilbert curve fills a
# square by a rule, whatever lies there; our curve is *fitted*: it goes where the data are, and its
# corners are the codewords. First the Hilbert curve, in five iterations.

# %%
import matplotlib.pyplot as plt
import numpy as np

from sfvq_analysis import fit_sfvq, fit_vq, plots

_, axes = plt.subplots(1, 5, figsize=(10, 2.3), layout="constrained")
for iteration, ax in enumerate(axes, start=1):
    plots.hilbert(iteration, ax=ax)

# %% [markdown]
# ## A Gaussian and a pentagon
# 64 codewords each (blue) of 4,000 points (grey). Plain VQ (left, with the cell of each codeword)
# names them at random. On the curve (right) neighbours in number are neighbours in place; not the
# other way round, for a line in the plane must turn back on itself.

# %%
rng = np.random.default_rng(0)
gaussian = rng.standard_normal((4000, 2)).astype(np.float32)


def pentagon_of(n: int) -> np.ndarray:
    """Draw points evenly from a regular pentagon: in one of five triangles around its middle."""
    corner = np.exp(2j * np.pi * (np.arange(6) / 5 + 0.25))
    side = rng.integers(5, size=n)
    a, b = np.sort(rng.random((2, n)), axis=0)
    at = a * corner[side] + (1 - b) * corner[side + 1]
    return np.stack([at.real, at.imag], axis=1).astype(np.float32)


data = {"Gaussian": gaussian, "pentagon": pentagon_of(4000)}
curves = {name: fit_sfvq(points, bits=6, seed=0) for name, points in data.items()}
plain = {name: fit_vq(points, bits=6, seed=0) for name, points in data.items()}
for name, points in data.items():
    left, right = plots.vq_and_sfvq(points, plain[name].corners(), curves[name].corners())
    left.set_title(f"{name}, VQ")
    right.set_title(f"{name}, SFVQ")

# %% [markdown]
# Order has a price: the mean squared distance to the curve's corners is a third larger than to
# codewords that need no order. (That is in two dimensions; log-mel frames of 80 pay some 3 %.) But
# a point may lie *between* two corners, and the curve keeps where: the index is the nearest corner,
# the position the exact place, and the distance to that is about what plain VQ has.

# %%
import pandas as pd

rows = {}
for name, points in data.items():
    codes = curves[name].encode(points)
    rows[name] = {
        "VQ: to the codeword": plain[name].encode(points).distortion.mean(),
        "curve: to the nearest corner": codes.codeword_distortion.mean(),
        "curve: to the nearest point": codes.distortion.mean(),
    }
pd.DataFrame(rows).round(4)

# %% [markdown]
# ## How it grows
# A curve comes in stages of 4, 8, 16, … corners, each kept in the quantizer.

# %%
points = data["pentagon"]
stages = [np.asarray(stage) for stage in curves["pentagon"].stages]
_, axes = plt.subplots(1, len(stages), figsize=(10, 2.4), layout="constrained")
for stage, ax in zip(stages, axes, strict=True):
    plots.curve(points, stage, ax=ax).set_title(f"{len(stage)} corners", fontsize=8)
    ax.set_xticks([])
    ax.set_yticks([])

# %% [markdown]
# ## Moving along it
# Move the upper slider: the big point walks along the curve, and the data that are quantized to its
# index light up. The lower slider takes another stage. It is a page of its own inside the notebook
# (Bokeh, all of it inline): no server, no extension, no network.

# %%
from html import escape

from bokeh.embed import file_html
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, CustomJS, Slider
from bokeh.plotting import figure
from bokeh.resources import INLINE
from IPython.display import display
from scipy.spatial.distance import cdist

some = points[:1500]
codes = [cdist(some, stage).argmin(axis=1) for stage in stages]
last = stages[-1]
colour = np.where(codes[-1] == 0, "#D55E00", "#bbbbbb")
data_source = ColumnDataSource({"x": some[:, 0], "y": some[:, 1], "colour": colour.tolist()})
path = ColumnDataSource({"x": last[:, 0], "y": last[:, 1]})
here = ColumnDataSource({"x": last[:1, 0], "y": last[:1, 1]})
picture = figure(
    width=460, height=460, match_aspect=True, toolbar_location=None, title="pentagon, SFVQ"
)
picture.scatter("x", "y", color="colour", size=4, source=data_source)
picture.line("x", "y", color="black", source=path)
picture.scatter("x", "y", color="#0072B2", size=5, source=path)
picture.scatter("x", "y", color="#D55E00", size=13, source=here)

position = Slider(start=0, end=len(last) - 1, value=0, step=0.1, title="position on the curve")
stage = Slider(start=0, end=4, value=4, step=1, title="stage (0 has 4 corners, 4 has 64)")
move = CustomJS(
    args={
        "xs": [stage[:, 0].tolist() for stage in stages],
        "ys": [stage[:, 1].tolist() for stage in stages],
        "codes": [code.tolist() for code in codes],
        "path": path,
        "here": here,
        "data": data_source,
        "p": position,
        "stage": stage,
    },
    code="""
    const x = xs[stage.value], y = ys[stage.value], last = x.length - 1
    if (p.end != last) p.setv({end: last, value: p.value * last / p.end}) // the same share
    const at = Math.min(p.value, last), i = Math.min(Math.floor(at), last - 1), t = at - i
    here.data = {x: [x[i] + t * (x[i + 1] - x[i])], y: [y[i] + t * (y[i + 1] - y[i])]}
    path.data = {x, y}
    const index = Math.round(at)
    const colour = codes[stage.value].map((code) => code == index ? "#D55E00" : "#bbbbbb")
    data.data = {...data.data, colour}
    """,
)
position.js_on_change("value", move)
stage.js_on_change("value", move)
page = file_html(column(position, stage, picture), INLINE, "A curve in two dimensions")
frame = f'<iframe srcdoc="{escape(page)}" width="500" height="610" style="border: 0"></iframe>'
display({"text/html": frame}, raw=True)

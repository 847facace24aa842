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
# corners are the codewords.

# %%
import matplotlib.pyplot as plt
import numpy as np

from sfvq_analysis import fit_sfvq, fit_vq, plots

_, axes = plt.subplots(1, 5, figsize=(10, 2.3), layout="constrained")
for iteration, ax in enumerate(axes, start=1):
    plots.hilbert(iteration, ax=ax)

# %% [markdown]
# ## A Gaussian and a pentagon
# Plain VQ names its codewords at random. On the curve, neighbours in number are neighbours in
# place.

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


pentagon = pentagon_of(4000)
curves = {}
for name, points in {"Gaussian": gaussian, "pentagon": pentagon}.items():
    curves[name] = fit_sfvq(points, bits=6, seed=0)
    vq = fit_vq(points, bits=6, seed=0)
    plots.vq_and_sfvq(points, vq.corners(), curves[name].corners())

# %% [markdown]
# Order has a price: the curve's corners are a little worse as codewords than those that need no
# order. But a frame may lie *between* two corners, and the curve keeps where: the index is the
# nearest corner, the position the exact place.

# %%
import pandas as pd

rows = {}
for name, points in {"Gaussian": gaussian, "pentagon": pentagon}.items():
    plain = fit_vq(points, bits=6, seed=0).encode(points)
    codes = curves[name].encode(points)
    rows[name] = {
        "VQ: to the codeword": plain.distortion.mean(),
        "curve: to the nearest corner": codes.codeword_distortion.mean(),
        "curve: to the nearest point": codes.distortion.mean(),
    }
pd.DataFrame(rows).round(4)

# %% [markdown]
# ## How it grows
# A curve comes in stages of 4, 8, 16, … corners, each kept in the quantizer.

# %%
sfvq = curves["pentagon"]
stages = [np.asarray(stage) for stage in sfvq.stages]
_, axes = plt.subplots(1, len(stages), figsize=(10, 2.4), layout="constrained")
for stage, ax in zip(stages, axes, strict=True):
    plots.curve(pentagon, stage, ax=ax).set_title(f"{len(stage)} corners", fontsize=8)
    ax.set_xticks([])
    ax.set_yticks([])

# %% [markdown]
# ## Moving along it
# Move the slider: the big point walks along the curve, and the data that are quantized to its
# index light up. The second slider takes another stage. It is a page of its own inside the
# notebook (Bokeh, all of it inline): no server, no extension, no network.

# %%
from html import escape

from bokeh.embed import file_html
from bokeh.layouts import column
from bokeh.models import ColumnDataSource, CustomJS, Slider
from bokeh.plotting import figure
from bokeh.resources import INLINE
from IPython.display import display

some = pentagon[:1500]
colours = np.where(sfvq.encode(some).codeword == 0, "#D55E00", "#bbbbbb").tolist()
data = ColumnDataSource({"x": some[:, 0], "y": some[:, 1], "colour": colours})
path = ColumnDataSource({"x": stages[-1][:, 0], "y": stages[-1][:, 1]})
here = ColumnDataSource({"x": stages[-1][:1, 0], "y": stages[-1][:1, 1]})
picture = figure(width=460, height=460, match_aspect=True, toolbar_location=None)
picture.scatter("x", "y", color="colour", size=4, source=data)
picture.line("x", "y", color="black", source=path)
picture.scatter("x", "y", color="#0072B2", size=5, source=path)
picture.scatter("x", "y", color="#D55E00", size=13, source=here)

corners = {
    str(at): {"x": stage[:, 0].tolist(), "y": stage[:, 1].tolist()}
    for at, stage in enumerate(stages)
}
position = Slider(
    start=0, end=len(stages[-1]) - 1, value=0, step=0.1, title="position on the curve"
)
stage = Slider(start=0, end=len(stages) - 1, value=len(stages) - 1, step=1, title="stage")
move = CustomJS(
    args={
        "corners": corners,
        "path": path,
        "here": here,
        "data": data,
        "p": position,
        "stage": stage,
    },
    code="""
    const of = (held, name) => held instanceof Map ? held.get(name) : held[name]
    const chosen = of(corners, String(stage.value)), x = of(chosen, "x"), y = of(chosen, "y")
    const last = x.length - 1
    if (p.end != last) p.setv({end: last, value: p.value * last / p.end}) // the same share
    const at = Math.min(p.value, last), i = Math.min(Math.floor(at), last - 1), t = at - i
    here.data = {x: [x[i] + t * (x[i + 1] - x[i])], y: [y[i] + t * (y[i + 1] - y[i])]}
    path.data = {x, y}
    const index = Math.round(at), dx = data.data.x, dy = data.data.y
    const colour = Array.from(dx, (_, n) => {
      let best = 0, least = Infinity
      for (let k = 0; k <= last; k++) {
        const d = (dx[n] - x[k]) ** 2 + (dy[n] - y[k]) ** 2
        if (d < least) { least = d; best = k }
      }
      return best == index ? "#D55E00" : "#bbbbbb"
    })
    data.data = {x: dx, y: dy, colour}
    """,
)
position.js_on_change("value", move)
stage.js_on_change("value", move)
page = file_html(column(position, stage, picture), INLINE, "A curve in two dimensions")
frame = f'<iframe srcdoc="{escape(page)}" width="500" height="610" style="border: 0"></iframe>'
display({"text/html": frame}, raw=True)

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
# # Voices: conversion, and listening along the curve
# The paper reads the latent space of a voice conversion model. One comes with the package, trained
# on 35 minutes of real speech, so that an index can be *heard*. It is small, and the waveform is
# Griffin-Lim's: expect a telephone in a bathroom.

# %%
import matplotlib.pyplot as plt
from IPython.display import Audio, display

from sfvq_analysis import convert, demo_corpus, demo_voice_model, held_sound, tour

model = demo_voice_model()
sentence = demo_corpus()["fslt0_sa1"]
recording = sentence.load()
print(len(model.speakers), "voices;", model.quantizer)
Audio(recording.audio, rate=recording.sample_rate)

# %% [markdown]
# ## The same words in other voices
# Encoded, quantized on the curve, decoded with the vector of another speaker. In the spectrograms
# below the same sounds stand at the same times; the fine lines of the first voice, its harmonics,
# are gone.

# %%
sounds = {
    name: convert(recording.audio, recording.sample_rate, model, model.voice(name))
    for name in ("1040", "118")
}
for name, sound in sounds.items():
    print("voice", name)
    display(Audio(sound, rate=16_000))

# %%
from sfvq_analysis.encoders.mel import log_mel_spectrogram


def spectrograms(named: dict) -> None:
    """Draw mel spectrograms above each other."""
    _, axes = plt.subplots(
        len(named), 1, figsize=(9, 1.6 * len(named)), layout="constrained", squeeze=False
    )
    for ax, (title, sound) in zip(axes[:, 0], named.items(), strict=True):
        picture = log_mel_spectrogram(sound, 16_000)
        seconds = len(sound) / 16_000
        ax.imshow(
            picture.T,
            origin="lower",
            aspect="auto",
            cmap="magma",
            extent=(0, seconds, 0, picture.shape[1]),
        )
        ax.set_title(title, loc="left", fontsize=8)
        ax.set_ylabel("mel band", fontsize=8)
    axes[-1, 0].set_xlabel("time (s)", fontsize=8)


spectrograms({"original": recording.audio} | {f"voice {name}": one for name, one in sounds.items()})

# %% [markdown]
# A voice that the model has never met is given by a recording of it.

# %%
other = demo_corpus()["mawb0_sa1"].load()
heard = model.voice_of(log_mel_spectrogram(other.audio, other.sample_rate))
Audio(convert(recording.audio, recording.sample_rate, model, heard), rate=16_000)

# %% [markdown]
# ## What an index sounds like
# Where some phones of the built-in corpus peak on the axis, each of these places held for a third
# of a second.

# %%
from sfvq_analysis import index_table, load_encoder, stats

table = index_table(demo_corpus(), load_encoder("vqvae"), model.quantizer)
peaks = (
    stats.peaks(stats.index_histogram(table, by="phone")).query("rank == 0").dropna(subset="peak")
)
chosen = peaks[peaks["phone"].isin(["s", "sh", "m", "n", "iy", "ae"])].set_index("phone")["peak"]
voice = model.voice("1040")
for phone, index in chosen.sort_values().items():
    print(f"index {index}, where {phone} peaks")
    display(Audio(held_sound(model, int(index), voice, seconds=0.33), rate=16_000))

# %% [markdown]
# ## A walk along the axis
# From index 0 to 255 in eight seconds. On a curve every place between two corners is a sound, too.
# Neighbours sound alike; where they don't, the curve crosses from one region to another. It starts
# quiet; hiss (high bands) is loudest between 64 and 128, and most of what is voiced (low bands)
# comes after it.

# %%
walk = tour(model, voice, seconds=8)
spectrograms({"tour: index 0 to 255": walk})
ax = plt.gca()
ax.set_xticks([8 * share for share in (0, 0.25, 0.5, 0.75, 1)], [0, 64, 128, 191, 255])
ax.set_xlabel("index", fontsize=8)
Audio(walk, rate=16_000)

# %% [markdown]
# ## Editing codes on the way
# A direction of the axis, heard: all codes moved by 8, or kept within a range.

# %%
from sfvq_analysis.voice import Clamp, Shift

for edit in (Shift(8), Shift(-8), Clamp(40, 200)):
    print(edit)
    sound = convert(recording.audio, recording.sample_rate, model, voice, edits=[edit])
    display(Audio(sound, rate=16_000))

# %% [markdown]
# ## Speech that is nearest to an index
# What the corpus has there, here the synthetic voices: the frames nearest to a codeword, cut out.
# The index is the one where s peaks.

# %%
from sfvq_analysis import nearest_snippets

for snippet in nearest_snippets(table, demo_corpus(), int(chosen["s"]), n=3, seconds=0.3):
    print(snippet.utterance, "frame", snippet.frame, "phone", snippet.phone)
    display(Audio(snippet.audio, rate=snippet.sample_rate))

"""Audio files: float32 samples, one channel, at the rate of the file or another.

`read_audio` gives the samples of a file or refuses it in one line; nothing is read as far as it
goes, decoded to noise or guessed from a name. `audio_length` looks at headers only.
"""

from sfvq_analysis.audio.reading import audio_length, read_audio
from sfvq_analysis.audio.resampling import resample, resampled_length
from sfvq_analysis.audio.writing import write_wav

__all__ = ["audio_length", "read_audio", "resample", "resampled_length", "write_wav"]

"""Arrays from files of others: nothing in them is run, no memory is taken on their word."""

from sfvq_analysis.arrays.npy import read_npy, read_npy_stream
from sfvq_analysis.arrays.sizes import brief, check_inflation, path_text
from sfvq_analysis.arrays.tensors import array_of, read_tensors
from sfvq_analysis.arrays.zips import ZIP_DAMAGE, check_zip

__all__ = [
    "ZIP_DAMAGE",
    "array_of",
    "brief",
    "check_inflation",
    "check_zip",
    "path_text",
    "read_npy",
    "read_npy_stream",
    "read_tensors",
]

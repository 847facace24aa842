"""Arrays from files of others: nothing in them is run, no memory is taken on their word."""

from sfvq_analysis.arrays.finite import first_not_finite
from sfvq_analysis.arrays.npy import read_npy, read_npy_stream
from sfvq_analysis.arrays.sizes import check_inflation
from sfvq_analysis.arrays.tensors import array_of, read_tensors
from sfvq_analysis.arrays.zips import ZIP_DAMAGE, check_begins, check_zip

__all__ = [
    "ZIP_DAMAGE",
    "array_of",
    "check_begins",
    "check_inflation",
    "check_zip",
    "first_not_finite",
    "read_npy",
    "read_npy_stream",
    "read_tensors",
]

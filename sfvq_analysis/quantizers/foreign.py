"""Quantizers that other libraries have fitted, as ours. None of these libraries is imported here.

What is taken over gives every frame the index that its own library gives it (frames that are
equally near to two codewords aside). Where that can't be, for a codebook of angles, several
codebooks, or a projection before the codebook, it is refused and the way round is named.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from sfvq_analysis.arrays import array_of
from sfvq_analysis.curve.checks import is_tensor
from sfvq_analysis.errors import OptionError, QuantizerError, check_option
from sfvq_analysis.quantizers.base import Provenance, Quantizer
from sfvq_analysis.quantizers.codewords import checked_codewords, warn_of
from sfvq_analysis.quantizers.masks import unmasked
from sfvq_analysis.quantizers.plain import PlainVQ
from sfvq_analysis.quantizers.space_filling import SpaceFillingVQ

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from torch import Tensor

    from sfvq_analysis.quantizers.checkpoint import QuantizerKind

_KINDS: dict[str, type[Quantizer]] = {"vq": PlainVQ, "sfvq": SpaceFillingVQ}
_SKLEARN = ("KMeans", "MiniBatchKMeans")
_DIVEQ = {"DIVEQ": "vq", "DIVEQDetach": "vq", "SFDIVEQ": "sfvq", "SFDIVEQDetach": "sfvq"}
_L2 = 1  # faiss.METRIC_L2


def as_quantizer(foreign: object, kind: QuantizerKind | None = None) -> Quantizer:
    """Return a quantizer of another library, or an array, as one of ours.

    Parameters
    ----------
    foreign
        A fitted `sklearn.cluster.KMeans` or `MiniBatchKMeans`, a trained `faiss.Kmeans`, a flat
        faiss index, `VectorQuantize` of vector-quantize-pytorch, `DIVEQ` or `SFDIVEQ` of diveq, an
        array or a tensor of codewords, (K, dim); one of ours is returned as it is.
    kind
        ``"vq"`` or ``"sfvq"``. An array needs it; of the others only diveq has curves.

    Raises
    ------
    OptionError
        If it is nothing of these, or an array without a kind.
    QuantizerError
        If it isn't fitted, doesn't index by the nearest codeword, its codewords are no codebook,
        or it is of another kind.

    Examples
    --------
    >>> as_quantizer([[0.0], [1.0]], "sfvq").kind
    'sfvq'
    """
    check_option("kind", kind, (None, *_KINDS))
    quantizer = _converted(foreign, kind)
    if kind not in (None, quantizer.kind):
        raise QuantizerError(
            f"{type(foreign).__name__} is a {quantizer.kind!r}, not {kind!r}",
            remedy="its codewords have no order" if quantizer.kind == "vq" else "give kind 'sfvq'",
        )
    return quantizer


def _converted(foreign: object, kind: QuantizerKind | None) -> Quantizer:
    if isinstance(foreign, Quantizer):
        return foreign
    match _library(foreign):
        case "sklearn":
            return from_sklearn(foreign)
        case "faiss":
            return from_faiss(foreign)
        case "vector_quantize_pytorch":
            return from_vector_quantize(foreign)
        case "diveq":
            return from_diveq(foreign)
    if not isinstance(foreign, np.ndarray | list | tuple) and not is_tensor(foreign):
        raise OptionError(
            f"a {type(foreign).__name__} is no quantizer that is known",
            remedy="give its codewords as an array, (K, dim)",
        )
    if kind is None:
        raise OptionError("an array doesn't say whether it is a curve", remedy="give its kind")
    return from_array(foreign, kind)


def from_array(codebook: ArrayLike | Tensor, kind: QuantizerKind) -> Quantizer:
    """Return codewords as a quantizer.

    Parameters
    ----------
    codebook
        Floats, shape (K, dim), K >= 2.
    kind
        ``"vq"``, or ``"sfvq"``: then they are a curve's corners, in order.

    Raises
    ------
    QuantizerError
        If they aren't a codebook, as `sfvq_analysis.quantizers.codewords.checked_codewords` says.
    """
    check_option("kind", kind, tuple(_KINDS))
    return _quantizer(codebook, kind, "array", {})


def from_sklearn(kmeans: Any) -> PlainVQ:
    """Return a fitted `sklearn.cluster.KMeans` or `MiniBatchKMeans` as a plain codebook.

    Raises
    ------
    QuantizerError
        If it isn't one, or isn't fitted.
    """
    if not _is_a(kmeans, "sklearn", *_SKLEARN):
        raise _unfit(kmeans, f"only {' and '.join(_SKLEARN)} index by the nearest centre")
    centres = getattr(kmeans, "cluster_centers_", None)
    if centres is None:
        raise QuantizerError(f"this {type(kmeans).__name__} isn't fitted", remedy="call its fit")
    return _plain(centres, _name(kmeans), {"version": _version("sklearn")})


def from_faiss(kmeans: Any) -> PlainVQ:
    """Return a trained `faiss.Kmeans`, or a flat index by Euclidean distance, as a plain codebook.

    Raises
    ------
    QuantizerError
        If it is neither, isn't trained, is empty, or goes by inner products.
    """
    index = getattr(kmeans, "index", None) if _is_a(kmeans, "faiss", "Kmeans") else kmeans
    if index is None or (index is not kmeans and getattr(kmeans, "centroids", None) is None):
        raise QuantizerError("this faiss Kmeans isn't trained", remedy="call its train")
    if not _is_a(index, "faiss", "IndexFlat"):
        raise _unfit(kmeans, "only Kmeans and IndexFlatL2 index by the nearest codeword")
    if index.metric_type != _L2:
        raise _unfit(
            kmeans, "it goes by inner products: give from_array its codewords, normalised, and "
            "normalise the frames"
        )  # fmt: skip
    codewords = index.reconstruct_n(0, int(index.ntotal)) if index is kmeans else kmeans.centroids
    return _plain(codewords, _name(kmeans), {"version": _version("faiss")})


def from_vector_quantize(layer: Any) -> PlainVQ:
    """Return a `VectorQuantize` of vector-quantize-pytorch as a plain codebook.

    Raises
    ------
    QuantizerError
        If it isn't one, has several codebooks or heads, a projection, a codebook of angles or one
        that is transformed before use, or waits for its first batch.
    """
    if not _is_a(layer, "vector_quantize_pytorch", "VectorQuantize"):
        raise _unfit(layer, "only VectorQuantize has one codebook of nearest codewords")
    inner = layer._codebook  # noqa: SLF001 (its `codebook` is this without an axis)
    reasons = {
        "it has several heads: give from_array the codewords of each, and the part of the frames "
        "it sees": layer.heads != 1 or layer.separate_codebook_per_head,
        "it projects the frames first: give from_array its codebook, and quantize what its "
        "project_in makes of the frames": any(True for _ in layer.project_in.parameters()),
        "it goes by angles: give from_array its codebook, and normalise the frames": getattr(
            layer, "use_cosine_sim", "Cosine" in type(inner).__name__
        ),
        "its codebook is transformed before use: give from_array what it becomes": getattr(
            inner, "affine_param", False
        )
        or getattr(inner, "vq_bridge", None) is not None,
    }
    for reason, holds in reasons.items():
        if holds:
            raise _unfit(layer, reason)
    if not bool(getattr(inner, "initted", True)):
        raise QuantizerError(
            "this VectorQuantize waits for its first batch (kmeans_init)", remedy="train it first"
        )
    return _plain(inner.embed[0], _name(layer), {"version": _version("vector_quantize_pytorch")})


def from_diveq(layer: Any) -> Quantizer:
    """Return a `DIVEQ` of diveq as a plain codebook, or an `SFDIVEQ` as a curve.

    The index that ``SFDIVEQ.inference`` gives is the nearest corner, our ``codeword``; its point is
    that of our mode ``"published"`` but for frames whose nearest corner is an end of the curve,
    where it looks at the two outermost segments instead of one.

    Raises
    ------
    QuantizerError
        If it is neither.
    """
    name = next((name for name in _DIVEQ if _is_a(layer, "diveq", name)), None)
    if name is None:
        raise _unfit(layer, "only DIVEQ and SFDIVEQ have one codebook")
    known = {"version": _version("diveq"), "iterations": int(layer.iter_counter)}
    return _quantizer(layer.codebook, _DIVEQ[name], _name(layer), known)


def _plain(codewords: Any, source: str, known: dict[str, Any]) -> PlainVQ:
    quantizer = _quantizer(codewords, "vq", source, known)
    assert isinstance(quantizer, PlainVQ)  # noqa: S101 (what a kind is)
    return quantizer


def _quantizer(codewords: Any, kind: str, source: str, known: dict[str, Any]) -> Quantizer:
    """Return codewords as a quantizer whose provenance says where they come from."""
    provenance = Provenance(fit={"method": "imported", "from": source, **known})
    try:
        array = array_of(codewords, QuantizerError) if is_tensor(codewords) else _array(codewords)
        checked = checked_codewords(array)
    except QuantizerError as error:
        raise error.at(source) from error
    warn_of(checked, source)
    return _KINDS[kind](checked, provenance)


def _array(codewords: Any) -> np.ndarray[Any, Any]:
    try:
        return np.asarray(unmasked(codewords))
    except QuantizerError:
        raise
    except ValueError as error:  # rows of different lengths
        raise QuantizerError("the rows don't have one length", remedy="give (K, dim)") from error


def _library(foreign: object) -> str:
    """Return the top package of the first class that isn't the user's own, of those known here."""
    known = ("sklearn", "faiss", "vector_quantize_pytorch", "diveq")
    tops = (base.__module__.partition(".")[0] for base in type(foreign).__mro__)
    return next((top for top in tops if top in known), "")


def _is_a(foreign: object, library: str, *names: str) -> bool:
    """Tell whether an object is of a library's class, or of one made from it."""
    return any(
        base.__name__ in names and base.__module__.partition(".")[0] == library
        for base in type(foreign).__mro__
    )


def _name(foreign: object) -> str:
    return f"{_library(foreign)}.{type(foreign).__name__}"


def _version(library: str) -> str:
    return str(getattr(sys.modules.get(library), "__version__", ""))


def _unfit(foreign: object, why: str) -> QuantizerError:
    return QuantizerError(f"a {type(foreign).__name__} can't be taken over", remedy=why)

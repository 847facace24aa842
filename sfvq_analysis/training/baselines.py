"""What a curve is compared with: k-means, k-means put in order, and a self-organising map."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

import numpy as np

from sfvq_analysis.curve import principal_order, quieter_end_first, shortest_path
from sfvq_analysis.errors import QuantizerError, unknown_option
from sfvq_analysis.quantizers import PlainVQ, Provenance, Quantizer, SpaceFillingVQ
from sfvq_analysis.training.clusters import k_means
from sfvq_analysis.training.frames import FittingFrames, check_seed
from sfvq_analysis.training.map_fit import START_WIDTH, annealed_map, first_nodes, principal_start

if TYPE_CHECKING:
    from sfvq_analysis.training.frames import Source

Order = Literal["pca", "path"]
_SOM_SWEEPS, _SOM_LAST_WIDTH = 40, 0.7


def fit_vq(features: Source, *, bits: int, seed: int = 0) -> PlainVQ:
    """Fit a plain codebook by k-means (scikit-learn, k-means++ start, at most 100 sweeps).

    Parameters
    ----------
    features
        Frames, shape (n_frames, dim).
    bits
        The codebook has 2^bits codewords.
    seed
        Seed of the start.

    Raises
    ------
    OptionError, QuantizerError
        As in `sfvq_analysis.training.frames.FittingFrames.of`; and if the frames have fewer
        distinct values than there are codewords.
    """
    check_seed(seed)
    frames = FittingFrames.of(features, bits)
    codebook = k_means(frames.all(), 2**bits, seed=seed, in_place=True)
    if codebook is None:
        raise QuantizerError(
            f"the frames have fewer distinct values than {2**bits} codewords",
            remedy="use fewer bits or more varied frames",
        )
    fit = frames.described(method="k-means", bits=bits, seed=seed)
    return PlainVQ(codebook, Provenance(frames.encoder, fit))


def fit_som(features: Source, *, bits: int) -> SpaceFillingVQ:
    """Fit a one-dimensional self-organising map, batch form, from the first principal axis.

    40 sweeps, the neighbourhood's width shrinking geometrically from K/4 to .7 (Kohonen 1995). It
    needs no seed.

    Parameters
    ----------
    features
        Frames, shape (n_frames, dim).
    bits
        The map has 2^bits corners.
    """
    frames = FittingFrames.of(features, bits)
    size = 2**bits
    widths = np.geomspace(START_WIDTH, min(START_WIDTH, _SOM_LAST_WIDTH / size), _SOM_SWEEPS)
    values = frames.all()
    start = principal_start(values, first_nodes(size))
    *_, last = annealed_map([values], start, widths, size)
    fit = frames.described(method="self-organising map", bits=bits)
    nodes = last.nodes if quieter_end_first(last.nodes) else last.nodes[::-1]
    return SpaceFillingVQ(nodes, Provenance(frames.encoder, fit))


def reorder(quantizer: Quantizer, order: Order) -> Quantizer:
    """Return a quantizer of the same kind with its codewords in another order.

    Parameters
    ----------
    quantizer
        Whose codewords stay as they are; a curve's segments become others, and its stages go.
    order
        ``"pca"``: along the codewords' first principal axis. ``"path"``: along a short path through
        them (2-opt and Or-opt).

    Raises
    ------
    OptionError
        If `order` is neither.
    """
    corners = quantizer.corners()
    match order:
        case "pca":
            index = principal_order(corners)
        case "path":
            index = shortest_path(corners)
        case _:
            raise unknown_option("order", order, ("pca", "path"))
    fit = {**quantizer.provenance.fit, "order": order}
    provenance = dataclasses.replace(quantizer.provenance, fit=fit)
    return type(quantizer)(corners[index], provenance)

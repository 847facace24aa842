"""Slow, obvious answers in float64, written from the definitions and from nothing else.

None of these imports the package. Arrays in, arrays out; every loop is the formula it stands for.
"""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import NamedTuple

import numpy as np


class Place(NamedTuple):
    """A point on a curve: segment + t, and the squared distance to it, one entry a frame."""

    position: np.ndarray
    distortion: np.ndarray


def nearest_on_segment(frame, start, end):
    """Return t in [0, 1] and the squared distance of the nearest point of one segment."""
    step, offset = end - start, frame - start
    length = float(step @ step)
    t = min(max(float(offset @ step) / length, 0.0), 1.0) if length > 0 else 0.0
    apart = offset - t * step
    return t, float(apart @ apart)


def nearest_on_curve(frames, corners) -> Place:
    """Return the nearest point of the whole curve, lowest position first among equals."""
    frames, corners = np.asarray(frames, np.float64), np.asarray(corners, np.float64)
    position, distortion = np.zeros(len(frames)), np.full(len(frames), np.inf)
    for i, frame in enumerate(frames):
        for k, (start, end) in enumerate(pairwise(corners)):
            t, squared = nearest_on_segment(frame, start, end)
            if squared < distortion[i]:
                position[i], distortion[i] = k + t, squared
    return Place(position, distortion)


def nearest_corner(frames, corners):
    """Return the index of the nearest corner and the squared distance to it."""
    frames, corners = np.asarray(frames, np.float64), np.asarray(corners, np.float64)
    index, distortion = np.zeros(len(frames), int), np.zeros(len(frames))
    for i, frame in enumerate(frames):
        squared = [float((frame - corner) @ (frame - corner)) for corner in corners]
        index[i] = int(np.argmin(squared))
        distortion[i] = squared[index[i]]
    return index, distortion


def two_segments_at(frame, corners) -> tuple[float, float]:
    """Return position and squared distance by the published rule, for one frame.

    k* = nearest corner, at the ends limited to 1 … K-2; project on [k*-1, k*] and [k*, k*+1];
    keep the nearer; ties go to the left segment. A curve of two corners has one segment.
    """
    size = len(corners)
    k = int(np.argmin([float((frame - corner) @ (frame - corner)) for corner in corners]))
    if size == 2:
        return nearest_on_segment(frame, corners[0], corners[1])
    k = max(1, min(k, size - 2))
    t_left, left = nearest_on_segment(frame, corners[k - 1], corners[k])
    t_right, right = nearest_on_segment(frame, corners[k], corners[k + 1])
    return (k - 1 + t_left, left) if left <= right else (k + t_right, right)


def published_rule(frames, corners) -> Place:
    """Return where the published rule puts every frame."""
    frames, corners = np.asarray(frames, np.float64), np.asarray(corners, np.float64)
    places = [two_segments_at(frame, corners) for frame in frames]
    return Place(*np.array(places, dtype=float).reshape(-1, 2).T)


def dithered_points(corners, dither):
    """Return (1 - u_k) c_k + u_k c_{k+1}, shape (K - 1, dim)."""
    return np.array(
        [(1 - u) * corners[k] + u * corners[k + 1] for k, u in enumerate(dither)], dtype=float
    )


def dithered_design(frames, corners, dither):
    """Return the dense least squares problem of a dithered batch: each frame is a row.

    Row i of the matrix holds 1 - u_k at column k and u_k at column k + 1, k the segment whose
    dithered point is nearest to frame i, so that design @ corners are the points compared.
    """
    segment, _ = nearest_corner(frames, dithered_points(corners, dither))
    design = np.zeros((len(frames), len(corners)))
    for i, k in enumerate(segment):
        design[i, k] += 1 - dither[k]
        design[i, k + 1] += dither[k]
    return design


def penalised_corners(frames, corners, dither, *, elastic, hold_share=1e-3):
    """Return argmin over C of |X - design C|² + hold |C - old|² + pull Σ |c_{k+1} - c_k|².

    By a dense least squares solver on the stacked rows of all three terms; hold and pull are
    `hold_share` and `elastic` times the mean number of frames a corner.
    """
    design = dithered_design(frames, corners, dither)
    per_corner = len(frames) / len(corners)
    hold, pull = np.sqrt(hold_share * per_corner), np.sqrt(elastic * per_corner)
    differences = np.diff(np.eye(len(corners)), axis=0)
    rows = np.vstack([design, hold * np.eye(len(corners)), pull * differences])
    targets = np.vstack([frames, hold * corners, np.zeros((len(differences), frames.shape[1]))])
    return np.linalg.lstsq(rows, targets, rcond=None)[0]


def corners_pulled_along_axes(frames, corners, dither, pull, *, hold_share=1e-3):
    """Return argmin of |X - design C|² + hold |C - old|² + Σ_i w_i |(c_{k+1} - c_k) · axis_i|².

    In one least squares problem of all K · dim numbers, that of c_k's coordinate j at k · dim + j.
    """
    design = dithered_design(frames, corners, dither)
    n_corners, dim = corners.shape
    per_corner = len(frames) / n_corners
    hold = np.sqrt(hold_share * per_corner)
    stretch = np.sqrt(per_corner * pull.weights)[:, None] * pull.axes.T  # a row for each axis
    differences = np.diff(np.eye(n_corners), axis=0)
    rows = np.vstack(
        [
            np.kron(design, np.eye(dim)),
            hold * np.eye(n_corners * dim),
            np.kron(differences, stretch),
        ]
    )
    targets = np.concatenate(
        [frames.ravel(), hold * corners.ravel(), np.zeros((n_corners - 1) * dim)]
    )
    return np.linalg.lstsq(rows, targets, rcond=None)[0].reshape(corners.shape)


def dithered_loss(frames, corners, dither) -> float:
    """Return the summed squared distance of frames to the nearest dithered point."""
    return float(nearest_corner(frames, dithered_points(corners, dither))[1].sum())


def map_sweep(frames, nodes, width):
    """Return the nodes of a batch self-organising map after one sweep, frame by frame."""
    nearest, _ = nearest_corner(frames, nodes)
    moved = np.array(nodes, dtype=float)
    for i in range(len(nodes)):
        pulls = [np.exp(-0.5 * ((i - k) / width) ** 2) for k in nearest]
        if sum(pulls) > 0:
            moved[i] = sum(h * x for h, x in zip(pulls, frames, strict=True)) / sum(pulls)
    return moved


def path_length(points) -> float:
    """Return the length of the open path through points in order."""
    return float(sum(np.linalg.norm(b - a) for a, b in pairwise(np.asarray(points, float))))


def shortest_length(points) -> float:
    """Return the length of the shortest open path through few points, by trying every order."""
    points = np.asarray(points, float)
    return min(path_length(points[list(order)]) for order in permutations(range(len(points))))

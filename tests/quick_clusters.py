"""Clusters that are there at once: in this process, or of processes that need import nothing."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

_IMPORTED = ("librosa.filters", "sfvq_analysis.scale", "soundfile", "soxr")

quiet_clusters = pytest.mark.filterwarnings(
    "ignore:unclosed:ResourceWarning",  # of Dask's own connections
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@contextmanager
def in_this_process():
    """Yield a client of two workers that are threads: what is patched here is patched there."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@contextmanager
def of_forked_processes():
    """Yield a client of two processes, forked from one that has imported what they need.

    As shipped, every process imports it, for four seconds, and so does each that is started in the
    place of a dead one.
    """
    import dask
    from distributed.utils import get_mp_context

    from sfvq_analysis.scale.clusters import connected

    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context().set_forkserver_preload(list(_IMPORTED))  # in the place of Dask's own list
        with connected(workers=2) as client:
            yield client

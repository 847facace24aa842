"""A cluster in this process, for tests that need no other."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

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

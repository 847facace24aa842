"""A cluster to work on: one that is there, or one of this machine's processors."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import check_count
from sfvq_analysis.scale.errors import ScaleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECONDS_TO_ANSWER = 10
_DEATHS_OF_A_SHARD = 20
"""Workers may be lost while a shard waits or is worked on; what kills them is found out before."""

_ENVIRONMENT = {"MALLOC_TRIM_THRESHOLD_": 1 << 28, "MALLOC_MMAP_THRESHOLD_": 1 << 25}
"""Of workers. Dask has the C library give memory back at once, so that every array of some size is
asked of the system anew; encoding and projection then take up to twice as long."""

_SELDOM = {
    "distributed.worker.profile.interval": "100ms",
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "2s",
    "distributed.worker.memory.monitor-interval": "1s",
}
"""How often Dask looks at its processes, a tenth as often as by default: that took 2 % of every
core, and more of a busy one."""


@contextmanager
def connected(
    cluster: str | None = None,
    *,
    workers: int | None = None,
    resources: Mapping[str, float] | None = None,
) -> Iterator[Any]:
    """Yield a `distributed.Client` for the length of a block.

    Parameters
    ----------
    cluster
        Address of a Dask scheduler (``tcp://…``), which stays as it is; by default a cluster of
        this machine's processes, which goes with the block. Clusters of SLURM, Kubernetes or SSH
        are started with their own tools (dask-jobqueue, dask-kubernetes, ``dask ssh``), which say
        the address.
    workers
        How many processes the local cluster has, by default one a processor. Each has one thread.
    resources
        What each process of the local cluster has (``{"GPU": 1}``), for tasks that ask for it.

    Raises
    ------
    ScaleError
        If Dask isn't installed, or no scheduler answers there.
    OptionError
        If `workers` isn't a number of them.
    """
    dask, distributed = _dask()
    if cluster is not None:
        try:
            client = distributed.Client(cluster, timeout=_SECONDS_TO_ANSWER, set_as_default=False)
        except (OSError, ValueError, TimeoutError, ImportError) as error:
            raise ScaleError(
                f"no scheduler answers ({error})",
                where=cluster,
                remedy="check its address, such as tcp://10.0.0.1:8786, and that it runs",
            ) from error
        with client:
            yield client
        return
    number = _n_processors() if workers is None else workers
    check_count("workers", number, at_least=1)
    settings = {
        "distributed.scheduler.allowed-failures": _DEATHS_OF_A_SHARD,
        "distributed.scheduler.worker-saturation": 1.0,  # no shard waits for a worker that has one
        "distributed.worker.daemon": True,
        **_SELDOM,
    }
    with (
        _environment(),
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=number,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            resources=dict(resources) if resources else None,
            silence_logs=logging.CRITICAL,
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        # A process that dies is started again by its nanny, but one that dies while it starts takes
        # its nanny with it.
        local.adapt(minimum=number, maximum=number)
        yield client


@contextmanager
def _environment() -> Iterator[None]:
    """Set what workers that are started inherit, but what is set already; the nannies look here."""
    added = {name: str(value) for name, value in _ENVIRONMENT.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def dashboard_of(client: Any) -> str:
    """Return the address of a cluster's dashboard; empty where it has none."""
    return str(client.dashboard_link or "")


def check_resources(client: Any, resources: Mapping[str, float]) -> None:
    """Raise a ScaleError if no worker has what tasks would ask for: they would wait for ever."""
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    for name, amount in resources.items():
        if not any(worker["resources"].get(name, 0) >= amount for worker in workers):
            raise ScaleError(
                f"no worker has {amount:g} {name}",
                where=client.scheduler.address,
                remedy=f'start workers with --resources "{name}={amount:g}"',
            )


def _dask() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ScaleError(
            "work on many processes needs Dask", remedy="pip install 'sfvq-analysis[scale]'"
        ) from error
    return dask, distributed


def _n_processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

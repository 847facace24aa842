"""`sfvq index` and `fit` with --engine dask, and `sfvq status`: work that many processes share."""

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Optional

import typer

from sfvq_analysis.cli.application import app, on_terminal
from sfvq_analysis.cli.resolving import echo_counted, echo_skipped
from sfvq_analysis.errors import OptionError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sfvq_analysis.corpus import Corpus
    from sfvq_analysis.encoders import Encoder
    from sfvq_analysis.pipeline import IndexOptions
    from sfvq_analysis.quantizers import Quantizer
    from sfvq_analysis.report.analysis import FitPlan, Fitted

_RESOURCE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=([0-9]+(?:\.[0-9]+)?)")
_SHOWN = 20

Engine = Literal["local", "dask"]
EngineOption = Annotated[
    Engine,
    typer.Option(help="local: this process; dask: a cluster, by default of this machine's cores."),
]
ClusterOption = Annotated[
    Optional[str],
    typer.Option(metavar="ADDRESS", help="Of a Dask scheduler that runs, such as tcp://host:8786."),
]
WorkersOption = Annotated[
    Optional[int],
    typer.Option(metavar="N", help="Processes of the local cluster, by default one a core."),
]
ShardHoursOption = Annotated[
    Optional[float],
    typer.Option(
        "--shard-hours",
        metavar="HOURS",
        help="Audio in a shard, by default a 64th of CORPUS, but a quarter of an hour to an hour.",
    ),
]
ResourceOption = Annotated[
    Optional[list[str]],
    typer.Option(
        "--resource", metavar="NAME=N", help="What a shard needs of a worker (GPU=1). Repeatable."
    ),
]


class OnCluster(NamedTuple):
    """The options of a cluster, as they were typed."""

    cluster: str | None
    workers: int | None
    shard_hours: float | None
    resources: tuple[str, ...]

    def refuse_given(self) -> None:
        """Raise an OptionError if any is given: nothing but Dask takes them."""
        if self != (None, None, None, ()):
            raise OptionError(
                "options of a cluster are given without one", remedy="add --engine dask"
            )

    def needed(self) -> dict[str, float]:
        """Return what a shard needs of a worker."""
        found = {}
        for text in self.resources:
            match = _RESOURCE.fullmatch(text)
            if match is None:
                raise OptionError(f"resource is {text!r}", remedy="write NAME=N, such as GPU=1")
            found[match[1]] = float(match[2])
        return found


def refuse_url(out: Path) -> None:
    """Raise an OptionError if whole tables are to be written to a URL."""
    from sfvq_analysis.stores import as_url

    url = as_url(out)
    if url:
        raise OptionError("tables are written to folders", where=url, remedy="add --engine dask")


def refuse_written_beside(*, csv: bool, textgrids: bool) -> None:
    """Raise an OptionError if what is written of whole tables is asked of a dataset."""
    if csv or textgrids:
        raise OptionError(
            "a dataset in shards has no CSV and no TextGrids beside it",
            remedy="leave --csv and --textgrids away, or index with --engine local",
        )


def index_on_cluster(
    corpus: "Corpus",
    encoder: "Callable[[], Encoder]",
    quantizers: "Mapping[str, Quantizer]",
    out: Path,
    options: "IndexOptions",
    on: OnCluster,
    *,
    overwrite: bool,
) -> None:
    """Index a corpus on a cluster, and say what there is."""
    from sfvq_analysis.scale import index_dataset
    from sfvq_analysis.stores import as_url

    needed = on.needed()
    with _connected(on, needed) as client:
        found = index_dataset(
            corpus,
            encoder,
            quantizers,
            out,
            options,
            client=client,
            shard_hours=on.shard_hours,
            overwrite=overwrite,
            resources=needed,
            progress=on_terminal(),
        )
    for name, dataset in found.items():
        typer.echo(f"{as_url(out) or out}/{name}: {dataset}")
        echo_counted(dataset.provenance)


def fit_on_cluster(encoder: "Callable[[], Encoder]", plan: "FitPlan", on: OnCluster) -> "Fitted":
    """Encode what is fitted on on a cluster, and fit to it here: what one process gives."""
    from sfvq_analysis.report.analysis import fit_to
    from sfvq_analysis.scale.sampling import sample_on_cluster

    needed = on.needed()
    with _connected(on, needed) as client:
        features = sample_on_cluster(
            plan.corpus,
            encoder,
            client=client,
            max_frames=plan.max_frames,
            seed=plan.seed,
            on_error=plan.on_error,
            resources=needed,
            progress=on_terminal(),
        )
    return fit_to(features, plan, progress=on_terminal())


@contextmanager
def _connected(on: OnCluster, needed: "Mapping[str, float]") -> "Iterator[Any]":
    """Yield the client of the cluster that was asked for, and say where its dashboard is."""
    from sfvq_analysis.scale import connected
    from sfvq_analysis.scale.clusters import dashboard_of

    if on.cluster is not None and on.workers is not None:
        raise OptionError(
            "--workers is given for a cluster that is there", remedy="give one of them"
        )
    with connected(on.cluster, workers=on.workers, resources=needed) as client:
        dashboard = dashboard_of(client)
        if dashboard:
            typer.echo(f"dashboard: {dashboard}", err=True)
        yield client


@app.command()
def status(
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="What `sfvq index --engine dask` writes to.")
    ],
) -> None:
    """Say how far an index in shards is, what failed and what was skipped."""
    from sfvq_analysis.scale import dataset_status
    from sfvq_analysis.stores import as_url

    found = dataset_status(out)
    state = "finished" if found.finished else "not finished"
    typer.echo(
        f"{as_url(out) or out}: {state}; {found.done} of {found.shards} shards, "
        f"{found.hours_done:.2f} of {found.hours:.2f} h"
    )
    typer.echo(
        f"  {found.utterances} utterances, {found.frames} frames, {found.size / 1e6:.1f} MB, "
        f"{found.rate:.0f} x real time a worker"
    )
    for line in found.failures[:_SHOWN]:
        typer.echo(printable(f"  failed shard {line.number} ({line.attempts} x): {line.reason}"))
    echo_skipped(found.skipped[:_SHOWN])
    for name, n in (("failures", len(found.failures)), ("skipped", len(found.skipped))):
        if n > _SHOWN:
            typer.echo(f"  and {n - _SHOWN} more {name}")
    if not found.finished:
        typer.echo("  the same `sfvq index` command makes what is missing")

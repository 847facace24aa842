"""Many calls of one function on a cluster, some at a time, whatever happens to its workers."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

from sfvq_analysis.errors import SfvqError
from sfvq_analysis.scale.errors import ScaleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_TRIES = 3
_WAITING, _FEWEST_WAITING = 3, 8  # calls for each thread of the cluster; at least


def each_done(
    client: Any,
    function: Callable[[Any, Any], Any],
    common: Any,
    items: Iterable[Any],
    resources: Mapping[str, float] | None = None,
) -> Iterator[tuple[int, Any]]:
    """Yield the number of every item and ``function(common, item)``, as they get done.

    A call whose worker is lost is made again by Dask, on another; so is one that fails for a reason
    that isn't ours, twice.

    Parameters
    ----------
    client
        Of the cluster.
    function
        To be called; it gives the same whenever and wherever it is.
    common
        What all calls take; it travels to every worker once.
    items
        What each call takes besides.
    resources
        What a worker needs for a call.

    Raises
    ------
    SfvqError
        Of the first call that fails with one.
    ScaleError
        If a call fails for another reason, or kills its workers.
    """
    from distributed import as_completed

    needed = dict(resources) if resources else None
    shared = client.submit(_as_is, common, pure=False)  # made anew where workers are lost
    tries: Counter[int] = Counter()

    def submit(number: int, item: Any) -> Any:
        tries[number] += 1
        return client.submit(function, shared, item, pure=False, resources=needed)

    to_come = enumerate(items)
    window = max(_FEWEST_WAITING, _WAITING * sum(client.nthreads().values()))
    waiting = {submit(*one): one for one in islice(to_come, window)}
    done: Any = as_completed(list(waiting), loop=client.loop)  # type: ignore[no-untyped-call]
    try:
        for future in done:
            number, item = waiting.pop(future)
            if future.status == "finished":
                yield number, future.result()
                following = next(to_come, None)
            else:
                _raise_last(future, tries[number])
                following = number, item
            if following is not None:
                sent = submit(*following)
                waiting[sent] = following
                done.add(sent)
    finally:
        client.cancel(list(waiting))


def _raise_last(future: Any, n_tries: int) -> None:
    """Raise why a call failed, if it isn't to be made again."""
    error = future.exception() if future.status == "error" else None
    if isinstance(error, SfvqError):
        raise error
    if n_tries >= _TRIES:
        reason = "it was cancelled" if error is None else f"{type(error).__name__}: {error}"
        raise ScaleError(
            f"work on the cluster failed {n_tries} times ({reason})",
            remedy="look into the workers' logs; mend that, and start again",
        ) from error


def _as_is(common: Any) -> Any:
    return common

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


class Calls:
    """Calls of one function, of which some are on the cluster at a time.

    The first are sent together: by the number of calls that it knows of Dask tells that they are to
    wait with the scheduler, not with workers, of which one may end before another.

    Parameters
    ----------
    client
        Of the cluster.
    function
        To be called, as ``function(common, item)``; it gives the same whenever and wherever it is.
    common
        What all calls take; it travels to every worker once.
    resources
        What a worker needs for a call.
    name
        Of the calls, on the dashboard; by default the function's.

    Attributes
    ----------
    tries
        How often each call was made, by number of the item.
    """

    def __init__(
        self,
        client: Any,
        function: Callable[[Any, Any], Any],
        common: Any,
        resources: Mapping[str, float] | None = None,
        name: str = "",
    ) -> None:
        self._client, self._function = client, function
        self._resources = dict(resources) if resources else None
        self._shared = client.submit(_as_is, common, pure=False)  # made anew on a loss of workers
        client.replicate([self._shared])  # few calls would all be sent to who has it
        self._name = f"{name or function.__name__.strip('_')}-{self._shared.key[-8:]}"
        self._to_come: Iterator[tuple[int, Any]] = iter(())
        self._again: list[tuple[int, Any]] = []
        self.tries: Counter[int] = Counter()

    def each(self, items: Iterable[Any]) -> Iterator[tuple[int, Any, Any]]:
        """Yield number, item and future of every call that has ended, well or not.

        What isn't done when the iteration ends is cancelled.
        """
        from distributed import as_completed

        self._to_come = enumerate(items)
        window = max(_FEWEST_WAITING, _WAITING * sum(self._client.nthreads().values()))
        waiting = self._sent(list(islice(self._to_come, window)))
        ended: Any = as_completed(  # type: ignore[no-untyped-call]
            list(waiting), loop=self._client.loop
        )
        try:
            for future in ended:
                yield *waiting.pop(future), future
                following = self._again or list(islice(self._to_come, 1))
                self._again = []
                sent = self._sent(following)
                waiting |= sent
                ended.update(list(sent))
        finally:
            self._client.cancel(list(waiting))

    def again(self, number: int, item: Any) -> None:
        """Make the call that was yielded last again, before others."""
        self._again.append((number, item))

    def stop(self) -> None:
        """Begin no more of the items; those that are sent are yielded yet."""
        self._to_come = iter(())

    def _sent(self, calls: list[tuple[int, Any]]) -> dict[Any, tuple[int, Any]]:
        if not calls:
            return {}
        self.tries.update(number for number, _ in calls)
        futures = self._client.map(
            self._function,
            [self._shared] * len(calls),
            [item for _, item in calls],
            key=[f"{self._name}-{number}-{self.tries[number]}" for number, _ in calls],
            resources=self._resources,
        )
        return dict(zip(futures, calls, strict=True))


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
    client, function, common, resources
        As in `Calls`.
    items
        What each call takes besides.

    Raises
    ------
    SfvqError
        Of the first call that fails with one.
    ScaleError
        If a call fails for another reason, or kills its workers.
    """
    calls = Calls(client, function, common, resources)
    for number, item, future in calls.each(items):
        if future.status == "finished":
            yield number, future.result()
        else:
            _raise_last(future, calls.tries[number])
            calls.again(number, item)


def all_done(
    client: Any,
    function: Callable[[Any, Any], Any],
    common: Any,
    items: Iterable[Any],
    resources: Mapping[str, float] | None = None,
) -> list[Any]:
    """Return what `each_done` yields, in the order of the items."""
    found = dict(each_done(client, function, common, items, resources))
    return [found[number] for number in range(len(found))]


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

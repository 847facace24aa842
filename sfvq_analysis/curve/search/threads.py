"""`together`: work done by several threads, which wait for the next time.

To start a thread takes as long as to project some thousand frames.
"""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def together(works: Sequence[Callable[[], bool]]) -> bool:
    """Do all that is given, the first in this thread; tell whether all say True.

    Each takes its share of what there is to do, so that what no thread has begun when the first
    ends isn't begun any more. What one raises is raised, once none is at work.
    """
    first, *others = works
    if not others:
        return first()
    begun = [_threads().submit(one) for one in others]
    try:
        good = first()
    finally:
        begun = [one for one in begun if not one.cancel()]
        wait(begun)
    return all([good, *(one.result() for one in begun)])


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), "sfvq-search")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_threads.cache_clear)

"""`curve.search.threads`, `taking`: several threads share what there is to do."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Event, get_ident

import numpy as np
import pytest
from made_curves import around, assert_same_bytes, walk
from numba import njit

from sfvq_analysis.curve import Engine, project
from sfvq_analysis.curve.search.taking import take
from sfvq_analysis.curve.search.threads import together


def shared(n_parts, done, each=lambda _: True):
    left = iter(range(n_parts))

    def work():
        for part in left:
            done.append((part, get_ident()))
            if not each(part):
                return False
        return True

    return work


@pytest.mark.parametrize("n_threads", [1, 2, 5, 200])
def test_all_is_done_once(n_threads):
    done = []
    assert together([shared(1000, done)] * n_threads)
    assert sorted(part for part, _ in done) == list(range(1000))


def test_the_caller_works_too_and_threads_are_kept():
    """The caller waits for another thread, of which there are no more than processors."""
    seen = []
    for _ in range(50):
        begun = Event()
        assert together([lambda begun=begun: begun.wait(9), lambda begun=begun: told(begun, seen)])
    assert 1 <= len(set(seen)) <= os.cpu_count()
    assert get_ident() not in seen


def told(begun, seen):
    seen.append(get_ident())
    begun.set()
    return True


def test_whatever_says_false_is_told():
    assert not together([shared(9, [], lambda part: part != 4)] * 2)
    begun = Event()
    assert not together([lambda: begun.wait(9), lambda: bool(begun.set())])


@pytest.mark.parametrize("first", [True, False])
def test_what_is_raised_is_raised_when_all_have_ended(first):
    begun, ended = Event(), []

    def raises():
        begun.wait(9)
        raise RuntimeError("no more")

    def ends():
        begun.set()
        ended.append(True)
        return True

    with pytest.raises(RuntimeError, match="no more"):
        together([raises, ends] if first else [ends_after(begun, ended), begins_and_raises(begun)])
    assert ended


def ends_after(begun, ended):
    def work():
        assert begun.wait(9)
        ended.append(True)
        return True

    return work


def begins_and_raises(begun):
    def work():
        begun.set()
        raise RuntimeError("no more")

    return work


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own():
    """The parent's, which it counts among its own, don't work for it."""
    corners = walk(40, 16)
    frames, engine = around(corners, 5000), Engine(products="fused", threads=2)
    wanted = project(frames, corners, engine)
    child = os.fork()
    if child == 0:
        good = False
        try:
            assert_same_bytes(project(frames, corners, engine), wanted)
            begun = Event()
            good = together([lambda: begun.wait(9), lambda: told(begun, [])])
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


@njit(nogil=True)
def counted(taken, n, counts):
    at = take(taken, 3)
    while at < n:
        for one in range(at, min(at + 3, n)):
            counts[one] += 1
        at = take(taken, 3)


def test_nothing_is_taken_twice():
    taken, counts = np.zeros(1, np.int64), np.zeros(2_000_001, np.int64)
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(counted, taken, len(counts), counts) for _ in range(4)]:
            done.result()
    assert (counts == 1).all()

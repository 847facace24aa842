"""`curve.products`: which product is chosen, and that the settings of others are left as found."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from made_curves import LIBRARIES, PRODUCTS, around, assert_same_bytes, walk
from threadpoolctl import threadpool_limits

from sfvq_analysis.curve import Engine, products, project
from sfvq_analysis.curve.search import screening
from sfvq_analysis.errors import OptionError, QuantizerError


@pytest.fixture
def candidates(monkeypatch):
    """Let a test say which products are at hand; what it made the package choose is forgotten."""

    def at_hand(**named):
        monkeypatch.setattr(products, "_candidates", lambda **_: named)
        products._fastest.cache_clear()

    yield at_hand
    products._fastest.cache_clear()


@pytest.fixture
def two_threads():
    """Let torch and BLAS have two threads, and return what they have later on."""
    before = torch.get_num_threads()
    with threadpool_limits(2, user_api="blas"):
        torch.set_num_threads(2)
        yield threads_now
    torch.set_num_threads(before)


def threads_now():
    return torch.get_num_threads(), *blas_threads()


def blas_threads():
    """Of the libraries that products may use; another test file may have loaded more (faiss)."""
    return [library.num_threads for library in products._blas().lib_controllers]


def raises(a, b, scratch):
    raise RuntimeError("no such operator")


def lacks(a, b, scratch):
    raise NotImplementedError


def nothing(a, b, scratch):
    return scratch


def transposed(a, b, scratch):
    return (b @ a.T).reshape(scratch.shape)


def imprecise(a, b, scratch):
    return products._by_numpy(a.astype(np.float16).astype(np.float32), b, scratch)


def slow(a, b, scratch):
    time.sleep(0.02)
    return products._by_numpy(a, b, scratch)


@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("shape", [(1, 5, 1), (2, 1, 3), (3, 7, 5), (33, 100, 16), (256, 64, 1040)])
def test_products_are_those_of_float64(name, shape, rng):
    n_rows, dim, n_frames = shape
    a, b = (rng.normal(size=(n, dim)).astype(np.float32) for n in (n_rows, n_frames))
    found = products.product(name)(a, b, np.empty((n_rows, n_frames), np.float32))
    assert (found.shape, found.dtype) == ((n_rows, n_frames), np.float32)
    np.testing.assert_allclose(found, a.astype(float) @ b.T.astype(float), atol=1e-4)


@pytest.mark.parametrize("bad", [raises, lacks, nothing, transposed, imprecise, slow])
def test_a_product_that_fails_is_wrong_or_slow_is_left_out(candidates, bad):
    candidates(bad=bad, numpy=products._by_numpy)
    assert products.product("auto") is products._by_numpy


def test_the_choice_is_made_once(candidates):
    calls = []

    def counted(a, b, scratch):
        calls.append(a.shape)
        return products._by_numpy(a, b, scratch)

    candidates(counted=counted)
    assert products.product("auto") is counted
    made = len(calls)
    assert 1 < made < 20
    assert products.product("auto") is counted
    assert len(calls) == made


def test_a_product_that_is_not_at_hand_is_refused(candidates):
    candidates(numpy=products._by_numpy)
    message = r"products is 'onednn', which isn't at hand; use one of \['numpy'\]"
    with pytest.raises(OptionError, match=message):
        project(np.eye(8), np.eye(8), Engine(products="onednn"))


def test_a_named_product_is_not_tried_first(candidates):
    candidates(numpy=slow, torch=raises)
    assert products.product("numpy") is slow


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", [*PRODUCTS, "auto"])
def test_threads_of_torch_and_blas_are_what_they_were(two_threads, name, threads):
    before = two_threads()
    assert 2 in before
    corners = walk(500, 8)
    corners[300] = corners[100]  # some is in doubt
    project(around(corners, 2000), corners, Engine(products=name, threads=threads))
    assert two_threads() == before
    with ThreadPoolExecutor(1) as pool:  # another thread has what new ones are given
        assert pool.submit(torch.get_num_threads).result() == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_of_the_caller_need_not_be_those_of_new_threads(two_threads, threads):
    """Torch's number is each thread's own; a new one has what was set last, whoever set it."""
    torch.set_num_threads(3)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(torch.set_num_threads, 1).result()
    corners = walk(500, 8)
    project(around(corners, 6000), corners, Engine(products="torch", threads=threads))
    assert torch.get_num_threads() == 3


def test_one_thread_may_be_held_twice(two_threads):
    with products.one_thread_each():
        with products.one_thread_each():
            assert set(threads_now()) == {1}
        assert set(threads_now()) == {1}
    assert set(two_threads()) == {2}


def test_where_no_product_is_right_it_is_numpys(candidates):
    candidates(one=nothing, other=raises)
    assert products.product("auto") is products._by_numpy


@pytest.mark.parametrize("threads", [1, 2])
def test_they_are_what_they_were_after_an_error(two_threads, monkeypatch, threads):
    before = two_threads()
    corners = walk(500, 8)
    frames = around(corners, 2000)
    frames[1700] = np.nan
    with pytest.raises(QuantizerError, match="row 1700"):
        project(frames, corners, Engine(products="numpy", threads=threads))
    assert two_threads() == before
    frames[1700] = 0.0
    monkeypatch.setattr(screening, "product", lambda _: raises)
    with pytest.raises(RuntimeError, match="no such operator"):
        project(frames, corners, Engine(products="numpy", threads=threads))
    assert two_threads() == before


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_product_runs_in_the_thread_that_asks_for_it(two_threads, monkeypatch, threads):
    seen = set()

    def watched(a, b, scratch):
        seen.update(threads_now())
        return products._by_torch(a, b, scratch)

    monkeypatch.setattr(screening, "product", lambda _: watched)
    corners = walk(500, 8)
    project(around(corners, 3000), corners, Engine(products="numpy", threads=threads))
    assert seen == {1}


@pytest.mark.parametrize("other_leaves", ["first", "last"])
def test_threads_come_back_after_projections_that_overlap(two_threads, other_leaves):
    found, other_inside, other_left = {}, Event(), Event()
    here_inside, here_left = Event(), Event()

    def other():
        torch.set_num_threads(2)
        with products.one_thread_each():
            other_inside.set()
            (here_inside if other_leaves == "first" else here_left).wait(1)
        other_left.set()
        found["other"] = torch.get_num_threads()

    thread = Thread(target=other)
    thread.start()
    other_inside.wait(1)
    with products.one_thread_each():
        here_inside.set()
        if other_leaves == "first":
            other_left.wait(1)
    here_left.set()
    thread.join()
    assert found == {"other": 2}
    assert set(two_threads()) == {2}


@pytest.mark.parametrize(
    "name",
    PRODUCTS,
)
def test_a_lower_precision_of_torchs_products_changes_no_code(name):
    corners = walk(200, 64)
    frames = around(corners, 500)
    wanted = project(frames, corners, Engine(products="numpy"))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        found = project(frames, corners, Engine(products=name))
    finally:
        torch.set_float32_matmul_precision(before)
    assert_same_bytes(found, wanted)


@pytest.mark.parametrize("threads", [1, 2])
def test_while_another_thread_loads_torch_it_is_not_asked(monkeypatch, threads):
    half_loaded = ModuleType("torch")
    half_loaded.__spec__ = SimpleNamespace(_initializing=True)
    corners = np.vstack([walk(50, 8)] * 2)  # all is in doubt, and searched by products
    frames = around(corners, 3000)
    wanted = project(frames, corners)
    monkeypatch.setitem(sys.modules, "torch", half_loaded)
    for name in ("auto", "numpy"):
        assert_same_bytes(project(frames, corners, Engine(products=name, threads=threads)), wanted)


@pytest.mark.parametrize("engine", [Engine(), Engine(kernels="torch")])
def test_nor_does_one_that_cannot_be_told(engine, monkeypatch):
    def untold():
        raise RuntimeError("a mix of interfaces")

    corners = walk(60, 16)
    frames = around(corners, 100)
    wanted = project(frames, corners, engine)
    monkeypatch.setattr(torch, "get_float32_matmul_precision", untold)
    np.testing.assert_array_equal(project(frames, corners, engine).codeword, wanted.codeword)

import os
import sys

import numpy as np
import pytest
from hypothesis import settings
from in_process_cluster import in_this_process
from page_browser import chromium

# machines are busy: no example has a deadline
settings.register_profile("test", derandomize=True, deadline=None)  # the same examples everywhere
settings.register_profile("fuzz", print_blob=True, deadline=None)  # new ones every time
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


@pytest.fixture(scope="module")
def launched():
    """A browser for all tests of a file; beyond it, no other test could run an event loop."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def client():
    """A cluster in this process: fast, and what is patched here is patched there."""
    with in_this_process() as client:
        yield client


@pytest.fixture(scope="module")
def processes():
    """A cluster of two processes."""
    from sfvq_analysis.scale import connected

    with connected(workers=2) as client:
        yield client

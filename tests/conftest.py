import os
import sys

import numpy as np
import pytest
from hypothesis import settings

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

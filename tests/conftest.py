import gc
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import settings
from page_browser import chromium
from quick_clusters import in_this_process, of_forked_processes

# kernels of a GPU are run by Triton's interpreter; it asks when it is imported
os.environ.setdefault("TRITON_INTERPRET", "1")

# machines are busy: no example has a deadline
settings.register_profile("test", derandomize=True, deadline=None)  # the same examples everywhere
settings.register_profile("fuzz", print_blob=True, deadline=None)  # new ones every time
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "test")
settings.load_profile(PROFILE)


HERE = Path(__file__).parent
# helpers hold no example that `--doctest-modules` could run, and import what not every test needs
collect_ignore = [path for path in HERE.rglob("*.py") if not path.name.startswith("test_")]

LONG = (
    "test_cli",  # first: it makes the demo that others wait for
    "test_notebooks",
    "test_scale_indexing",
    "test_docs_guides",
    "test_report_page_stages",
    "test_report_page_browser",  # of the demo, as the next
    "test_report_page_stages_browser",
    "test_report_page_comparison_browser",
    "test_scale_fitting",
    "test_scale_sampling",
    "test_stats_shards",
    "test_report_page_listening",
    "test_stats_claims",
    "test_training_curve_fit",
    "test_voice_training_train",
    "test_docs_reproduce",
    "test_report",
    "test_voice_training_resume",
    "test_report_page_reading",
    "test_training_arcs",
    "test_curve_fused",
    "test_report_page_playable",
    "test_cli_clusters",
    "test_pictures_script",
    "test_report_page",
    "test_stats_compare",
    "test_curve_screening",
    "test_encoder_huggingface",
    "test_curve_pruned",
    "test_curve_picking",
    "test_pipeline_journal",
    "test_docs_site",
    "test_cli_statistics",
    "test_tables_dataset",
    "test_stats_calibration",
    "test_curve_engine",
    "test_report_figures",
    "test_report_seen",
    "test_report_page_comparison",
    "test_pipeline_reproduced",
)
"""Files of half a minute and more to ten seconds, longest first."""


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Collect tests without looking for garbage, which takes a fifth of the time for little."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config, items):
    """Leave what is thorough to `make fuzz`, and put long files first.

    Files are handed out in this order, and the last ones fill the gaps: of a long one begun last,
    all other workers would wait for the end.
    """
    if PROFILE != "fuzz":
        thorough = [item for item in items if item.get_closest_marker("thorough")]
        config.hook.pytest_deselected(items=thorough)
        items[:] = [item for item in items if not item.get_closest_marker("thorough")]
    place = {name: at for at, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONG)))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


@pytest.fixture
def unrendered(monkeypatch):
    """Figures of reports are drawn but not rendered, which takes most of the time of a report.

    For tests of what else a report holds; `test_cli` and `test_report` look at its pictures.
    """
    monkeypatch.setattr("sfvq_analysis.report.figures.save_figure", lambda *_: [])


@pytest.fixture
def unheard(monkeypatch):
    """Sounds in pages are not encoded, which takes most of the time of a page that holds them.

    For tests of what else a page holds; `test_report_page_listening` decodes its sounds.
    """
    monkeypatch.setattr("sfvq_analysis.report.page.sounds.opus_bytes", lambda *_, **__: b"OggS")


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory):
    """The folder of a demo and what it said, run once for all workers.

    In a process of its own, as `make demo` runs it. What changes it, changes a copy.
    """
    top = tmp_path_factory.getbasetemp()
    shared = top.parent if "PYTEST_XDIST_WORKER" in os.environ else top
    folder, said = shared / "demo", shared / "demo" / "said.txt"
    with FileLock(shared / "demo.lock"):
        if not said.exists():
            folder.mkdir(exist_ok=True)
            command = [sys.executable, "-m", "sfvq_analysis.cli", "demo", "--out", "out"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            said.write_text(done.stdout, encoding="utf-8")
    return folder / "out", said.read_text(encoding="utf-8")


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
    with of_forked_processes() as client:
        yield client

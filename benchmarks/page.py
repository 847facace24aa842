"""Time, size and memory of writing a page of a TIMIT-sized table, and how fast a brush is answered.

Usage: python benchmarks/page.py [--speakers 630] [--brushes 30]
Writes benchmarks/page.json and prints the tables that benchmarks/README.md quotes. Each page is
written in a process of its own: seconds of the statistics that it shows and of the page itself, its
bytes, and the process' peak memory. A brush is timed in Chromium without a window, from `setBrush`
to the end of the last figure's painting; without playwright or Chromium that part is left out. The
goals are 30 s and 10 MB.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from timing import as_markdown, machine, write_json

from sfvq_analysis import demo_corpus, demo_quantizers, index_table, load_encoder
from sfvq_analysis.report.page import write_page
from sfvq_analysis.report.page.content import NEEDED
from sfvq_analysis.report.statistics import QUICK_DRAWS, statistics_of
from sfvq_analysis.tables import Simulation, simulated_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sfvq_analysis.tables import IndexTable

HERE = Path(__file__).parent
CHROMIUM = Path("/usr/bin/chromium")
OWN_SENTENCES, TOKENS, CODES = 8, 34, 256
PAGES = ("one table", "two tables", "demo, with sound")
QUIET_MILLISECONDS = 300

# The time of the last painting of any figure after a brush, once none has been painted for a while.
WATCH = """() => {
    window.painted = 0;
    for (const model of Bokeh.documents[0].all_models) {
        const view = Bokeh.index.find_one_by_id(model.id);
        if (!view || !view.paint) continue;
        const paint = view.paint;
        view.paint = function (...all) {
            const done = paint.apply(this, all);
            window.painted = performance.now();
            return done;
        };
    }
}"""
BRUSH = """async ([first, last, quiet]) => {
    const start = performance.now();
    window.painted = 0;
    setBrush(first, last);
    const rest = () => new Promise((done) => setTimeout(done, 20));
    do { await rest(); } while (!window.painted || performance.now() - window.painted < quiet);
    if (state.brush[0] !== first || state.brush[1] !== last) throw new Error("not brushed");
    return window.painted - start;
}"""


def sized_table(n_speakers: int) -> IndexTable:
    """Return a simulated table: 630 speakers give a million frames."""
    plan = Simulation(
        n_speakers=n_speakers,
        n_own=OWN_SENTENCES,
        n_tokens=TOKENS,
        codebook_size=CODES,
        token_spread=0.03,
        speaker_spread=0.01,
    )
    return simulated_table(plan)


def without_order(table: IndexTable) -> IndexTable:
    """Return a table as of a plain codebook: its codes shuffled, and on no curve."""
    shuffled = np.random.default_rng(0).permutation(table.codebook_size).astype(np.int32)
    frames = table.frames
    plain = frames.assign(
        codeword=shuffled[frames["codeword"].to_numpy()],
        curve_segment=np.full(len(frames), -1, np.int32),
        t=np.full(len(frames), np.nan, np.float32),
        distortion=frames["codeword_distortion"],
    )
    return replace(table, frames=plain)


def write(name: str, n_speakers: int, path: Path) -> dict[str, Any]:
    """Write one of `PAGES`, and return what that took; alone in its process."""
    options: dict[str, Any] = {}
    if name == PAGES[2]:
        corpus, quantizers = demo_corpus().select(split="test"), demo_quantizers()
        tables = index_table(corpus, load_encoder("vqvae"), quantizers)
        options = {"corpus": corpus, "quantizers": quantizers, "audio": "embed"}
    else:
        table = sized_table(n_speakers)
        tables = {"sfvq": table}
        if name == PAGES[1]:
            tables["vq"] = without_order(table)
    before = peak_gigabytes()
    started, processor = time.perf_counter(), time.process_time()
    known = {
        one: statistics_of(table, names=NEEDED, inference=QUICK_DRAWS)
        for one, table in tables.items()
    }
    statistics = time.perf_counter() - started
    write_page(tables, path, statistics=known, **options)
    return {
        "page": name,
        "frames": len(next(iter(tables.values())).frames),
        "statistics_seconds": statistics,
        "seconds": time.perf_counter() - started,
        "processor_seconds": time.process_time() - processor,
        "bytes": path.stat().st_size,
        "gigabytes_before": before,
        "peak_gigabytes": peak_gigabytes(),
    }


def brush_times(path: Path, n_brushes: int) -> list[float] | None:
    """Return milliseconds from brushes to the end of what they change; None without a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    if not CHROMIUM.exists():
        return None
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(path.as_uri())
        page.wait_for_selector("html[data-ready=yes]", timeout=120_000)
        page.evaluate(WATCH)
        brushes = list(random_brushes(page.evaluate("table().size"), n_brushes + 2))
        found = [page.evaluate(BRUSH, [*one, QUIET_MILLISECONDS]) for one in brushes]
        browser.close()
    return found[2:]  # the first ones warm up


def random_brushes(size: int, n: int) -> Iterator[tuple[int, int]]:
    """Yield parts of an axis, of all lengths."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        first, last = sorted(rng.choice(size, 2, replace=False).tolist())
        yield first, last


def peak_gigabytes() -> float:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def main() -> None:
    """Write every page in a process of its own, then brush it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speakers", type=int, default=630)
    parser.add_argument("--brushes", type=int, default=30)
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for at, name in enumerate(PAGES):
            path = Path(folder).resolve() / f"{at}.html"
            alone = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=alone) as process:
                row = process.submit(write, name, arguments.speakers, path).result()
            row["brush_milliseconds"] = brush_times(path, arguments.brushes)
            rows.append(row)
            print(row, flush=True)
    versions = machine(["numpy", "bokeh", "playwright"])
    write_json(HERE / "page.json", {"machine": versions, "pages": rows})
    header = ["page", "frames", "statistics, s", "page, s", "processor, s"]
    header += ["MB", "peak GB", "brush, ms", "slowest"]
    print(as_markdown(header, [as_cells(row) for row in rows]))
    if any(row["brush_milliseconds"] is None for row in rows):
        print("no brush was timed: playwright or Chromium isn't there")


def as_cells(row: dict[str, Any]) -> list[str]:
    """Return a row of the printed table."""
    brushes = row["brush_milliseconds"] or [float("nan")]
    return [
        row["page"],
        f"{row['frames']:,}",
        f"{row['statistics_seconds']:.1f}",
        f"{row['seconds'] - row['statistics_seconds']:.1f}",
        f"{row['processor_seconds']:.1f}",
        f"{row['bytes'] / 1e6:.2f}",
        f"{row['peak_gigabytes']:.2f}",
        f"{median(brushes):.0f}",
        f"{max(brushes):.0f}",
    ]


if __name__ == "__main__":
    main()

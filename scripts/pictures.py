"""Screenshots of an analysis' page, each with the data behind it, and the README's pictures.

Usage: python scripts/pictures.py ANALYSIS [--into FOLDER]

ANALYSIS is a folder that `sfvq analyze` or `sfvq demo` wrote. The screenshots join its figures, as
PNG with the page's own CSV, and its manifest names them. Without playwright or Chromium it is said
that there are none, and all else is done. With ``--into figures`` the pictures, the summary and the
manifest then replace those of that folder, whose other files stay; of another corpus it is refused.
"""

from __future__ import annotations

import argparse
import json
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sfvq_analysis.report.folders import MANIFEST, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
FIGURES = "figures/"
KEPT = ("summary.csv", "summary.txt", MANIFEST)
_DRAWN = """() => new Promise((done) => {
    requestAnimationFrame(() => setTimeout(() => requestAnimationFrame(done), 300));
})"""


class Shot(NamedTuple):
    """A screenshot: its name, the window, what is done before it, the panel whose data it shows."""

    name: str
    size: tuple[int, int]
    prepare: Callable[[Any], None]
    panel: str


def of_an_index(page: Any) -> None:
    """Brush the fricatives, or the first range with a name, and open an index of it."""
    ranges = page.locator("#ranges button")
    fricatives = page.locator("#ranges button[data-range*=fricative]")
    if ranges.count():
        (fricatives if fricatives.count() else ranges).first.click()
    page.evaluate(_DRAWN)
    codes = page.locator("#codes [data-code]")
    if codes.count():
        codes.nth(min(3, codes.count() - 1)).click()
    page.mouse.move(0, 0)  # else what comes under it looks pointed at
    page.evaluate("window.scrollTo(0, document.getElementById('axis').offsetTop)")


def of_an_utterance(page: Any) -> None:
    """Show the first utterance."""
    page.evaluate("document.getElementById('speech-title').scrollIntoView()")


def of_histograms(page: Any) -> None:
    """Show the histograms."""
    page.evaluate("document.getElementById('histograms-title').scrollIntoView()")


SHOTS = (
    Shot("page", (1280, 900), of_an_index, "ribbon"),
    Shot("page_utterance", (1280, 1100), of_an_utterance, "utterance"),
    Shot("page_half_screen", (720, 900), of_histograms, "groups"),
)


def take_screenshots(page: Path, folder: Path) -> list[str]:
    """Write screenshots of a page and their data; return their names, none without a browser."""
    taken = []
    with _browser() as browser:
        for shot in SHOTS if browser is not None else ():
            width, height = shot.size
            tab = browser.new_page(viewport={"width": width, "height": height})
            tab.goto(page.resolve().as_uri())
            tab.wait_for_selector("html[data-ready=yes]", timeout=120_000)
            with tab.expect_download() as download:
                tab.locator(f"[data-csv={shot.panel}]").first.click()
            download.value.save_as(folder / f"{shot.name}.csv")
            shot.prepare(tab)
            tab.wait_for_selector("#status:empty", state="attached")  # "saved …" has gone
            tab.evaluate(_DRAWN)
            tab.screenshot(path=folder / f"{shot.name}.png")
            tab.close()
            taken.append(shot.name)
    return taken


@contextmanager
def _browser() -> Iterator[Any]:
    """Yield a browser without a window, None where there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        found = None
    if found is None:
        yield None
        return
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def add_to_manifest(analysis: Path, taken: list[str]) -> None:
    """Name the screenshots in the manifest of an analysis, and their files."""
    known = json.loads((analysis / MANIFEST).read_bytes())
    del known["files"]
    (analysis / MANIFEST).unlink()  # a manifest doesn't list itself
    write_manifest(analysis, known | {"screenshots": taken})


def copy_pictures(analysis: Path, folder: Path) -> None:
    """Replace the pictures that a folder's manifest names, its summary and the manifest itself."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _pictures_of(folder):
        (folder / name).unlink(missing_ok=True)
    for name in _pictures_of(analysis):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(analysis / FIGURES / name, folder / name)
    for name in KEPT:
        shutil.copyfile(analysis / name, folder / name)


def corpora_of(folder: Path) -> set[str]:
    """Return the names of the corpora that a folder's manifest speaks of, none without one."""
    tables = _manifest(folder).get("tables", {})
    return {one.get("corpus", {}).get("name", "no corpus") for one in tables.values()}


def _pictures_of(folder: Path) -> list[str]:
    """Return the files of figures that a manifest names, by their place among them."""
    files = _manifest(folder).get("files", [])
    return [
        name.removeprefix(FIGURES)
        for name in files
        if name.startswith(FIGURES) and ".." not in name
    ]


def _manifest(folder: Path) -> dict[str, Any]:
    """Return a folder's manifest, an empty one where there is none."""
    place = folder / MANIFEST
    return json.loads(place.read_bytes()) if place.is_file() else {}


def main() -> None:
    """Take the screenshots, and copy the pictures if a folder is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("analysis", type=Path)
    parser.add_argument("--into", type=Path)
    arguments = parser.parse_args()
    if arguments.into is not None:
        shown, made = corpora_of(arguments.into), corpora_of(arguments.analysis)
        if shown and shown != made:
            parser.error(
                f"{arguments.into} shows {', '.join(sorted(shown))}, the analysis is of "
                f"{', '.join(sorted(made))}: analyse the same corpus, or remove "
                f"{arguments.into / MANIFEST} first"
            )
    taken = take_screenshots(arguments.analysis / "page.html", arguments.analysis / "figures")
    if taken:
        add_to_manifest(arguments.analysis, taken)
        print(f"{arguments.analysis / 'figures'}: {', '.join(taken)}")
    else:
        print("no screenshots of the page: they need playwright (pip) and chromium (apt)")
    if arguments.into is not None:
        copy_pictures(arguments.analysis, arguments.into)
        print(f"{arguments.into}: pictures, summary and manifest are those of this analysis")


if __name__ == "__main__":
    main()

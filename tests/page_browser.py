"""A real browser, without a network, that opens a page from the disk and keeps what goes wrong."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = next(
    (found for name in ("chromium-headless-shell", "chromium") if (found := shutil.which(name))),
    None,
)
"""The shell first: it draws the same without a window around it, in half of the time."""
WIDTHS = (1280, 720)
"""What is about the layout is tried at both, the rest at one of them."""
ONE_OR_BOTH = (WIDTHS[0], pytest.param(WIDTHS[1], marks=pytest.mark.thorough))
_LOCAL = ("file:", "data:", "blob:")


class OpenPage:
    """A page in a browser, and what it complained of or asked the network for."""

    def __init__(self, page):
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._noted)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.context.route("**/*", self._only_local)

    def _noted(self, message):
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _only_local(self, route):
        if route.request.url.startswith(_LOCAL):
            route.continue_()
        else:
            self.complaints.append(f"asked for {route.request.url}")
            route.abort()

    def open(self, path):
        self.page.goto(Path(path).resolve().as_uri())
        self.page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
        self.settle()

    def settle(self):
        """Wait until Bokeh has drawn what was changed."""
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.wait_for_function("() => Bokeh.documents[0].is_idle")

    def drawn(self, figure):
        """Tell how many pixels of a figure aren't white."""
        return self.page.evaluate(_PIXELS, figure)

    def saved(self, press):
        """Return name and bytes of what a press of a button downloads.

        On a busy machine a figure may still move under the pointer, and the press is lost: then the
        button is pressed again, as anyone would, and by the keyboard.
        """
        try:
            download = self._download(press.click)
        except TimeoutError:
            self.settle()
            download = self._download(lambda: press.press("Enter"))
        return download.suggested_filename, Path(download.path()).read_bytes()

    def _download(self, act):
        from playwright.sync_api import TimeoutError as TookTooLong

        try:
            with self.page.expect_download(timeout=30_000) as download:
                act()
        except TookTooLong as error:
            raise TimeoutError(str(error)) from error
        return download.value


_PIXELS = """async (name) => {
    const view = Bokeh.index.find_one_by_id(Bokeh.documents[0].get_model_by_name(name).id);
    const canvas = view.export("png", false).canvas;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let n = 0;
    for (let i = 0; i < data.length; i += 4) {
        if (data[i + 3] && Math.min(data[i], data[i + 1], data[i + 2]) < 200) n += 1;
    }
    return n;
}"""


@contextmanager
def chromium():
    """Yield a browser, or skip the test where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def browsing(width=1280, height=900, within=None):
    """Yield an `OpenPage` in a window of its own, of a browser that is open already or not."""
    if within is None:
        with chromium() as browser, browsing(width, height, browser) as opened:
            yield opened
        return
    context = within.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
    try:
        yield OpenPage(context.new_page())
    finally:
        context.close()

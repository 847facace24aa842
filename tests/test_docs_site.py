"""The site is built without a warning, and loads nothing from a network."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from page_browser import browsing

ROOT = Path(__file__).parents[1]
LOADED = {"src", "srcset", "poster", "data"}
REMOTE = re.compile(r"\s*(?:https?:)?//", re.IGNORECASE)

pytest.importorskip("mkdocs", reason="the site's tools aren't installed (extra docs)")
pytest.importorskip("material", reason="the site's tools aren't installed (extra docs)")
pytest.importorskip("mkdocstrings", reason="the site's tools aren't installed (extra docs)")
pytest.importorskip("mkdocs_jupyter", reason="the site's tools aren't installed (extra docs)")


class Loads(HTMLParser):
    """What a page loads from elsewhere, and the ids, pictures and links it has."""

    def __init__(self, text):
        super().__init__()
        self.remote, self.pictures, self.links, self.ids = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        names = LOADED | ({"href"} if tag == "link" else set())
        self.remote += [(tag, given[name]) for name in names if REMOTE.match(given.get(name) or "")]
        if tag == "img":
            self.pictures.append(given["src"])
        if tag == "a" and given.get("href"):
            self.links.append(urlsplit(given["href"]))
        self.ids |= {given[name] for name in ("id", "name") if given.get(name)}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, its notebooks not executed: test_notebooks.py does that."""
    folder = tmp_path_factory.mktemp("site")
    settings = os.environ | {"SFVQ_DOCS_EXECUTE": "false", "NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


def pages(site):
    found = sorted(site.resolve().rglob("*.html"))
    return {path: Loads(path.read_text(encoding="utf-8")) for path in found}


def test_nothing_is_loaded_from_a_network(site):
    assert [(path.name, page.remote) for path, page in pages(site).items() if page.remote] == []
    styles = [path.read_text(encoding="utf-8") for path in site.rglob("*.css")]
    assert not any(re.search(r"url\(['\"]?(?:https?:)?//", style) for style in styles)


def test_the_search_works_from_the_disk(site):
    with browsing() as browser:
        browser.page.goto((site / "concepts.html").as_uri())
        browser.page.locator(".md-search__input").press_sequentially("journal")
        browser.page.wait_for_selector(".md-search-result__item")
        assert browser.complaints == []


def test_every_picture_is_there(site):
    missing = [
        (path.name, picture)
        for path, page in pages(site).items()
        for picture in page.pictures
        if not picture.startswith(("data:", "/")) and not (path.parent / picture).exists()
    ]
    assert missing == []
    assert len(pages(site)[site.resolve() / "concepts.html"].pictures) >= 5


def test_no_link_is_dead(site):
    known = pages(site)
    dead = []
    for path, page in known.items():
        for link in page.links:
            if link.scheme or link.path.startswith("/"):
                continue
            target = (path.parent / unquote(link.path)).resolve() if link.path else path
            place = unquote(link.fragment)
            has_place = not place or place.startswith("__") or place in known[target].ids
            if not target.exists() or not has_place:
                dead.append((path.name, link.geturl()))
    assert dead == []


def test_every_page_of_the_repository_is_there(site):
    for kind in ("notebooks", "benchmarks"):
        pattern = "*.ipynb" if kind == "notebooks" else "*.md"
        stems = {path.stem for path in (ROOT / kind).glob(pattern)}
        there = {path.stem for path in (site / kind).glob("*.html")}
        assert {stem.replace("README", "index") for stem in stems} == there
    assert (site / "loaders.html").exists()
    assert (site / "reproduce.html").exists()


def test_the_api_has_what_the_package_offers(site):
    import sfvq_analysis

    anchors = " ".join(page.read_text(encoding="utf-8") for page in (site / "api").glob("*.html"))
    parts = ("plots", "report", "stats", "tables", "training", "voice")
    offered = set(sfvq_analysis.__all__) - set(parts)
    for part in parts:
        module = importlib.import_module(f"sfvq_analysis.{part}")
        offered |= {f"{part}.{name}" for name in module.__all__ if callable(getattr(module, name))}
    missing = {name for name in offered if not re.search(_anchor(name), anchors)}
    assert missing == set()


def _anchor(name):
    """Return a pattern of the place where a function of a part is told of, deep in it or not."""
    part, _, own = name.rpartition(".")
    return rf'id="sfvq_analysis\.{part}[\w.]*\b{own}"'


def test_the_floors_are_those_of_the_readme(site):
    text = (site / "architecture.html").read_text(encoding="utf-8")
    assert "import-linter" in text
    assert "README:" not in text


@pytest.fixture(scope="module")
def hook():
    spec = importlib.util.spec_from_file_location("_site", ROOT / "docs" / "_site.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["_site"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["_site"]


def test_a_section_of_the_readme_ends_at_the_next(hook):
    text = "# A\n## One\nthis [x](y.md)\n### Part\nand\n## Two\nnot this\n"
    assert hook.section_of(text, "One") == "this [x](../y.md)\n### Part\nand\n"
    with pytest.raises(ValueError, match="no section"):
        hook.section_of(text, "Three")


def test_links_of_notebooks_to_each_other_lead_to_pages(hook):
    text = '<a class="x" href="claims.ipynb">c</a> <a href="https://x/y.py">y</a> claims.ipynb'
    expected = '<a class="x" href="claims.html">c</a> <a href="https://x/y.py">y</a> claims.ipynb'
    assert hook.on_post_page(text, None, None) == expected


def test_scripts_from_elsewhere_are_left_out_and_others_stay(hook):
    kept = "<script>var a = 1</script><p>cdnjs</p><script src='a.js'></script>"
    out = hook.on_post_page(
        f'<script src="https://cdnjs.cloudflare.com/x.js"></script>{kept}', None, None
    )
    assert out == kept

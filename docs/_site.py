# ruff: noqa: INP001  (a hook of mkdocs.yml, no package)
"""What the site has besides docs/: notebooks, benchmarks and figures as they are in the repository.

Links in the pages are those of the repository, so that they work there, too; here they become the
site's. A link to what the site doesn't have, such as a source file, becomes plain text.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ADDED = ("notebooks/*.ipynb", "benchmarks/*.md", "figures/*.md", "figures/**/*.png")
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s#]+)(#[^)\s]*)?\)")
_ELSEWHERE = re.compile(r"[a-z]+:", re.IGNORECASE)
_FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_NOTEBOOK_LINK = re.compile(r'(<a\b[^>]*\bhref="[\w./-]+)\.ipynb"')
_SECTION = re.compile(r"<!-- README: (.+?) -->")
_REMOTE_SCRIPT = re.compile(
    r"<script\b[^>]*\bsrc=(?:[\"']https?://[^>]*|\"\")>\s*</script>"
    r"|<script\b[^>]*>(?:(?!</script>).)*?(?:cdnjs|unpkg|jsdelivr)(?:(?!</script>).)*</script>",
    re.DOTALL,
)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """See that pictures of executed notebooks are in them, whatever draws elsewhere."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    os.environ["PYTHONWARNINGS"] = "ignore:IProgress not found"  # tqdm's, without ipywidgets
    return config


@event_priority(100)  # before mkdocs-jupyter looks for notebooks
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the repository's own pages and pictures."""
    root = Path(config.config_file_path).parent
    for pattern in ADDED:
        for path in sorted(root.glob(pattern)):
            uri = path.relative_to(root).as_posix()
            files.append(File(uri, str(root), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the README's sections in, and turn links of the repository into those of the site."""
    readme = (Path(config.config_file_path).parent / "README.md").read_text(encoding="utf-8")
    markdown = _SECTION.sub(lambda found: section_of(readme, found[1]), markdown)
    place = page.file.src_uri if _is_added(page.file.src_uri) else f"docs/{page.file.src_uri}"
    known = {file.src_uri for file in files}
    parts = _FENCED.split(markdown)
    parts[::2] = [
        _LINK.sub(lambda found: _relinked(found, place, page.file.src_uri, known), part)
        for part in parts[::2]
    ]
    return "".join(parts)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001 (mkdocs' names)
    """Leave out scripts that notebooks' pages would load, and lead their links to each other."""
    return _NOTEBOOK_LINK.sub(r'\1.html"', _REMOTE_SCRIPT.sub("", output))


def section_of(text: str, title: str) -> str:
    """Return what stands under a heading of the second level, whose links are the root's."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise ValueError(f"README.md has no section {title!r}: mend docs/")
    return _LINK.sub(lambda link: link[0].replace(f"]({link[3]}", f"](../{link[3]}"), found[1])


def _is_added(uri: str) -> bool:
    return uri.startswith(("notebooks/", "benchmarks/", "figures/"))


def _relinked(found: re.Match[str], place: str, here: str, known: set[str]) -> str:
    mark, text, target, anchor = found[1], found[2], found[3], found[4] or ""
    if _ELSEWHERE.match(target):
        return found[0]
    path = posixpath.normpath(posixpath.join(posixpath.dirname(place), target))
    uri = path.removeprefix("docs/")
    if uri not in known:
        if place == f"docs/{here}" and path.startswith("docs/"):
            return found[0]  # a page's own mistake, which mkdocs tells
        return text
    relative = posixpath.relpath(uri, posixpath.dirname(here) or ".")
    return f"{mark}[{text}]({relative}{anchor})"

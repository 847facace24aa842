"""`scan_remote`: a corpus in an object store, or wherever fsspec leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sfvq_analysis.corpus.findings import Findings
from sfvq_analysis.corpus.remote.files import RemoteFile, RemoteFolder
from sfvq_analysis.corpus.remote.skeleton import Skeleton, scanned
from sfvq_analysis.corpus.remote.staging import new_staging
from sfvq_analysis.errors import CorpusError
from sfvq_analysis.stores import Store, is_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sfvq_analysis.corpus.corpus import Corpus
    from sfvq_analysis.errors import ErrorPolicy

_SCHEME_OF_FILES = "file://"


def is_remote(place: object) -> bool:
    """Tell whether a place is a URL that leads away from this machine's files."""
    return isinstance(place, str) and is_url(place) and not place.startswith(_SCHEME_OF_FILES)


def as_local(place: Any) -> Any:
    """Return a place without the ``file://`` that a path on this machine may have."""
    return place.removeprefix(_SCHEME_OF_FILES) if isinstance(place, str) else place


def scan_remote(
    scan: Callable[..., Corpus],
    root: Path | str,
    *,
    label_place: Path | str | None,
    on_error: ErrorPolicy,
    **options: Any,
) -> Corpus:
    """Find the utterances of a corpus that is, or whose labels are, elsewhere.

    The place is listed; nothing of it is read but files whose contents decide how the tree is read,
    and one file of labels for all. Whoever reads an utterance fetches its files then, and keeps
    none.

    Parameters
    ----------
    scan
        `sfvq_analysis.corpus.scan_corpus`.
    root, label_place, on_error, **options
        As it takes them; `root` or `label_place`, or both, are URLs.

    Raises
    ------
    CorpusError, OptionError
        As it raises them, or if a name can't be a file's.
    StoreError
        If a place can't be reached.
    """
    findings, skeletons = Findings(on_error), list[Skeleton]()
    with new_staging() as folder:
        labels, sibling = _parted(label_place)
        for name, place in (("corpus", root), ("labels", labels)):
            if is_remote(place):
                skeletons.append(_skeleton(folder / name / "tree", str(place), findings))
        here = {one.url: one.tree for one in skeletons}
        corpus = scanned(
            lambda: scan(
                here.get(_url(root), root),
                label_place=here[_url(labels)] / sibling if is_remote(labels) else label_place,
                on_error=on_error,
                **options,
            ),
            skeletons,
        )
    named = corpus.name if corpus.name != "tree" else Path(str(root)).name
    return replace(corpus, name=named, skipped=(*findings.skipped, *corpus.skipped))


def _parted(place: Path | str | None) -> tuple[Path | str | None, str]:
    """Return the URL of a place of labels up to its ``/*/``, if it has one, and what follows."""
    if not is_remote(place) or "/*/" not in str(place):
        return place, ""
    before, _, below = str(place).partition("/*/")
    return before, f"*/{below}"


def _url(place: object) -> str:
    return Store.at(place).where() if is_remote(place) else ""  # type: ignore[arg-type]


def _skeleton(tree: Path, place: str, findings: Findings) -> Skeleton:
    """Return a skeleton of what is at a URL: a folder, or the one file."""
    store = Store.at(place)
    found = Skeleton(tree, Path(place), store.where())
    source = RemoteFolder(store)
    listed = {one.name: RemoteFile(source, *one) for one in store.files()}
    if listed:
        found.grow(listed, findings)
        found.fill_read_on_scanning()
        return found
    above, _, name = store.where().rstrip("/").rpartition("/")
    one = Store.at(above).file(name) if "://" in above else None
    if one is None:
        raise CorpusError("no such folder", where=store.where(), remedy="give the corpus' folder")
    found = replace(found, tree=tree.with_name(f"tree{Path(name).suffix}"))
    found.files[""] = RemoteFile(RemoteFolder(Store.at(above)), *one)
    found.fill("")
    return found

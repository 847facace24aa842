"""Makes the call of a case and holds its answer against what was written down."""

from __future__ import annotations

import faulthandler
import re
import resource
import signal
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from badinputs.case import Case, Codebook, Found, Refusal, Samples

from sfvq_analysis import errors

SECONDS = 30
LONGEST = 400
_ROOM = 4 << 30  # bytes that a case may take


def ask(case: Case, kit: Path):
    """Return what the case's call gives."""
    return _CALLS[case.call](case, kit / case.name)


def check(case: Case, kit: Path) -> None:
    """Assert that a case is answered as written down: in time, in one line, without a trace."""
    folder = kit / case.name
    before = _listing(folder)
    error = got = None
    try:
        with _bounded(), warnings.catch_warnings():
            warnings.simplefilter("ignore" if case.may_warn else "error")
            got = ask(case, kit)
    except errors.SfvqError as refusal:
        error = refusal
    if error is not None:
        assert case.refusal is not None, f"refused: {error}"
        check_refusal(case.refusal, error, kit, LONGEST + len(case.path))
    else:
        assert case.value is not None, f"not refused: {_brief(got)}"
        check_value(case, got)
    left = set(_listing(folder)) - set(before)
    assert not left or case.call == "command", left


def check_refusal(wanted: Refusal, error: errors.SfvqError, kit: Path, longest: int) -> None:
    """Assert that a refusal is one printable line that names kind, cause, place and remedy."""
    line = str(error)
    if isinstance(error, CommandRefusedError):
        return
    assert isinstance(error, getattr(errors, wanted.kind)), f"{type(error).__name__}: {line}"
    check_line(wanted, line, kit, longest)
    assert error.remedy, f"no remedy: {line}"


def check_line(wanted: Refusal, line: str, kit: Path, longest: int = LONGEST) -> None:
    """Assert that a message is one printable line that names cause and place."""
    assert line.isprintable(), ascii(line)
    own = line.replace(str(kit), "")
    assert len(own) <= longest, f"{len(line)} characters: {line[:600]}"
    assert wanted.place in line, f"{wanted.place!r} isn't named: {line}"
    assert re.search(wanted.cause, line, re.IGNORECASE), f"/{wanted.cause}/ isn't named: {line}"


def check_value(case: Case, got) -> None:
    """Assert that a value is the one written down, type and all."""
    match case.value:
        case Samples(audio, rate):
            values, given = got
            assert (type(given), given) == (int, rate)
            _check_array(values, audio, exactly=True)
        case Codebook(corners, kind):
            _check_array(got.corners(), np.asarray(corners, np.float32), exactly=True)
            assert kind in (None, got.kind)
        case Found():
            check_found(case.value, got)
        case np.ndarray():
            _check_array(got, case.value, exactly="compressed" not in case.name)
        case int():
            assert got == case.value
        case _:
            assert tuple(map(tuple, got)) == case.value
            assert isinstance(got, tuple)
            kinds = {tuple(type(part) for part in segment) for segment in got}
            assert kinds == {(int, int, str)}


def check_found(wanted: Found, got: tuple[list[str], int, dict]) -> None:
    """Assert what a scan, or a table, holds."""
    ids, skipped, phones = got
    if wanted.ids is not None:
        assert tuple(sorted(ids)) == tuple(sorted(wanted.ids))
    if wanted.n_utterances is not None:
        assert len(ids) == wanted.n_utterances, ids
    assert wanted.skipped in (None, skipped)
    for utterance, segments in wanted.phones.items():
        assert phones[utterance] == segments


def _check_array(got, wanted, *, exactly) -> None:
    assert isinstance(got, np.ndarray), type(got)
    assert got.dtype == np.float32, got.dtype
    assert got.dtype.isnative
    assert got.shape == np.shape(wanted), got.shape
    if exactly:
        np.testing.assert_array_equal(got, wanted)
    else:
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6)


@contextmanager
def _bounded():
    """Fail what takes too long or too much memory; end the process where even that hangs."""

    def stop(_signal, _frame):
        raise AssertionError(f"no answer within {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_DATA, (used + _ROOM, hard))
    faulthandler.dump_traceback_later(4 * SECONDS, exit=True)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        signal.signal(signal.SIGALRM, before)


def _listing(folder: Path) -> list[str]:
    return sorted(map(str, folder.glob("**/*")))


def _brief(got) -> str:
    text = repr(got)
    return text if len(text) < 300 else f"{text[:300]}…"


def _read_audio(case, folder):
    from sfvq_analysis.audio import read_audio

    path = folder / case.path
    return read_audio(str(path) if "text_path" in case.name else path, **case.options)


def _read_labels(case, folder):
    from sfvq_analysis.labels import read_labels

    return read_labels(folder / case.path, **case.options)


def _load_quantizer(case, folder):
    from sfvq_analysis.quantizers import load_quantizer

    return load_quantizer(folder / case.path)


def _read_latents(case, folder):
    from sfvq_analysis.encoders import read_latents

    return read_latents(folder / case.path, **case.options)


def _scan(case, folder):
    from sfvq_analysis.corpus import scan_corpus

    options = {
        name: folder / value[1:] if str(value).startswith("@") else value
        for name, value in case.options.items()
    }
    return scan_corpus(folder / case.path, **options)


def _scanned(case, folder):
    corpus = _scan(case, folder)
    return [u.id for u in corpus], len(corpus.skipped), {}


def _loaded(case, folder):
    corpus = _scan(case, folder)
    phones = {}
    if case.options.get("labels") != "none":
        for utterance in corpus:
            audio, _, tiers = corpus[utterance.id].load()
            assert len(audio)
            phones[utterance.id] = tuple(map(tuple, tiers["phone"]))
    return [u.id for u in corpus], len(corpus.skipped), phones


def _indexed(case, folder):
    from sfvq_analysis import load_encoder
    from sfvq_analysis.corpus import scan_corpus
    from sfvq_analysis.pipeline import IndexOptions, index_table
    from sfvq_analysis.quantizers import load_quantizer

    on_error = case.options.get("on_error", "raise")
    corpus = scan_corpus(folder / case.path, on_error=on_error)
    quantizer = load_quantizer(folder / case.options["codebook"])
    options = IndexOptions(on_error=on_error)
    table = index_table(corpus, load_encoder("mel"), quantizer, options)
    ids = list(table.utterances["utterance"])
    return ids, _n_skipped(corpus, table), {}


def _n_skipped(corpus, table) -> int:
    """Return how many utterances scan and table left out."""
    return len(table.provenance["skipped"])


def _commanded(case, folder):
    from command_line import sfvq

    out = folder / "out"
    places = {
        "t": folder / "t",
        "c": folder / "c.npy",
        "dir": folder / "dir",
        "full": folder / "full",
    }
    words = [word.format(out=out, **places) for word in case.options["words"].split()]
    cwd = folder.parent.parent / "cwd"
    done = sfvq(*words, cwd=cwd, check=False)
    if done.code == 0:
        return 0
    said = [line for line in done.err.splitlines() if line.startswith("sfvq: ")]
    assert case.refusal is not None, done.err
    assert (done.code, len(said)) == (1, 1), done
    assert "Traceback" not in done.err
    assert not out.exists()
    check_line(case.refusal, said[0], folder.parent)
    raise CommandRefusedError(said[0], remedy="as it says")


class CommandRefusedError(errors.SfvqError):
    """What a command said on standard error, already checked."""


_CALLS = {
    "read_audio": _read_audio,
    "read_labels": _read_labels,
    "load_quantizer": _load_quantizer,
    "read_latents": _read_latents,
    "scan": _scanned,
    "load": _loaded,
    "index": _indexed,
    "command": _commanded,
}

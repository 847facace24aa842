"""Paths that no file can have, given to every function."""

from __future__ import annotations

from badinputs.case import Case, Refusal
from badinputs.checkpoint_cases import CORNERS, npy, ours

FUNCTIONS = {
    "read_audio": (".wav", "CorpusError"),
    "read_labels": (".phn", "CorpusError"),
    "load_quantizer": (".npy", "QuantizerError"),
    "read_latents": (".npy", "EncoderError"),
    "scan": ("", "CorpusError"),
}


def cases():
    """Yield the cases."""
    for call, (suffix, kind) in FUNCTIONS.items():
        for name, path, place in (
            ("nul", f"a\0b{suffix}", f"b{suffix}"),
            ("too_long", f"{'x' * 300}{suffix}", "xxx"),
            ("far_too_deep", "/".join(["x"] * 3000) + f"/a{suffix}", "x/x"),
            ("below_a_file", f"file.txt/a{suffix}", f"a{suffix}"),
            ("slash_after_file", f"file{suffix or '.txt'}/", "file"),
            ("lone_surrogate", f"a\ud800{suffix}", f"{suffix}"),
            ("newline_missing", f"a\nb{suffix}", f"b{suffix}"),
            ("escape_missing", f"\x1b[2Jb{suffix}", f"b{suffix}"),
            ("url", f"http:/127.0.0.1/a{suffix}", f"a{suffix}"),
            ("tilde", f"~/a{suffix}", f"a{suffix}"),
        ):
            files = {"file.txt": "x", **({f"file{suffix}": "x"} if suffix else {})}
            cause = "" if name != "too_long" else "name|long|missing|no such"
            refusal = Refusal(kind, cause, place)
            yield Case(f"path_{call}_{name}", call, path, files, refusal=refusal)
    yield from _prefixes()


def _prefixes():
    """Checkpoints and arrays cut anywhere."""
    from badinputs.checkpoint_cases import published
    from badinputs.latent_cases import FRAMES, WAYS

    wholes = {
        "safetensors": ("load_quantizer", ours(), "QuantizerError"),
        "pt": ("load_quantizer", published(CORNERS), "QuantizerError"),
        "npy": ("load_quantizer", npy(CORNERS), "QuantizerError"),
    }
    for name, way in WAYS.items():
        wholes[f"latents.{name}"] = ("read_latents", way(FRAMES), "EncoderError")
    for name, (call, whole, kind) in wholes.items():
        for part in range(1, 16):
            file = f"q.{name}"
            kept = whole[: len(whole) * part // 16 | 1]
            yield Case(
                f"path_{name}_{part}_sixteenths",
                call,
                file,
                {file: kept},
                refusal=Refusal(kind, "", file),
            )

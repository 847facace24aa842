"""From a folder to an index table, in Python and on the command line."""

from __future__ import annotations

import numpy as np
from badinputs.case import Case, Folder, Found, Refusal
from badinputs.checkpoint_cases import npy
from badinputs.latent_cases import FRAMES
from badinputs.sounds import float_wav, wav, wave_of
from badinputs.tree_cases import PHN, SKIP, WAV, N, pair

CODEBOOK = npy(
    (np.arange(8 * 80).reshape(8, 80) % 13 / 13 + np.arange(8)[:, None]).astype(np.float32)
)
ZERO = wav(np.zeros(N))
SHORT = wav(wave_of(100))


def _case(name, files, value=None, cause=None, place="", call="index", **options):
    inside = {f"t/{file}": content for file, content in files.items()}
    refusal = None if cause is None else Refusal("SfvqError", cause, place)
    given = {"codebook": "c.npy", **options}
    return Case(f"table_{name}", call, "t", {**inside, "c.npy": CODEBOOK}, value, refusal, given)


def _skipping(name, spoilt, skipped=1):
    """Return two cases of a tree with one spoilt utterance: refused, and skipped."""
    files, place, cause = spoilt
    both = pair("s/a") | files
    yield _case(f"{name}_refused", both, None, cause, place)
    yield _case(f"{name}_skipped", both, Found(("s/a",), skipped), **SKIP)


def cases():
    """Yield the cases."""
    yield _case("good", pair("s/a") | pair("s/b"), Found(("s/a", "s/b")))
    beside = {"s/b.phn": PHN}
    spoilt = np.zeros(N)
    spoilt[5] = np.nan
    for name, content, cause in (
        ("audio_cut", WAV[:999], "cut|truncat|states|short"),
        ("audio_text", b"hello", ""),
        ("audio_header_only", WAV[:44], ""),
        ("audio_nan", float_wav(spoilt), "NaN|finite"),
        ("audio_zero", ZERO, "zero"),
        ("audio_stereo", wav(wave_of(2 * N), channels=2), "channel"),
    ):
        yield from _skipping(name, ({"s/b.wav": content, **beside}, "b", cause))
    for name, text in (
        ("labels_overlap", "0 10 sh\n5 20 sh\n"),
        ("labels_empty", ""),
        ("labels_latin1", b"0 10 \xe9\n"),
        ("labels_underscore", "0 1_000 sh\n"),
        ("labels_far_beyond", "0 1600 sh\n160000 170000 sh\n"),
    ):
        yield from _skipping(name, ({"s/b.wav": WAV, "s/b.phn": text}, "b.phn", ""))
    yield from _skipping("labels_missing", ({"s/b.wav": WAV}, "b", ""))
    yield from _skipping("audio_missing", (beside, "b", "audio"))
    yield _case("all_spoilt", {"s/b.wav": b"x", **beside}, None, "", **SKIP)
    yield _case("unknown_phone", pair("s/a", "0 1600 qqq\n"), None, "qqq", "a.phn")
    short = pair("s/a") | {"s/b.wav": SHORT, "s/b.phn": "0 100 sh\n"}
    yield _case("too_short_for_a_frame", short, Found(("s/a", "s/b")), "short|frame")
    for name, stem in {
        "climbs": "s/..b",
        "formula": "=1+1/=cmd|' /C calc'!A0",
        "quotes": '"s"/a"b',
        "newline": "s/a\nb",
        "na": "NA/nan",
        "accents": "é/ʃ",
        "backslashes": "..\\..\\x/a",
        "leading_minus": "-x/-y",
        "only_spaces": " /  ",
    }.items():
        yield _case(f"name_{name}", pair(stem), Found((stem,)), "name|character|line")
    latin = b"s/caf\xe9".decode("utf-8", "surrogateescape")
    yield _case("name_latin1", pair(latin), Found(n_utterances=1), "name|UTF-8|encod|text")
    yield from _commands()


def _commands():
    """Command lines; {t} is the tree, {c} the codebook, {out} a folder that doesn't exist yet."""

    def command(name, words, files=None, cause="", place="", *, fine=False):
        inside = {f"t/{file}": content for file, content in (files or pair("s/a")).items()}
        refusal = None if fine else Refusal("exit 1", cause, place)
        more = {"c.npy": CODEBOOK, "dir": Folder(), "x.txt": "hello\n", "full/x": "kept"}
        return Case(
            f"command_{name}",
            "command",
            "t",
            {**inside, **more},
            value=0 if fine else None,
            refusal=refusal,
            options={"words": words},
        )

    index = "index {t} --encoder mel --quantizer {c} --out {out}"
    yield command("index", index, fine=True)
    yield command("index_csv_textgrids", f"{index} --csv --textgrids", fine=True)
    nasty = pair("=x/=1+1") | pair('q"/a,b') | pair("..s/...a")
    yield command("nasty_names", f"{index} --csv --textgrids", nasty, fine=True)
    yield command("corpus_missing", index.replace("{t}", "{t}/no"), cause="no such", place="no")
    yield command("corpus_is_file", index.replace("{t}", "{c}"), place="c.npy")
    yield command("corpus_empty", index.replace("{t}", "{dir}"), place="dir")
    yield command("quantizer_missing", index.replace("{c}", "{dir}/no.pt"), place="no.pt")
    yield command("quantizer_is_text", index.replace("{c}", "{t}/../x.txt"), place="x.txt")
    yield command("quantizer_is_folder", index.replace("{c}", "{dir}"), place="dir")
    yield command(
        "out_is_full", index.replace("{out}", "{full}"), cause="exist|empty|overwrite", place="full"
    )
    yield command("out_is_file", index.replace("{out}", "{t}/../x.txt"), place="x.txt")
    yield command("out_below_a_file", index.replace("{out}", "{t}/../x.txt/y"), place="x.txt")
    yield command("audio_cut", index, {"s/a.wav": WAV[:999], "s/a.phn": PHN}, place="a.wav")
    yield command("labels_bad", index, pair("s/a", "0 1_0 sh\n"), place="a.phn:1")
    yield command(
        "name_newline_bad_labels", index, {"s/a\nb.wav": WAV, "s/a\nb.phn": "x\n"}, place="b.phn"
    )
    yield command("encoder_unknown", index.replace("mel", "hubert9"), cause="hubert9")
    yield command("latents_folder_missing", index.replace("mel", "latents:{dir}/no"), place="no")
    yield command("latents_grid_missing", index.replace("mel", "latents:{dir}"), place="grid.json")
    yield command("stats_of_no_table", "stats {dir} --out {out}", place="dir")
    yield command("stats_missing", "stats {dir}/no --out {out}", place="no")
    yield command("figures_of_no_table", "figures {t} --out {out}", place="t")
    yield command("figures_of_file", "figures {c} --out {out}", place="c.npy")
    yield command("fit_without_audio", "fit {dir} --out {out}", place="dir")
    yield command("hold_out_wrong", f"{index} --hold-out 1_0/3", cause="1_0/3")
    latents = {
        **pair("s/a"),
        "grid.json": '{"name": "x", "sample_rate": 16000, "hop": 320, "offset": 9, "window": 400}',
        "s/a.npy": npy(FRAMES),
        "codebook_1bit.npy": npy(FRAMES[:2]),
    }
    words = index.replace("mel", "latents:{t}").replace("{c}", "{t}/codebook_1bit.npy")
    yield command("latents_frame_count", words, latents, "6|49|frames", "a.npy")

"""Trees, a second round: labels elsewhere, one file for all, and tables of strange speech."""

from __future__ import annotations

from badinputs.case import Case, Found, Refusal
from badinputs.csv_cases import HEAD
from badinputs.htk_cases import ROWS as LAB
from badinputs.sounds import wav, wave_of
from badinputs.table_cases import _case as _table
from badinputs.textgrid_cases import ONE, TWO
from badinputs.tree_cases import GRID, PHN, SIL, WAV, N, pair

SPEECH = {"wav/s/a.wav": WAV, "wav/s/b.wav": WAV}
CSV = HEAD + "".join(f"{u},0.0,0.1,sil\n{u},0.1,0.25,sh\n" for u in ("s/a", "s/b"))


def _case(name, files, value=None, cause=None, place="", call="load", **options):
    refusal = None if cause is None else Refusal("SfvqError", cause, place)
    return Case(f"tree_{name}", call, "wav", files, value, refusal, options)


def cases():
    """Yield the cases; an option that begins with @ is a path below the case's folder."""
    yield from _elsewhere()
    yield from _one_for_all()
    yield from _tables()


def _both(phones):
    return Found(("s/a", "s/b"), 0, {"s/a": phones, "s/b": phones})


def _elsewhere():
    grids = SPEECH | {"mfa/s/a.TextGrid": TWO, "mfa/s/b.TextGrid": TWO}
    yield _case(
        "mfa_elsewhere_kept",
        grids,
        _both(GRID),
        labels="textgrid",
        tier="phones",
        label_place="@mfa",
    )
    yield _case(
        "mfa_elsewhere_words",
        grids,
        _both(((0, 4000, "she"), (4000, N, ""))),
        labels="textgrid",
        tier="words",
        label_place="@mfa",
    )
    yield _case(
        "mfa_elsewhere_no_such_tier",
        grids,
        None,
        "words.*phones",
        "a.TextGrid",
        labels="textgrid",
        tier="x",
        label_place="@mfa",
    )
    one = SPEECH | {"mfa/s/a.TextGrid": TWO}
    yield _case(
        "mfa_elsewhere_one_missing",
        one,
        None,
        "label|TextGrid|lacks",
        "b",
        labels="mfa",
        label_place="@mfa",
    )
    yield _case(
        "mfa_elsewhere_one_skipped",
        one,
        Found(("s/a",), 1),
        labels="mfa",
        label_place="@mfa",
        on_error="skip",
    )
    more = grids | {"mfa/s/c.TextGrid": TWO}
    yield _case(
        "mfa_elsewhere_one_too_many",
        more,
        Found(("s/a", "s/b")),
        "audio|c",
        "",
        labels="mfa",
        label_place="@mfa",
    )
    yield _case(
        "label_place_missing",
        SPEECH,
        None,
        "",
        "nowhere",
        labels="textgrid",
        label_place="@nowhere",
    )
    yield _case(
        "label_place_empty",
        SPEECH | {"no/x.txt": "x"},
        None,
        "",
        "",
        labels="textgrid",
        label_place="@no",
    )


def _one_for_all():
    for name, file, text, phones in (
        ("csv", "all.csv", CSV, SIL),
        (
            "ctm",
            "all.ctm",
            "".join(f"{u} 1 0.0 0.1 sil\n{u} 1 0.1 0.15 sh\n" for u in ("s/a", "s/b")),
            SIL,
        ),
        ("mlf", "all.mlf", "#!MLF!#\n" + "".join(f'"*/s/{u}.lab"\n{LAB}.\n' for u in "ab"), SIL),
    ):
        files = SPEECH | {file: text}
        place = {"labels": name, "label_place": f"@{file}"}
        yield _case(f"{name}_for_all", files, _both(phones), **place)
        half = text.replace("s/b", "s/zz")
        yield _case(f"{name}_lacks_one", SPEECH | {file: half}, None, "b", "", **place)
        yield _case(
            f"{name}_lacks_one_skipped",
            SPEECH | {file: half},
            Found(("s/a",), None),
            **place,
            on_error="skip",
        )
        short = text.replace("s/a", "a").replace("s/b", "b")
        yield _case(f"{name}_by_stem", SPEECH | {file: short}, _both(phones), **place)
        other = text.replace("s/a", "t/a")  # of another speaker
        yield _case(f"{name}_of_other_speaker", SPEECH | {file: other}, None, "a", "", **place)
        above = text.replace("s/a", "x/s/a").replace("s/b", "x/s/b")
        yield _case(
            f"{name}_names_begin_higher", SPEECH | {file: above}, _both(phones), "", "", **place
        )
        twins = SPEECH | {"wav/r/a.wav": WAV, file: short}
        yield _case(f"{name}_stem_of_two", twins, None, "", "", **place)
        yield _case(f"{name}_file_missing", SPEECH, None, "", file, **place)
        yield _case(f"{name}_file_broken", SPEECH | {file: "garbage\n"}, None, "", file, **place)
        yield _case(f"{name}_file_is_folder", SPEECH | {f"{file}/x": "x"}, None, "", "a", **place)


def _tables():
    fast, slow = wav(wave_of(N), rate=2**31 - 1), wav(wave_of(N), rate=1)
    yield _table(
        "audio_rate_1", pair("s/a") | {"s/b.wav": slow, "s/b.phn": PHN}, None, "rate|Hz", "b"
    )
    yield _table(
        "audio_rate_2_31",
        pair("s/a") | {"s/b.wav": fast, "s/b.phn": PHN},
        Found(("s/a", "s/b")),
        "rate|Hz|short",
    )
    many = "".join(f"{10 * i} {10 * i + 10} q{i}\n" for i in range(1600))
    yield _table(
        "many_unknown_phones", pair("s/a", many), None, "q3", "a.phn"
    )  # q0 to q2 are q with a stress
    vast = "0 1600 " + "x" * 100_000 + "\n"
    yield _table("huge_unknown_phone", pair("s/a", vast), None, "xxx", "a.phn")
    red = "0 1600 \x1b[31m\n"
    yield _table("escape_unknown_phone", pair("s/a", red), None, "x1b", "a.phn")
    for name, label in {
        "na": "NA",
        "nan": "nan",
        "formula": "=1+1",
        "empty_quotes": '""',
        "null": "null",
    }.items():
        yield _table(
            f"unknown_phone_{name}", pair("s/a", f"0 1600 {label}\n"), None, label[:2], "a.phn"
        )
    yield _table("empty_interval", {"s/a.wav": WAV, "s/a.TextGrid": ONE}, Found(("s/a",)), "")
    yield _table("case_twins", pair("s/a") | pair("s/A"), Found(("s/A", "s/a")), "case|twice")
    broken = {f"s/u{i}.wav": b"x" for i in range(300)} | {f"s/u{i}.phn": PHN for i in range(300)}
    yield _table("300_of_301_spoilt", broken | pair("s/a"), Found(("s/a",), 300), on_error="skip")
    yield _table("300_spoilt", broken, None, "300|no utterance", "", on_error="skip")

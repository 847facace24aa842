"""Folders of speech: what a scan finds in them, and what it refuses."""

from __future__ import annotations

import unicodedata

from badinputs.case import Case, Fifo, Folder, Found, Link, Refusal
from badinputs.csv_cases import HEAD
from badinputs.ctm_cases import ROWS as CTM
from badinputs.eaf_cases import eaf, tier
from badinputs.htk_cases import ROWS as LAB
from badinputs.sounds import packed, sphere, wav, wave_of
from badinputs.textgrid_cases import ONE, PHONES, TWO, interval_tier, long

N = 16_000
WAV = wav(wave_of(N))
SPHERE = sphere(packed(wave_of(N)))
PHN = "0 1600 h#\n1600 4000 sh\n"
SEGMENTS = ((0, 1600, "h#"), (1600, 4000, "sh"))
SIL = ((0, 1600, "sil"), (1600, 4000, "sh"))
GRID = (*SIL, (4000, 16_000, ""))
SKIP = {"on_error": "skip"}


def pair(stem, labels=PHN, suffix=".phn"):
    """Return an audio file and the label file beside it."""
    return {f"{stem}.wav": WAV, f"{stem}{suffix}": labels}


def timit(*stems, sound=SPHERE, labels=PHN):
    """Return sentences of a TIMIT tree."""
    return {
        f"{stem}{suffix}": content
        for stem in stems
        for suffix, content in ((".WAV", sound), (".PHN", labels))
    }


def _case(name, files, value=None, cause=None, call="load", path="t", place="", **options):
    inside = {f"t/{file}": content for file, content in files.items()}
    refusal = None if cause is None else Refusal("SfvqError", cause, place)
    return Case(f"tree_{name}", call, path, inside, value, refusal, options)


def _good(name, files, *ids, phones=SEGMENTS, call="load", skipped=0, **options):
    known = dict.fromkeys(ids, phones) if call == "load" else {}
    return _case(name, files, Found(tuple(sorted(ids)), skipped, known), call=call, **options)


def _bad(name, files, cause="", place="", **more):
    return _case(name, files, cause=cause, place=place, **more)


def cases():
    """Yield the cases."""
    yield from _formats()
    yield from _timit()
    yield from _names()
    yield from _partners()
    yield from _odd_entries()
    yield from _no_tree()
    yield from _contents()


def _formats():
    yield _good("phn", pair("s1/a") | pair("s1/b") | pair("s2/a"), "s1/a", "s1/b", "s2/a")
    for name, suffix, text, phones in (
        ("textgrid", ".TextGrid", ONE, GRID),
        ("htk", ".lab", LAB, SIL),
        ("ctm", ".ctm", CTM.replace("u1", "a"), SIL),
        ("csv", ".csv", HEAD + "a,0.0,0.1,sil\na,0.1,0.25,sh\n", SIL),
        ("eaf", ".eaf", eaf(tier()), SIL),
    ):
        files = pair("s1/a", text, suffix)
        yield _good(name, files, "s1/a", phones=phones)
        yield _good(f"{name}_named", files, "s1/a", phones=phones, labels=name)
    mfa = pair("spk/a", TWO, ".TextGrid") | pair("spk/b", TWO, ".TextGrid")
    yield _good("mfa_two_tiers", mfa, "spk/a", "spk/b", phones=GRID)
    yield _bad("mfa_without_audio", {"spk/a.TextGrid": TWO}, "audio", "a")
    odd = long(interval_tier(PHONES, "segments"), interval_tier(PHONES, "other"))
    yield _bad("tiers_of_other_names", pair("s1/a", odd, ".TextGrid"), "segments.*other")
    upper = {"S1/A.WAV": WAV, "S1/A.PHN": PHN}
    yield _good("suffixes_upper", upper, "S1/A")
    mixed = {"s1/a.Wav": WAV, "s1/a.textgrid": ONE}
    yield _good("suffixes_mixed", mixed, "s1/a", phones=GRID)
    yield _good("in_one_folder", pair("a") | pair("b"), "a", "b")
    yield _good("deep", pair("/".join("abcdefghijklmnop")), "/".join("abcdefghijklmnop"))
    yield _good("without_labels", {"s1/a.wav": WAV}, "s1/a", labels="none", call="scan")
    yield _bad("labels_unknown", pair("s1/a"), "labels", labels="praat")
    yield _bad("on_error_unknown", pair("s1/a"), "on_error", on_error="ignore")
    yield _bad("other_format_wanted", pair("s1/a"), "textgrid|label", labels="textgrid")


def _timit():
    one = "TRAIN/DR1/FCJF0/SA1"
    yield _good("timit", timit(one), "fcjf0_sa1")
    lower = {key.lower(): value for key, value in timit(one).items()}
    yield _good("timit_lower", lower, "fcjf0_sa1")
    yield _good("timit_deeper", {f"TIMIT/TIMIT/{k}": v for k, v in timit(one).items()}, "fcjf0_sa1")
    mixed = timit(one) | {"test/dr2/mabc0/sx3.wav": SPHERE, "test/dr2/mabc0/sx3.phn": PHN}
    yield _good("timit_mixed_case", mixed, "fcjf0_sa1", "mabc0_sx3")
    yield _good("timit_riff_beside", timit(one) | {f"{one}.WAV.wav": WAV}, "fcjf0_sa1")
    yield _good("timit_riff_only", {f"{one}.WAV.wav": WAV, f"{one}.PHN": PHN}, "fcjf0_sa1")
    twins = timit(one) | {"TRAIN/DR1/FCJF0/sa1.wav": SPHERE}
    yield _bad("timit_case_twins", twins, "case", "sa1.wav")
    folders = timit(one) | timit("TRAIN/DR1/fcjf0/SX37")
    yield _case("timit_folder_twins", folders, Found(("fcjf0_sa1", "fcjf0_sx37")), "case|twice")
    same = timit(one) | timit("TRAIN/DR1/fcjf0/SA1")
    yield _bad("timit_folder_twins_collide", same, "case|twice")
    both = timit(one, "TEST/DR1/FCJF0/SA1")
    yield _bad("timit_speaker_in_both_splits", both, "twice|both|fcjf0")
    yield _bad("timit_no_labels", {f"{one}.WAV": SPHERE}, "phn|label", "SA1")
    yield _bad("timit_no_audio", {f"{one}.PHN": PHN}, "audio", "SA1")
    whole = timit(one) | {"TRAIN/DR1/FCJF0/SX37.WAV": SPHERE}
    yield _good("timit_no_labels_skipped", whole, "fcjf0_sa1", skipped=1, **SKIP)
    yield _bad("timit_no_labels_of_one", whole, "phn|label", "SX37")
    yield _bad("timit_strange_speaker", timit("TRAIN/DR1/SPEAKER/SA1"), "speaker", "SPEAKER")
    yield _case(
        "timit_junk_beside",
        timit(one)
        | {
            "TRAIN/DR1/.DS_Store": b"x",
            "TRAIN/DR1/FCJF0/Thumbs.db": b"x",
            "TRAIN/DR1/FCJF0/._SA1.WAV": b"x",
            "README.DOC": b"x",
        },
        Found(("fcjf0_sa1",), 0, {"fcjf0_sa1": SEGMENTS}),
    )
    info = "CJF0   M  1  TRN  01/01/86  01/01/60  5'4\"  WHT  BS\n"
    yield _bad(
        "timit_other_sex", timit(one) | {"DOC/SPKRINFO.TXT": info}, "CJF0|cjf0", "SPKRINFO.TXT"
    )
    yield _bad(
        "timit_speaker_table_broken",
        timit(one) | {"DOC/SPKRINFO.TXT": "CJF0\n"},
        "",
        "SPKRINFO.TXT:1",
    )
    yield _bad(
        "timit_inside_a_split", timit(one), "above|not a TIMIT|tree", path="t/TRAIN", labels="timit"
    )
    yield _bad("timit_wanted_of_other", pair("s1/a"), "TIMIT", labels="timit")


def _names():
    composed, split = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    for name, stem in {
        "spaces": "my speaker/take 1",
        "accents": f"{composed}/{composed}",
        "chinese": "说话人/句子",
        "right_to_left": "שלום/أ",
        "quotes": 'o\'neil/"a"',
        "comma": "s,1/a,b",
        "percent": "s%20/a%s",
        "braces": "s{0}/a{x}",
        "brackets": "s[1]/a[2]",
        "star": "s*/a?",
        "dollar": "$HOME/$(id)",
        "leading_minus": "-s/--help",
        "equals": "=s/=cmd()",
        "backslash": "s\\1/a\\b",
        "dots": "s.1/a.b.c",
        "suffix_in_name": "s.wav/a.phn.b",
        "long": f"{'s' * 200}/{'a' * 200}",
        "windows_device": "con/nul",
        "trailing_space": "s /a ",
    }.items():
        yield _good(f"name_{name}", pair(stem), stem)
    twins = pair(f"s/{composed}") | pair(f"s/{split}")
    found = Found(tuple(sorted((f"s/{composed}", f"s/{split}"))))
    yield _case("name_nfc_nfd_twins", twins, found, "NF|same|Unicode|alike|twice")
    crossed = {f"s/{composed}.wav": WAV, f"s/{split}.phn": PHN}
    yield _case("name_nfc_audio_nfd_labels", crossed, Found(n_utterances=1), "")
    bad = b"s/caf\xe9".decode("utf-8", "surrogateescape")
    yield _case("name_latin1", pair(bad), Found(n_utterances=1), "name|UTF-8|encod|text")
    yield _case("name_newline", pair("s/a\nb"), Found(("s/a\nb",)), "name|line|control|character")
    yield _case("name_escape", pair("s/\x1b[31ma"), Found(n_utterances=1), "name|control|character")
    case = pair("s/a") | pair("s/A")
    yield _case("name_case_twins", case, Found(("s/A", "s/a")), "case|twice")


def _partners():
    lone = pair("s/a") | {"s/b.wav": WAV}
    yield _bad("audio_without_labels", lone, "label|phn|lacks", "b")
    yield _good("audio_without_labels_skipped", lone, "s/a", skipped=1, **SKIP)
    lost = pair("s/a") | {"s/b.phn": PHN}
    yield _bad("labels_without_audio", lost, "audio", "b")
    yield _good("labels_without_audio_skipped", lost, "s/a", skipped=1, **SKIP)
    nothing = {"s/b.wav": WAV, "s/c.phn": PHN}
    yield _bad("nothing_left_after_skipping", nothing, "", **SKIP)
    twins = pair("s/a") | {"s/a.flac": b"fLaC"}
    yield _bad("wav_and_flac", twins, "a.flac|twice|two|both|several", "a")
    yield _good("wav_and_flac_skipped", twins | pair("s/b"), "s/b", skipped=1, **SKIP)
    doubled = pair("s/a") | {"s/a.wav.wav": WAV}
    yield _bad("wav_and_wav_wav", doubled, "", "a.wav")
    upper = pair("s/a") | {"s/a.WAV": WAV}
    yield _bad("wav_and_upper_wav", upper, "case|twice|two|both|several", "a")
    case = pair("s/a") | {"s/a.PHN": PHN}
    yield _bad("phn_and_upper_phn", case, "case|twice|two|both|several", "a")
    crossed = {"s/a.wav": WAV, "s/A.phn": PHN}
    yield _case("stems_differ_in_case", crossed, Found(n_utterances=1), "label|phn|lacks")
    kinds = pair("s/a") | {"s/a.TextGrid": ONE}
    yield _case("two_label_formats", kinds, Found(n_utterances=1), "TextGrid|format|both|several")
    yield _good("two_label_formats_named", kinds, "s/a", phones=GRID, labels="textgrid")
    uneven = pair("s/a") | pair("s/b", ONE, ".TextGrid")
    yield _case("formats_mixed", uneven, Found(("s/a", "s/b")), "label|format|lacks|phn|TextGrid")
    apart = {"wav/a.wav": WAV, "labels/a.phn": PHN}
    yield _bad("labels_in_another_folder", apart, "")
    double = {"s/a.wav": WAV, "s/a.wav.phn": PHN}
    yield _case("labels_named_after_file", double, Found(n_utterances=1), "")


def _odd_entries():
    good = pair("s/a")
    yield _good(
        "hidden_files", good | {"s/.b.wav": b"x", ".c.phn": b"x", ".git/x.wav": b"x"}, "s/a"
    )
    yield _good(
        "mac_files",
        good
        | {
            "s/._a.wav": b"\0\x05\x16\x07",
            "s/._a.phn": b"\0\x05\x16\x07",
            "s/.DS_Store": b"x",
            "__MACOSX/s/._a.wav": b"x",
        },
        "s/a",
    )
    yield _good("other_files", good | {"README.md": "x", "s/a.bak": "x", "s/a.json": "{}"}, "s/a")
    yield _good("empty_folders", good | {"empty": Folder(), "s/empty": Folder()}, "s/a")
    yield _case("folder_called_wav", good | {"s/b.wav": Folder()}, Found(("s/a",)), "folder|b.wav")
    yield _case(
        "folder_called_wav_holds_speech",
        good | pair("b.wav/c"),
        Found(("b.wav/c", "s/a"), 0, {"b.wav/c": SEGMENTS}),
    )
    yield _case(
        "link_loop", good | {"s/again": Link(".")}, Found(n_utterances=1), "loop|link|twice"
    )
    yield _case(
        "link_to_above", good | {"s/up": Link("../..")}, Found(n_utterances=1), "loop|link|twice"
    )
    two = good | {"x/y": Link("../z"), "z/w": Link("../x"), "z/.keep": b""}
    yield _case("links_in_a_ring", two, Found(n_utterances=1), "loop|link|twice")
    itself = good | {"s/b.wav": Link("b.wav")}
    yield _case("link_to_itself", itself, Found(("s/a",)), "link|b")
    yield _case(
        "broken_link",
        good | {"s/b.wav": Link("gone.wav"), "s/b.phn": PHN},
        None,
        "link|missing|audio|lacks",
        place="b",
    )
    linked = good | {"r/b.wav": Link("../s/a.wav"), "r/b.phn": Link("../s/a.phn")}
    yield _case("links_to_files", linked, Found(("r/b", "s/a"), 0, {"r/b": SEGMENTS}), "link")
    yield _case(
        "pipe",
        good | {"s/b.wav": Fifo(), "s/b.phn": PHN},
        None,
        "pipe|audio|regular|missing|lacks|not a file",
        place="b",
    )
    yield _case(
        "labels_are_a_pipe",
        {"s/a.wav": WAV, "s/a.phn": Fifo()},
        None,
        "pipe|label|regular|missing|lacks|not a file",
        place="a",
    )
    yield _case(
        "unreadable_folder",
        good | {"locked": Folder(readable=False)},
        None,
        "permission|read",
        place="locked",
    )


def _no_tree():
    missing = Refusal("CorpusError", "no such|missing", "nowhere")
    yield Case("tree_missing", "scan", "nowhere", {}, refusal=missing)
    yield Case(
        "tree_is_file",
        "scan",
        "t.wav",
        {"t.wav": WAV},
        refusal=Refusal("CorpusError", "file", "t.wav"),
    )
    yield Case(
        "tree_is_device",
        "scan",
        "t",
        {"t": Link("/dev/zero")},
        refusal=Refusal("CorpusError", "", "t"),
    )
    yield Case(
        "tree_is_loop", "scan", "t", {"t": Link("t")}, refusal=Refusal("CorpusError", "", "t")
    )
    yield Case(
        "tree_empty", "scan", "t", {"t": Folder()}, refusal=Refusal("CorpusError", "no |empty", "t")
    )
    yield _bad("no_audio", {"README.md": "x"}, "no |audio")
    yield _bad("hidden_only", {".a.wav": WAV, ".a.phn": PHN}, "no |audio")


def _contents():
    """Trees that scan, and hold a file that doesn't read."""
    cut = pair("s/a") | {"s/b.wav": WAV[:999], "s/b.phn": PHN}
    yield _bad("audio_cut", cut, "cut|truncat|states|short", "b.wav")
    yield _bad("labels_bad", pair("s/a", "0 10 a\n5 20 b\n"), "", "a.phn:2")
    yield _bad("labels_empty", pair("s/a", ""), "", "a.phn")
    yield _bad(
        "labels_far_beyond_the_audio",
        pair("s/a", "0 1600 a\n160000 170000 b\n"),
        "beyond|audio|16000",
        "a.phn",
    )
    slightly = "0 1600 h#\n1600 16200 sh\n"
    yield _case("labels_a_little_beyond", pair("s/a", slightly), Found(("s/a",)), "beyond|audio")
    late = pair(
        "s/a",
        ONE.replace("0.25 \n            xmax = 1 ", "0.25 \n            xmax = 60 ").replace(
            "xmax = 1 ", "xmax = 60 "
        ),
        ".TextGrid",
    )
    yield _bad("textgrid_far_beyond_the_audio", late, "beyond|audio|16000", "a.TextGrid")
    yield _bad("ctm_of_other_utterance", pair("s/a", CTM, ".ctm"), "a|utterance", "a.ctm")
    yield _bad(
        "csv_of_other_utterance", pair("s/a", HEAD + "u1,0,0.1,a\n", ".csv"), "a|utterance", "a.csv"
    )
    other = wav(wave_of(8000), rate=8000)
    rated = {"s/a.wav": other, "s/a.TextGrid": ONE}
    yield _good(
        "textgrid_at_8000",
        rated,
        "s/a",
        phones=((0, 800, "sil"), (800, 2000, "sh"), (2000, 8000, "")),
    )
    stereo = {"s/a.wav": wav(wave_of(2 * N), channels=2), "s/a.phn": PHN}
    yield _bad("stereo", stereo, "channel", "a.wav")

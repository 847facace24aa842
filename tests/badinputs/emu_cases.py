"""Annotations of EMU: JSON of levels, whose segments count samples, the last one within."""

from __future__ import annotations

import json

from badinputs.case import Case, Refusal

WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"))


def segment(number, start, duration, text, name="phones"):
    """Return an item of a level of segments."""
    labels = [{"name": name, "value": text}]
    return {"id": number, "sampleStart": start, "sampleDur": duration, "labels": labels}


ITEMS = [segment(1, 0, 1599, "sil"), segment(2, 1600, 2399, "sh")]


def level(items, name="phones", kind="SEGMENT"):
    """Return a level."""
    return {"name": name, "type": kind, "items": items}


def emu(*levels, rate=16_000, **more):
    """Return a document."""
    whole = {"name": "a", "annotates": "a.wav", "sampleRate": rate, "levels": levels, "links": []}
    return json.dumps(whole | more)


def _case(name, content, value=None, cause=None, **options):
    file = "a_annot.json"
    refusal = None if cause is None else Refusal("CorpusError", cause, file)
    return Case(f"emu_{name}", "read_labels", file, {file: content}, value, refusal, options)


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _refused()


def _read():
    plain = emu(level(ITEMS))
    yield _case("plain", plain, WANTED)
    yield _case("bom", "\ufeff" + plain, WANTED)
    yield _case("utf16", plain.encode("utf-16"), WANTED)
    yield _case("named", plain, WANTED, format="emu", tier="phones")
    yield _case("rate_of_a_fraction", emu(level(ITEMS), rate=16_000.0), WANTED)
    yield _case("any_order", emu(level(ITEMS[::-1])), WANTED)
    halved = [segment(1, 0, 799, "sil"), segment(2, 800, 1199, "sh")]
    yield _case("other_rate", emu(level(halved), rate=8000), WANTED)
    # 11025 Hz: sample 441 begins at .04 s, which is sample 640
    yield _case("odd_rate", emu(level([segment(1, 0, 440, "a")]), rate=11_025), ((0, 640, "a"),))
    words = [segment(3, 0, 3999, "she", "Word")]
    both = emu(level(ITEMS), level(words, "Word"), level([], "Text", "ITEM"))
    yield _case("a_level_of_two", both, ((0, 4000, "she"),), tier="Word")
    points = level([{"id": 9, "samplePoint": 5, "labels": []}], "Tone", "EVENT")
    yield _case("events_beside", emu(points, level(ITEMS)), WANTED)
    two = [{"name": "duration", "value": "x"}, {"name": "phones", "value": "sil"}]
    yield _case("two_labels", emu(level([ITEMS[0] | {"labels": two}])), (WANTED[0],))
    lines = [{"name": "phones", "value": "a\nb"}]
    yield _case(
        "label_of_two_lines", emu(level([ITEMS[0] | {"labels": lines}])), ((0, 1600, "a\nb"),)
    )
    wrong = level([segment(3, 0.5, 3999, "she", "Word")], "Word")
    yield _case("a_level_beside_a_wrong_one", emu(wrong, level(ITEMS)), WANTED, tier="phones")
    yield _case("of_other_type_beside", emu(level([], "Web", "SPAN"), level(ITEMS)), WANTED,
                tier="phones")  # fmt: skip
    pointed = plain.replace(" 1599,", " 1599.0,").replace(" 1600,", " 1.6e3,")
    yield _case("whole_numbers_with_a_point", pointed, WANTED)
    broken = level([{"id": 1, "labels": {}}], "Word", "ITEM") | {"items": {}}
    yield _case("the_only_one_with_times", emu(broken, level(ITEMS)), WANTED)
    pair = plain.replace('"sh"', '"\\ud83d\\ude00"')
    yield _case("a_pair_of_surrogates", pair, (WANTED[0], (1600, 4000, "\U0001f600")))
    bare = ITEMS[0] | {"labels": []}
    yield _case("no_label", emu(level([bare])), ((0, 1600, ""),))
    yield _case("gap", emu(level([ITEMS[0], segment(2, 3200, 0, "x")])),
                (WANTED[0], (3200, 3201, "x")))  # fmt: skip


def _refused():
    yield _case("empty", "", cause="")
    yield _case("an_array", "[]", cause="object")
    yield _case("no_levels", emu(), cause="level")
    yield _case("levels_no_list", emu(levels={}), cause="levels")
    yield _case("a_level_no_object", emu("phones"), cause="levels")
    yield _case("cut_off", emu(level(ITEMS))[:-9], cause="JSON")
    yield _case("level_twice", emu(level(ITEMS), level([])), cause="phones.*twice")
    yield _case("name_twice", emu(level(ITEMS)).replace('"links"', '"name"'), cause="name.*twice")
    yield _case("other_type", emu(level(ITEMS, kind="SPAN")), cause="SPAN")
    for name, rate in {
        "none": None,
        "zero": 0,
        "less": -8000,
        "text": "16000",
        "true": True,
    }.items():
        yield _case(f"rate_{name}", emu(level(ITEMS), rate=rate), cause="sampleRate")
    for kind, start in {
        "fraction": 1.5,
        "less": -1,
        "text": "0",
        "true": True,
        "none": None,
    }.items():
        wrong = ITEMS[0] | {"sampleStart": start}
        yield _case(f"start_{kind}", emu(level([wrong])), cause="sampleStart")
        wrong = ITEMS[0] | {"sampleDur": start}
        yield _case(f"duration_{kind}", emu(level([wrong])), cause="sampleDur")
    yield _case("nan", emu(level([ITEMS[0] | {"sampleStart": float("nan")}])), cause="NaN")
    yield _case("infinity", emu(level(ITEMS), rate=float("inf")), cause="Infinity")
    huge = emu(level(ITEMS)).replace("1599", "9" * 6000)
    yield _case("huge_number", huge, cause="")
    yield _case("late", emu(level([segment(1, 10**17, 5, "a")])), cause="")
    yield _case("huge_exponent", emu(level(ITEMS)).replace("16000", "1e999999999"), cause="1e9")
    yield _case("deep", "[" * 100_000, cause="")
    yield _case("overlap", emu(level([ITEMS[0], segment(2, 1500, 99, "x")])), cause="1500|before")
    unnamed = [{"name": "x", "value": "a"}, {"name": "y", "value": "b"}]
    yield _case("none_named_as_level", emu(level([ITEMS[0] | {"labels": unnamed}])), cause="phones")
    twice = [{"name": "phones", "value": "a"}, {"name": "phones", "value": "b"}]
    cause = "item '1'.*two labels 'phones'"
    yield _case("label_twice", emu(level([ITEMS[0] | {"labels": twice}])), cause=cause)
    older = [segment(1, 0, 1600, "sil"), segment(2, 1600, 2400, "sh"), segment(3, 4000, 80, "iy")]
    yield _case("of_an_old_version", emu(level(older)), cause="phones.*old versions.*subtract 1")
    for kind, text in {"half_a_pair": "\\ud800", "nul": "\\u0000"}.items():
        wrong = emu(level(ITEMS)).replace('"sh"', f'"{text}"')
        yield _case(kind, wrong, cause="item '2'.*no text")
    lacking = {key: value for key, value in ITEMS[0].items() if key != "sampleDur"}
    yield _case("no_duration", emu(level([lacking])), cause="item '1'.*no sampleDur")
    null = [{"name": "phones", "value": None}]
    yield _case("label_null", emu(level([ITEMS[0] | {"labels": null}])), cause="item '1'.*value")
    number = [{"name": "phones", "value": 3}]
    yield _case("label_a_number", emu(level([ITEMS[0] | {"labels": number}])), cause="value")
    yield _case("events_asked_for", emu(level([], "Tone", "EVENT")), cause="Tone", tier="Tone")
    yield _case("items_asked_for", emu(level([], "Text", "ITEM")), cause="Text", tier="Text")
    yield _case("two_to_choose", emu(level(ITEMS), level([], "Word")), cause="phones.*Word")
    yield _case("no_such_level", emu(level(ITEMS)), cause="Phones", tier="Phones")
    yield _case("other_json", '{"name": "my model", "hop": 320}', cause="")

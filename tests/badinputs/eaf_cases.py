"""ELAN: XML with times in milliseconds."""

from __future__ import annotations

import itertools

from badinputs.case import Case, Refusal

SLOTS = {"ts1": "0", "ts2": "100", "ts3": "100", "ts4": "250"}
WANTED = ((0, 1600, "sil"), (1600, 4000, "sh"))
ROWS = (("ts1", "ts2", "sil"), ("ts3", "ts4", "sh"))
FILE = "a.eaf"


def order(slots):
    """Return the time slots; None is a slot without time."""
    lines = (
        f'<TIME_SLOT TIME_SLOT_ID="{name}"' + ("/>" if time is None else f' TIME_VALUE="{time}"/>')
        for name, time in slots.items()
    )
    return f"<TIME_ORDER>{''.join(lines)}</TIME_ORDER>\n"


def tier(rows=ROWS, name="phones", first=1, more=""):
    """Return a tier of annotations with times of their own."""
    body = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{i}" TIME_SLOT_REF1="{a}" '
        f'TIME_SLOT_REF2="{b}"><ANNOTATION_VALUE>{text}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>\n"
        for i, (a, b, text) in enumerate(rows, start=first)
    )
    return f'<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="{name}"{more}>\n{body}</TIER>\n'


def eaf(*tiers, slots=SLOTS, head="", units="milliseconds", encoding="UTF-8"):
    """Return an ELAN file."""
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>\n{head}'
        '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" '
        'VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="{units}"/>\n{order(slots)}{"".join(tiers)}'
        '<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def _case(name, content, value=None, cause=None, **options):
    refusal = None if cause is None else Refusal("CorpusError", cause, FILE)
    return Case(f"eaf_{name}", "read_labels", FILE, {FILE: content}, value, refusal, options)


def _good(name, content, value=WANTED, **options):
    return _case(name, content, value, **options)


def _bad(name, content, cause="", **options):
    return _case(name, content, cause=cause, **options)


def _either(name, content, value=WANTED, **options):
    return _case(name, content, value, "", **options)


def cases():
    """Yield the cases."""
    yield from _read()
    yield from _times()
    yield from _shapes()
    yield from _attacks()


def _read():
    words = (("ts1", "ts4", "she"),)
    yield _good("plain", eaf(tier()))
    yield _good("tier_named", eaf(tier()), tier="phones")
    both = eaf(tier(words, "words", first=9), tier())
    yield _good("two_tiers", both, tier="phones")
    yield _good("two_tiers_words", both, ((0, 4000, "she"),), tier="words")
    yield _good("empty_label", eaf(tier((("ts1", "ts2", ""), ROWS[1]))), ((0, 1600, ""), WANTED[1]))
    escaped = tier((("ts1", "ts2", "&lt;a &amp; b&gt;"), ROWS[1]))
    yield _good("entities", eaf(escaped), ((0, 1600, "<a & b>"), WANTED[1]))
    numeric = tier((("ts1", "ts2", "&#643;"), ROWS[1]))
    yield _good("character_reference", eaf(numeric), ((0, 1600, "ʃ"), WANTED[1]))
    cdata = tier((("ts1", "ts2", "<![CDATA[<a>]]>"), ROWS[1]))
    yield _good("cdata", eaf(cdata), ((0, 1600, "<a>"), WANTED[1]))
    latin = eaf(tier((("ts1", "ts2", "é"), ROWS[1])), encoding="ISO-8859-1").encode("latin-1")
    yield _either("declared_latin1", latin, ((0, 1600, "é"), WANTED[1]))
    shared = {"ts1": "0", "ts2": "100", "ts4": "250"}
    chain = tier((("ts1", "ts2", "sil"), ("ts2", "ts4", "sh")))
    yield _good("shared_slots", eaf(chain, slots=shared))
    yield _good(
        "rate_44100", eaf(tier()), ((0, 4410, "sil"), (4410, 11025, "sh")), sample_rate=44_100
    )
    half = {"ts1": "0", "ts2": "1", "ts3": "1", "ts4": "3"}
    yield _good(
        "half_up_at_500", eaf(tier(), slots=half), ((0, 1, "sil"), (1, 2, "sh")), sample_rate=500
    )
    comments = eaf(tier()).replace("<HEADER", "<!-- a remark --><HEADER")
    yield _good("comments", comments)
    backward = eaf(tier((ROWS[1], ROWS[0])))
    yield _either("annotations_not_in_order", backward)
    unused = {**SLOTS, "ts9": None}
    yield _good("unused_slot_without_time", eaf(tier(), slots=unused))


def _times():
    def slots(name, cause="", **changed):
        return _bad(name, eaf(tier(), slots={**SLOTS, **changed}), cause)

    yield slots("overlap", ts3="50")
    yield slots("reversed", ts1="100", ts2="0")
    yield slots("no_length", ts2="0")
    yield slots("slot_without_time", ts2=None)
    yield slots("slot_empty", ts2="")
    yield _bad("slot_unknown", eaf(tier((("ts1", "ts7", "a"),))), "ts7")
    doubled = eaf(tier()).replace(
        "</TIME_ORDER>", '<TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="90"/></TIME_ORDER>'
    )
    yield _bad("slot_twice", doubled, "ts2")
    yield _bad("frames_as_units", eaf(tier(), units="PAL-frames"), "PAL-frames|unit")
    yield _bad("no_slots", eaf(tier(), slots={}))


def _shapes():
    text = eaf(tier())
    yield _bad("truncated", text[: len(text) // 2])
    yield _bad("truncated_at_the_end", text[:-20])
    yield _bad("xml_declaration_only", text[:39])
    yield _bad("other_xml", '<?xml version="1.0"?>\n<html><body/></html>\n')
    yield _bad("root_only", '<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT/>\n')
    yield _bad("no_tier", eaf(), "tier")
    yield _bad("tier_empty", eaf(tier(())), "empty|no")
    yield _bad("tiers_of_one_name", eaf(tier(), tier(first=9)), "phones", tier="phones")
    yield _bad("tier_unknown", eaf(tier(), tier(name="words", first=9)), "phones.*words", tier="x")
    yield _bad("none_named", eaf(tier(), tier(name="words", first=9)), "phones.*words")
    yield _bad("no_tier_id", eaf(tier()).replace(' TIER_ID="phones"', ""))
    yield _bad("no_slot_reference", eaf(tier()).replace(' TIME_SLOT_REF2="ts2"', ""))
    valueless = eaf(tier()).replace("<ANNOTATION_VALUE>sh</ANNOTATION_VALUE>", "")
    yield _either("no_value", valueless, (WANTED[0], (1600, 4000, "")))
    yield _bad("ampersand", eaf(tier()).replace(">sh<", ">s & h<"))
    yield _bad("not_closed", eaf(tier()).replace("</TIER>", ""))
    yield _bad("attribute_twice", eaf(tier()).replace("<TIER ", '<TIER TIER_ID="x" '))
    yield _bad("garbage_after", eaf(tier()) + "<more/>")
    yield _bad("control_character", eaf(tier()).replace(">sh<", ">s\x01h<"))
    references = (
        '<TIER LINGUISTIC_TYPE_REF="x" TIER_ID="gloss" PARENT_REF="phones"><ANNOTATION>'
        '<REF_ANNOTATION ANNOTATION_ID="a9" ANNOTATION_REF="a2"><ANNOTATION_VALUE>S'
        "</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>\n"
    )
    yield _good("reference_tier_beside", eaf(tier(), references), tier="phones")
    yield _either("reference_tier", eaf(tier(), references), ((1600, 4000, "S"),), tier="gloss")
    dangling = references.replace('REF="a2"', 'REF="a77"')
    yield _bad("reference_to_nothing", eaf(tier(), dangling), tier="gloss")
    looped = references.replace('REF="a2"', 'REF="a9"')
    yield _bad("reference_to_itself", eaf(tier(), looped), tier="gloss")
    yield _either("declared_utf16_is_utf8", eaf(tier(), encoding="UTF-16"))
    yield _bad("encoding_unknown", eaf(tier(), encoding="klingon"))
    yield _bad("encoding_utf7", eaf(tier(), encoding="UTF-7"))


def _attacks():
    names = "abcdefghij"
    lines = ['<!ENTITY a "ha">'] + [
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in itertools.pairwise(names)
    ]
    laughs = f"<!DOCTYPE x [{''.join(lines)}]>\n"
    yield _bad("billion_laughs", eaf(tier((("ts1", "ts2", "&j;"),)), head=laughs))
    quadratic = f'<!DOCTYPE x [<!ENTITY a "{"x" * 50_000}">]>\n'
    yield _bad("quadratic_entity", eaf(tier((("ts1", "ts2", "&a;" * 20_000),)), head=quadratic))
    stolen = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n'
    yield _bad("external_entity", eaf(tier((("ts1", "ts2", "&a;"),)), head=stolen))
    remote = '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">\n'
    yield _either("external_dtd", eaf(tier(), head=remote))
    inner = '<!DOCTYPE x [<!ENTITY a "sil">]>\n'
    yield _either("inner_entity", eaf(tier((("ts1", "ts2", "&a;"), ROWS[1])), head=inner))
    deep = "<a>" * 100_000 + "</a>" * 100_000
    yield _bad("deep_nesting", '<?xml version="1.0"?>\n' + deep)
    within = eaf(tier()).replace("<LINGUISTIC_TYPE ", deep + "<LINGUISTIC_TYPE ", 1)
    yield _either("deep_nesting_within", within)

"""The same labels written in every format, by the formats' own descriptions."""

import json
from xml.sax.saxutils import escape, quoteattr

SAMPLES_PER_MS = 16


def timit(labels):
    """Labels are (start, stop, text), times in whole milliseconds; samples at 16 kHz."""
    return "".join(f"{a * SAMPLES_PER_MS} {b * SAMPLES_PER_MS} {text}\n" for a, b, text in labels)


def htk(labels):
    return "".join(f"{a * 10_000} {b * 10_000} {htk_string(text)}\n" for a, b, text in labels)


def esps(labels):
    """Labels touch each other: each is written by its end."""
    rows = "".join(f"{b / 1000:12.6f}  121 {text}\n" for _, b, text in labels)
    return f"signal a\ntype 0\ncolor 121\nseparator ;\nnfields 1\n#\n{rows}"


def emu(labels, level="phones", rate=16_000):
    """An annotation of EMU: a segment's last sample is within it."""
    items = [
        {
            "id": number,
            "sampleStart": a * rate // 1000,
            "sampleDur": (b - a) * rate // 1000 - 1,
            "labels": [{"name": level, "value": text}],
        }
        for number, (a, b, text) in enumerate(labels, start=1)
    ]
    levels = [{"name": level, "type": "SEGMENT", "items": items}]
    whole = {"name": "a", "annotates": "a.wav", "sampleRate": rate, "levels": levels, "links": []}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def mlf(utterances, pattern='"*/{}.lab"'):
    entries = (f"{pattern.format(name)}\n{htk(labels)}.\n" for name, labels in utterances.items())
    return "#!MLF!#\n" + "".join(entries)


def htk_string(text):
    """Quote where HTK would: an empty name, white space, a leading quote, digits."""
    plain = text.replace("\\", "\\\\")
    if (
        text
        and not set(text) & set(" \t\n\r\"'")
        and not text[0].isdigit()
        and text[0] not in "+-."
    ):
        return plain
    return '"' + "".join(_htk_character(character) for character in plain) + '"'


def _htk_character(character):
    if character == '"':
        return '\\"'
    return f"\\{ord(character):03o}" if ord(character) < 32 else character


def ctm(utterances, channel="1"):
    return "".join(
        f"{name} {channel} {a / 1000:.3f} {(b - a) / 1000:.3f} {text}\n"
        for name, labels in utterances.items()
        for a, b, text in labels
    )


def csv_table(utterances, unit="seconds", separator=","):
    times = "start,stop" if unit == "seconds" else "start_sample,stop_sample"
    rows = [f"utterance,{times},label"]
    for name, labels in utterances.items():
        for a, b, text in labels:
            span = (
                (f"{a / 1000:.3f}", f"{b / 1000:.3f}")
                if unit == "seconds"
                else (str(a * SAMPLES_PER_MS), str(b * SAMPLES_PER_MS))
            )
            rows.append(",".join(csv_field(field) for field in (name, *span, text)))
    return "\n".join(rows).replace(",", separator) + "\n"  # for labels without commas


def csv_field(text):
    if set(text) & set(',;\t"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def textgrid(labels, tier="phones"):
    """Praat's long form; labels touch each other."""
    start, stop = labels[0][0] / 1000, labels[-1][1] / 1000
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        f"xmin = {start:g}",
        f"xmax = {stop:.10g}",
        "tiers? <exists>",
        "size = 1",
        "item []:",
        "    item [1]:",
        '        class = "IntervalTier"',
        f'        name = "{tier}"',
        f"        xmin = {start:g}",
        f"        xmax = {stop:.10g}",
        f"        intervals: size = {len(labels)}",
    ]
    for number, (a, b, text) in enumerate(labels, start=1):
        quoted = text.replace('"', '""')
        lines += [
            f"        intervals [{number}]:",
            f"            xmin = {a / 1000:.10g}",
            f"            xmax = {b / 1000:.10g}",
            f'            text = "{quoted}"',
        ]
    return "\n".join(lines) + "\n"


def eaf(tiers, units="milliseconds", slot_order=1):
    """Tiers by name; time slots are shared where labels touch, as ELAN doesn't but may."""
    times = sorted({time for labels in tiers.values() for a, b, _ in labels for time in (a, b)})
    slots = {time: f"ts{number}" for number, time in enumerate(times, start=1)}
    listed = "".join(
        f'        <TIME_SLOT TIME_SLOT_ID="{slots[time]}" TIME_VALUE="{time}"/>\n'
        for time in times[::slot_order]
    )
    numbers = iter(range(1, 10**9))
    body = "".join(
        f'    <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID={quoteattr(name)}>\n'
        + "".join(_annotation(label, slots, next(numbers)) for label in labels)
        + "    </TIER>\n"
        for name, labels in tiers.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0"'
        ' VERSION="3.0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:noNamespaceSchemaLocation="http://www.mpi.nl/tools/elan/EAFv3.0.xsd">\n'
        f'    <HEADER MEDIA_FILE="" TIME_UNITS="{units}">\n'
        '        <PROPERTY NAME="lastUsedAnnotationId">9</PROPERTY>\n'
        "    </HEADER>\n"
        f"    <TIME_ORDER>\n{listed}    </TIME_ORDER>\n"
        f"{body}"
        '    <LINGUISTIC_TYPE GRAPHIC_REFERENCES="false" LINGUISTIC_TYPE_ID="default-lt"'
        ' TIME_ALIGNABLE="true"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def _annotation(label, slots, number):
    start, stop, text = label
    return (
        "        <ANNOTATION>\n"
        f'            <ALIGNABLE_ANNOTATION ANNOTATION_ID="a{number}"'
        f' TIME_SLOT_REF1="{slots[start]}" TIME_SLOT_REF2="{slots[stop]}">\n'
        f"                <ANNOTATION_VALUE>{_xml(text)}</ANNOTATION_VALUE>\n"
        "            </ALIGNABLE_ANNOTATION>\n"
        "        </ANNOTATION>\n"
    )


def _xml(text):
    return escape(text, {"\r": "&#13;"})


BESIDE = {
    "phn": (".phn", timit),
    "textgrid": (".TextGrid", textgrid),
    "htk": (".lab", htk),
    "eaf": (".eaf", lambda labels: eaf({"phones": labels})),
    "esps": (".lab", esps),
    "buckeye": (".phones", esps),
    "emu": ("_annot.json", emu),
}
FOR_ALL = {
    "mlf": mlf,
    "ctm": ctm,
    "csv": csv_table,
}

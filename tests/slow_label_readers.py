"""Slow, obvious readers of label files that are known to be sound, as oracles.

Each returns [(start, stop, label), ...], times in seconds (samples for TIMIT and for a table of
samples) as floats, in the order of the file; an ELAN document's sorted by tier and time.
"""

import json
from fractions import Fraction
from xml.etree import ElementTree as ET

BLANK = " \t"


def text_of(raw):
    return raw.decode("utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")


def lines(raw):
    """Non-blank lines; blank is what is so to the reader, no letter of Unicode."""
    text = text_of(raw).replace("\r\n", "\n").replace("\r", "\n")
    return [line for line in text.split("\n") if line.strip(BLANK)]


def timit(raw):
    found = []
    for line in lines(raw):
        if line.strip() and not line.strip().startswith(";"):
            start, stop, label = line.split(maxsplit=2)
            found.append((int(start), int(stop), label.strip()))
    return found


def htk(raw):
    """Only labels without quotes and escapes are compared by text."""
    return [_htk_label(line) for line in lines(raw)]


def mlf(raw):
    found, rows = [], iter(lines(raw)[1:])
    for _pattern in rows:
        entry = iter(lambda: next(rows).strip(BLANK), ".")
        found += [_htk_label(row) for row in entry]
    return found


def _htk_label(line):
    start, stop, label = [field for field in line.replace("\t", " ").split(" ") if field][:3]
    return int(start) / 1e7, int(stop) / 1e7, None if set(label) & set("\"'\\") else label


def ctm(raw):
    found = []
    for line in lines(raw):
        if not line.strip(BLANK).startswith(";;"):
            fields = [field for field in line.replace("\t", " ").split(" ") if field]
            start, duration = float(fields[2]), float(fields[3])
            found.append((start, start + duration, fields[4]))
    return found


def emu(raw):
    """Segments of one level, or of several one after the other, each sorted by its start."""
    annotation, found = json.loads(text_of(raw)), []
    rate = annotation["sampleRate"]
    for level in annotation["levels"]:
        segments = level["items"] if level["type"] == "SEGMENT" else []
        for item in sorted(segments, key=lambda one: one["sampleStart"]):
            start, stop = item["sampleStart"], item["sampleStart"] + item["sampleDur"] + 1
            text = next((one["value"] for one in item["labels"]), "")
            found.append((start / rate, stop / rate, text))
    return found


def esps(raw):
    found, start, separator, rows = [], Fraction(0), ";", iter(lines(raw))
    for line in rows:
        if line.strip() == "#":
            break
        if line.split()[:1] == ["separator"]:
            separator = line.split()[1]
    for line in rows:
        stop = Fraction(line.split()[0])
        if stop != start:
            found.append((float(start), float(stop), _esps_label(line, separator)))
        start = stop
    return found


def _esps_label(line, separator):
    rest = line.strip(BLANK)
    for _ in range(2):  # time and colour
        field = rest.replace("\t", " ").split(" ")[0]
        rest = rest[len(field) :].strip(BLANK)
    return rest.split(separator)[0].strip(BLANK)


def table(raw):
    records = _records(text_of(raw))
    records = [record for record in records if len(record) > 1 or record[0].strip()]
    header, *rows = records
    suffix = "_sample" if "start_sample" in header else ""
    start, stop, label = (header.index(n) for n in (f"start{suffix}", f"stop{suffix}", "label"))
    return [(float(row[start]), float(row[stop]), row[label]) for row in rows]


def _records(text):
    """RFC 4180, letter by letter, for each separator until one gives the columns."""
    for separator in ",\t;":
        records, record, field, quoted, at = [], [], "", False, 0
        text_ended = text + "\n" if text[-1:] not in "\r\n" else text
        while at < len(text_ended):
            letter, after = text_ended[at], text_ended[at + 1 : at + 2]
            at += 1
            if quoted and letter == '"' and after == '"':
                field, at = field + '"', at + 1
            elif quoted:
                quoted, field = letter != '"', field + letter * (letter != '"')
            elif letter == '"' and not field:
                quoted = True
            elif letter == separator:
                record, field = [*record, field], ""
            elif letter in "\r\n":
                at += letter == "\r" and after == "\n"
                records, record, field = [*records, [*record, field]], [], ""
            else:
                field += letter
        names = next((r for r in records if len(r) > 1), [])
        if "label" in names:
            return records
    raise AssertionError("no header")


def eaf(raw):
    parser = ET.XMLParser(encoding="utf-8")  # noqa: S314 -- what has entities was refused
    root = ET.fromstring(text_of(raw).encode("utf-8"), parser)  # noqa: S314
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")}
    found = []
    for tier in root.iter("TIER"):
        labels = []
        for annotation in tier.iter("ALIGNABLE_ANNOTATION"):
            start, stop = (slots[annotation.get(f"TIME_SLOT_REF{end}")] for end in (1, 2))
            text = annotation.find("ANNOTATION_VALUE").text or ""
            labels.append((int(start) / 1000, int(stop) / 1000, text))
        found += sorted(labels, key=lambda label: label[:2])
    return found

"""Numbers that aren't plain: in every label format, as a start and as an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from badinputs.case import Case, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG = {
    "underscore": "1_000",
    "arabic_digits": "٣٢٠٠",
    "full_width_digits": "\uff13\uff12\uff10\uff10",
    "superscript": "3²",
    "nan": "nan",
    "inf": "inf",
    "infinity": "-Infinity",
    "hexadecimal": "0x10",
    "empty_exponent": "1e",
    "decimal_comma": "0,5",
    "two_points": "0.1.2",
    "word": "zero",
    "long": "9" * 5000,
    "exponent_huge": "1e999999999",
    "thousands": "3,200",
    "letter_O": "32O0",
    "minus_sign": "\u22125",
    "currency": "$5",
}
"""What Python's int() or float() would partly take, and people do write."""
WHOLE_ONLY = {"fraction": "12.5", "exponent": "1e3", "point_zero": "100.0", "plus": "+5"}
"""Fine in seconds, wrong where a format counts in whole numbers."""


class Format(NamedTuple):
    """How a file with one row of these two times is written, and where its row stands."""

    suffix: str
    written: Callable[[str, str], str]
    line: str
    whole: bool


def timit(start: str, stop: str) -> str:
    """Return a TIMIT file; the second of three rows has these times."""
    return f"0 1000 h#\n{start} {stop} sh\n9000000 9000400 h#\n"


def htk(start: str, stop: str) -> str:
    """Return an HTK label file."""
    return f"0 1000000 sil\n{start} {stop} sh\n900000000 900100000 sil\n"


def mlf(start: str, stop: str) -> str:
    """Return an HTK master label file."""
    return f'#!MLF!#\n"*/u1.lab"\n{htk(start, stop)}.\n'


def ctm(start: str, duration: str) -> str:
    """Return a CTM file."""
    return f"u1 1 0.00 0.10 sil\nu1 1 {start} {duration} sh\nu1 1 900.0 0.10 sil\n"


def table(start: str, stop: str) -> str:
    """Return a CSV; a decimal comma is quoted."""
    times = ",".join(f'"{time}"' if "," in time else time for time in (start, stop))
    return f"utterance,start,stop,label\nu1,0.0,0.1,sil\nu1,{times},sh\nu1,900.0,900.1,sil\n"


def textgrid(start: str, stop: str) -> str:
    """Return a long TextGrid; the second of three intervals has these times."""
    rows = (("0", start, "sil"), (start, stop, "sh"), (stop, "900", "sil"))
    body = "".join(
        f"        intervals [{i}]:\n            xmin = {a} \n            xmax = {b} \n"
        f'            text = "{label}" \n'
        for i, (a, b, label) in enumerate(rows, start=1)
    )
    return (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0 \nxmax = 900 \n'
        "tiers? <exists> \nsize = 1 \nitem []: \n    item [1]:\n"
        '        class = "IntervalTier" \n        name = "phones" \n'
        "        xmin = 0 \n        xmax = 900 \n        intervals: size = 3 \n" + body
    )


def eaf(start: str, stop: str) -> str:
    """Return an ELAN file of one tier, times in milliseconds."""
    slots = {"ts1": "0", "ts2": "100", "ts3": start, "ts4": stop, "ts5": "900000", "ts6": "900100"}
    order = "".join(
        f'    <TIME_SLOT TIME_SLOT_ID="{name}" TIME_VALUE="{value}"/>\n'
        for name, value in slots.items()
    )
    rows = "".join(
        f'    <ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{i}" TIME_SLOT_REF1="ts{2 * i - 1}"'
        f' TIME_SLOT_REF2="ts{2 * i}"><ANNOTATION_VALUE>{label}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>\n"
        for i, label in enumerate(("sil", "sh", "sil"), start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<ANNOTATION_DOCUMENT AUTHOR="" DATE="2024-01-01T00:00:00+00:00" FORMAT="3.0" '
        'VERSION="3.0">\n'
        '  <HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"/>\n'
        f"  <TIME_ORDER>\n{order}  </TIME_ORDER>\n"
        f'  <TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="phones">\n{rows}  </TIER>\n'
        '  <LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="default-lt" TIME_ALIGNABLE="true"/>\n'
        "</ANNOTATION_DOCUMENT>\n"
    )


def esps(start: str, stop: str) -> str:
    """Return an ESPS file; the second of three labels has these times, in two lines."""
    return f"separator ;\n#\n{start} 121 sil\n{stop} 121 sh\n900.1 121 sil\n"


FORMATS = {
    "timit": Format(".phn", timit, ":2", whole=True),
    "textgrid": Format(".TextGrid", textgrid, "", whole=False),
    "htk": Format(".lab", htk, ":2", whole=True),
    "mlf": Format(".mlf", mlf, ":4", whole=True),
    "ctm": Format(".ctm", ctm, ":2", whole=False),
    "eaf": Format(".eaf", eaf, "", whole=True),
    "csv": Format(".csv", table, ":3", whole=False),
    "esps": Format(".phones", esps, "", whole=False),
}
GOOD = {
    "timit": ("3200", "4000000"),
    "htk": ("2000000", "4000000"),
    "mlf": ("2000000", "4000000"),
    "eaf": ("200", "300"),
    "textgrid": ("0.2", "0.3"),
    "ctm": ("0.2", "0.3"),
    "csv": ("0.2", "0.3"),
    "esps": ("0.2", "0.3"),
}


def cases():
    """Yield the cases."""
    for name, form in FORMATS.items():
        start, stop = GOOD[name]
        wrong = WRONG | (WHOLE_ONLY if form.whole else {})
        for kind, text in wrong.items():
            yield _refused(name, f"start_{kind}", form, (text, stop), text)
        for kind, text in WRONG.items():
            yield _refused(name, f"stop_{kind}", form, (start, text), text)
        late = ("200000000000000", "300000000000000000") if form.whole else ("0.2", "1e12")
        yield _refused(name, "beyond_all_time", form, late, "")
        negative = ("-100", stop) if form.whole else ("-0.1", stop)
        yield _refused(name, "negative_start", form, negative, "")
        if name != "ctm":
            yield _refused(name, "reversed", form, (stop, start), "")
        if name != "esps":  # what ends where it begins is a mark there
            yield _refused(name, "no_length", form, (start, "0" if name == "ctm" else start), "")


def _refused(name: str, kind: str, form: Format, times: tuple[str, str], text: str) -> Case:
    file = f"a{form.suffix}"
    content = form.written(*times)
    return Case(
        f"number_{name}_{kind}",
        "read_labels",
        file,
        {file: content},
        refusal=Refusal("CorpusError", "", file + form.line),
    )

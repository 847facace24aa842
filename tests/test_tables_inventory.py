# ruff: noqa: RUF001  (IPA letters)
"""Tables whose labels aren't TIMIT's carry what their labels mean."""

import dataclasses
import json

import pyarrow.parquet as pq
import pytest
from made_tables import Said, made_table, random_table
from renamed_tables import renamed

from sfvq_analysis.errors import TableError
from sfvq_analysis.phones import PHONE_GROUPS, PhoneGroups, PhoneInventory, PhoneSet
from sfvq_analysis.tables import load_table

TABLE = random_table(1, phones=("h#", "sh", "z", "iy", "ey", "m", "r"))
IN_IPA = renamed(TABLE, PhoneSet("ipa"), {"h#": "sil", "sh": "ʃ", "iy": "iː", "ey": "eɪ", "r": "ɲ"})
OWN = PhoneGroups.of({"sh": "noisy", "z": "noisy", "iy": "tonal", "ey": "tonal", "m": "tonal"})
OF_USER = renamed(TABLE, PhoneSet("timit61", OWN))


def with_metadata(folder, **changes):
    """Change what the three files say of their table."""
    for path in folder.glob("*.parquet"):
        table = pq.read_table(path)
        known = json.loads(table.schema.metadata[b"sfvq_analysis"]) | changes
        known = {name: value for name, value in known.items() if value is not ...}
        text = json.dumps(known, sort_keys=True).encode()
        stored = table.replace_schema_metadata({**table.schema.metadata, b"sfvq_analysis": text})
        pq.write_table(stored, path)


@pytest.mark.parametrize("table", [TABLE, IN_IPA, OF_USER], ids=["timit", "ipa", "own"])
def test_the_inventory_comes_back_with_the_table(table, tmp_path):
    again = load_table(table.save(tmp_path / "table"))
    assert again.inventory == table.inventory
    assert again.inventory.groups == table.inventory.groups  # their order too
    for name in ("segments", "frames"):
        assert getattr(again, name)["phone_group"].equals(getattr(table, name)["phone_group"])


def test_a_table_of_an_earlier_version_has_the_rules_of_timit(tmp_path):
    old = made_table([Said("u", [("H#", [1]), ("AH0", [2]), ("sil", [3]), ("xx", [4])])])
    old.save(tmp_path / "old")
    with_metadata(tmp_path / "old", inventory=...)
    again = load_table(tmp_path / "old")
    assert again.inventory == old.inventory
    assert [again.inventory.group(one) for one in ("H#", "AH0", "sil", "xx")] == [
        *("silence", "vowel"), *(None, None),
    ]  # fmt: skip
    assert again.frames["phone"].astype(object).tolist()[:2] == ["H#", "AH0"]
    assert again.frames["phone"].isna().tolist() == [False, False, True, True]
    assert again.inventory.groups == PHONE_GROUPS


def test_groups_are_checked_against_the_table_s_own_inventory():
    with pytest.raises(TableError, match=r"segments.phone_group is category"):
        dataclasses.replace(OF_USER, inventory=TABLE.inventory)
    other = PhoneInventory.of(IN_IPA.inventory.entries, PhoneSet("ipa"))
    entries = {**other.entries, "ʃ": other.entries["iː"]._replace(symbol="ʃ")}
    with pytest.raises(TableError, match=r"phone_group is fricative .* the group of its label"):
        dataclasses.replace(IN_IPA, inventory=dataclasses.replace(other, entries=entries))


def test_a_label_that_a_user_s_inventory_lacks_is_refused():
    entries = {name: one for name, one in OF_USER.inventory.entries.items() if name != "z"}
    less = dataclasses.replace(OF_USER.inventory, source="mine.csv", entries=entries)
    with pytest.raises(TableError, match="label 'z' isn't in the inventory"):
        dataclasses.replace(OF_USER, inventory=less)


@pytest.mark.parametrize(
    "stored",
    [
        *([], "timit", {}, {"phone_set": "timit"}),
        IN_IPA.inventory.to_json() | {"phone_set": "klingon"},
        IN_IPA.inventory.to_json() | {"groups": ["vowel", "vowel"]},
        IN_IPA.inventory.to_json() | {"groups": [1]},
        IN_IPA.inventory.to_json() | {"entries": [["ʃ"]]},
        IN_IPA.inventory.to_json() | {"entries": {"ʃ": ["ʃ", "fricative", "ʃ", "ʃ"]}},
        IN_IPA.inventory.to_json() | {"entries": {"ʃ": ["ʃ", "fricative", "ʃ", "ʃ", "magic"]}},
        IN_IPA.inventory.to_json() | {"entries": {"ʃ": ["ʃ", "hissing", "ʃ", "ʃ", "ipa"]}},
        IN_IPA.inventory.to_json() | {"entries": {"ʃ": [1, None, None, None, "ipa"]}},
    ],
)
def test_a_damaged_inventory_is_refused(stored, tmp_path):
    folder = IN_IPA.save(tmp_path / "table")
    with_metadata(folder, inventory=stored)
    with pytest.raises(TableError) as caught:
        load_table(folder)
    message = f"{folder}: its inventory of phones is damaged; save the table anew"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "changes",
    [
        *({"grid": [1]}, {"grid": {"hop": 1}}, {"codebook_size": "8"}, {"provenance": 3}),
        {"grid": {"sample_rate": 1000, "hop": 0, "offset": 50}},
        {"grid": {"sample_rate": "x", "hop": 1, "offset": 50}},
    ],
)
def test_damaged_provenance_is_refused_in_one_line(changes, tmp_path):
    folder = IN_IPA.save(tmp_path / "table")
    with_metadata(folder, **changes)
    with pytest.raises((TableError, ValueError), match=f"^{folder}: ") as caught:
        load_table(folder)
    assert "\n" not in str(caught.value)


def test_values_of_another_kind_are_refused_in_one_line(tmp_path):
    folder = IN_IPA.save(tmp_path / "table")
    path = folder / "frames.parquet"
    table = pq.read_table(path)
    at = table.schema.get_field_index("codeword")
    texts = table.column("codeword").cast("string")
    texts = texts.combine_chunks().to_pylist()
    wrong = table.set_column(at, "codeword", [[f"code {one}" for one in texts]])
    pq.write_table(wrong.replace_schema_metadata(table.schema.metadata), path)
    with pytest.raises(TableError, match=f"^{folder}: frames.codeword is str; it must be int32"):
        load_table(folder)


def test_an_empty_label_is_no_phone_unless_a_set_says_so():
    silent = PhoneInventory.of(["", "s"], PhoneSet("timit", empty="silence"))
    assert silent.group("") == "silence"
    assert silent.symbol("") == "sil"
    assert PhoneInventory.of(["", " "], PhoneSet("timit")).symbol(" ") is None

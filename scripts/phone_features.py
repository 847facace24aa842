"""Write ``phone_features.csv``: what panphon says of the IPA symbols of ``phones.csv``.

Usage: python scripts/phone_features.py
A row each segment of a symbol; closures have none. `tests/test_phones_features.py` holds the table
against the panphon that is installed.
"""

from __future__ import annotations

import csv
from pathlib import Path

import panphon

from sfvq_analysis.phones import phone_table, timit_inventory
from sfvq_analysis.stats.order.phone_features import READ_AS

PLACE = Path(__file__).parents[1] / "sfvq_analysis" / "phone_features.csv"


def main() -> None:
    """Write the table."""
    table, inventory = panphon.FeatureTable(), timit_inventory()
    spoken = [phone for phone in phone_table().values() if not inventory.is_closure(phone.symbol)]
    symbols = dict.fromkeys(READ_AS.get(phone.ipa, phone.ipa) for phone in spoken if phone.ipa)
    with PLACE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ipa", *table.names])
        for ipa in symbols:
            writer.writerows([ipa, *row] for row in table.word_array(table.names, ipa).tolist())


if __name__ == "__main__":
    main()

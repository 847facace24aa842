"""What labels mean: phones, their groups and foldings.

A *label* is what stands in a label file. A phone set turns it into an entry: a symbol, a group, and
what it is folded to. The inventory of a corpus (`resolve`) holds the entries of its labels and
travels with its index table. The 61 phones of TIMIT, the paper's groups and the foldings of Lee &
Hon are the table that the sets rest on (`sfvq_analysis.phones.table`).
"""

from sfvq_analysis.phones.entries import How, PhoneEntry
from sfvq_analysis.phones.files import PhoneGroups, load_phone_groups
from sfvq_analysis.phones.inventory import PhoneInventory, timit_inventory
from sfvq_analysis.phones.pairs import PairSource, as_pair, similar_pairs
from sfvq_analysis.phones.report import phone_report
from sfvq_analysis.phones.resolving import LabelCounts, resolve
from sfvq_analysis.phones.rules import SET_NAMES, SetName
from sfvq_analysis.phones.sets import EmptyPolicy, PhoneSet
from sfvq_analysis.phones.table import (
    CONSONANT_GROUPS,
    PHONE_GROUPS,
    VOWEL_GROUPS,
    Folding,
    Phone,
    UnknownPolicy,
    find_phone,
    fold,
    is_known,
    normalise,
    phone_group,
    phone_table,
)

__all__ = [
    "CONSONANT_GROUPS",
    "PHONE_GROUPS",
    "SET_NAMES",
    "VOWEL_GROUPS",
    "EmptyPolicy",
    "Folding",
    "How",
    "LabelCounts",
    "PairSource",
    "Phone",
    "PhoneEntry",
    "PhoneGroups",
    "PhoneInventory",
    "PhoneSet",
    "SetName",
    "UnknownPolicy",
    "as_pair",
    "find_phone",
    "fold",
    "is_known",
    "load_phone_groups",
    "normalise",
    "phone_group",
    "phone_report",
    "phone_table",
    "resolve",
    "similar_pairs",
    "timit_inventory",
]

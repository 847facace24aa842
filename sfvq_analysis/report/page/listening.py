"""What can be listened to on the cards of indices and phones, within one page's room for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sfvq_analysis.report.page.examples import (
    MOST_EACH,
    SECONDS,
    Examples,
    chosen_examples,
    note_of,
    shown_examples,
)
from sfvq_analysis.report.page.snippets import Stretch, bytes_of, cut_snippets, stretch_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sfvq_analysis.report.page.sounds import Speech
    from sfvq_analysis.tables import IndexTable

    Odd = Mapping[str, list[dict[str, Any]]]

MOST_BYTES = 4_000_000
"""Of the page, for snippets and for what is embedded of utterances."""
MOST_TOKEN_SECONDS = 0.8
_MARGIN_SECONDS = 0.05
_SHARE_OF_TOKENS = 4  # a fourth of the room at most
_MOST_ENCODED = 1500  # examples at 6 ms each, unless one of each kind are more


def cards_to_hear(
    tables: Mapping[str, IndexTable],
    odd: Mapping[str, Odd],
    speech: Speech,
    *,
    spent: int,
    seed: int,
) -> dict[str, Any]:
    """Return the snippets of a page, and which are of which index and which odd token.

    Parameters
    ----------
    tables
        By name.
    odd
        Of some tables the odd tokens of each phone, as `phone_columns` gives them.
    speech
        Where recordings are.
    spent
        How many bytes of the page's room for sound are taken already.
    seed
        Of the examples at random.
    """
    if speech.corpus is None:
        why = "No examples: no corpus was given."
        return {"snippets": [], "examples": {}, "odd": {}, "notes": dict.fromkeys(tables, why)}
    room = max(0, MOST_BYTES - spent)
    tokens = _within(_tokens(odd), room // _SHARE_OF_TOKENS, speech)
    left = room - _cost(tokens.values(), speech)
    chosen = _chosen(tables, left, speech, seed)
    found = cut_snippets([*tokens.values(), *_stretches(chosen)], speech, room)
    examples = {name: shown_examples(some, found) for name, some in chosen.items()}
    notes = {
        name: note_of(some, sum(map(len, examples[name].values())), found.why_not)
        for name, some in chosen.items()
    }
    return {
        "snippets": found.shown,
        "examples": examples,
        "odd": _shown_tokens(odd, {at: found.place.get(one) for at, one in tokens.items()}),
        "notes": notes,
    }


def _tokens(odd: Mapping[str, Odd]) -> dict[tuple[str, str, int], Stretch]:
    """Return what is to be heard of each odd token, the middle of a long one."""
    return {
        (name, phone, at): _of_token(token)
        for name, phones in odd.items()
        for phone, tokens in phones.items()
        for at, token in enumerate(tokens)
    }


def _of_token(token: Mapping[str, Any]) -> Stretch:
    middle = (token["start"] + token["stop"]) / 2
    half = min(token["stop"] - token["start"] + 2 * _MARGIN_SECONDS, MOST_TOKEN_SECONDS) / 2
    return stretch_of(token["utterance"], middle - half, middle + half)


def _within(
    tokens: dict[tuple[str, str, int], Stretch], room: int, speech: Speech
) -> dict[tuple[str, str, int], Stretch]:
    """Return the tokens of each phone, as many of the oddest as fit for all of them."""
    n = 1 + max((at for *_, at in tokens), default=0)
    while n and _cost(tokens.values(), speech) > room:
        n -= 1
        tokens = {key: one for key, one in tokens.items() if key[-1] < n}
    return tokens


def _chosen(
    tables: Mapping[str, IndexTable], room: int, speech: Speech, seed: int
) -> dict[str, Examples]:
    """Choose examples of each table, as many of each kind as there is room for."""
    for_one = room // bytes_of(SECONDS, speech) // max(1, len(tables))
    every = {name: chosen_examples(table, for_one, seed) for name, table in tables.items()}
    for n in range(MOST_EACH, 1, -1):
        some = {name: one.first(n) for name, one in every.items()}
        quick = speech.policy != "embed" or len(set(_stretches(some))) <= _MOST_ENCODED
        if quick and _cost(_stretches(some), speech) <= room:
            return some
    return {name: one.first(1) for name, one in every.items()}


def _stretches(chosen: Mapping[str, Examples]) -> list[Stretch]:
    return [one for some in chosen.values() for one in some.rows["stretch"]]


def _cost(stretches: Iterable[Stretch], speech: Speech) -> int:
    return sum(bytes_of(one.stop - one.start, speech) for one in set(stretches))


def _shown_tokens(
    odd: Mapping[str, Odd], place: Mapping[tuple[str, str, int], int | None]
) -> dict[str, dict[str, list[int | None]]]:
    """Return the snippet of each odd token by table and phone, None where there is none."""
    return {
        name: {
            phone: [place.get((name, phone, at)) for at in range(len(tokens))]
            for phone, tokens in phones.items()
        }
        for name, phones in odd.items()
    }

r"""The paper's twelve claims, made by eye there, each as a number with its interval and its null.

What is measured for each claim, and what would be so without it (the null):

=== ======== ======================================================== ==============================
C   family   effect                                                   null
=== ======== ======================================================== ==============================
1   order    index step over its expectation without order            used codes permuted
2   order    shortest range with .8 of s, sh, z, share of K           used codes permuted, *
3   order    the same for silence, pauses and closures                used codes permuted, *
4   speech   P(a sentence by two speakers nearer than two sentences)  sentences permuted
5   order    accuracy of one threshold, consonants | vowels           used codes permuted, *
6   units    distance of main peaks: of different groups less of the  groups of one half of speakers
             same in other speakers, share of K                       permuted
7   order    P(similar phones' peaks nearer than others' of a group)  used codes permuted
8   order    shortest range with .8 of the fricatives but hh, hv      used codes permuted, *
9   units    PNMI less its null's mean                                labels permuted over segments
10  order    shortest range with .8 of a group, share of K, mean      used codes permuted, *
11  speech   largest log odds of silence > vowel, plosive > nasal,    0; p is the largest of three
             fricative > nasal, moves of the index's groups           (an intersection-union test)
12  order    accuracy by half a minute of labels, share of all's      used codes permuted, *
=== ======== ======================================================== ==============================

C12 takes less than half a minute of a table that has less than two.

\* p is the larger of two: codes permuted, and labels permuted over segments of as many frames (999
draws at most, C12 199), for where all frames keep to a few neighbouring codes, those of any phones
do. Where few segments are as long as another, it's untestable, not "not shown", and ``detail`` has
the p of codes; but of phones whose segments are longer than the others (C3's pauses, often),
segments of any length swap their codes instead, and ``detail`` says so (see
`sfvq_analysis.stats.inference.swapping` and ``relabelling`` beside it).

Only rows of the family ``order`` speak of the order of the axis: the others may hold for a codebook
in any order. p values of all claims are corrected together (Benjamini and Hochberg).

References
----------
M. H. Vali, T. Bäckström, "Interpretable Latent Space Using Space-Filling Curves for Phonetic
Analysis in Voice Conversion", Interspeech 2023, 306-310. R. L. Berger, "Multiparameter hypothesis
testing and acceptance sampling", Technometrics 24 (1982), 295-300 (intersection-union tests).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sfvq_analysis.errors import OptionError
from sfvq_analysis.stats.claims.order import (
    few_minutes,
    one_threshold,
    similar_peak_together,
    structured_in_time,
)
from sfvq_analysis.stats.claims.ranges import fricatives, groups_in_ranges, sibilants, silences
from sfvq_analysis.stats.claims.said import Found, Said
from sfvq_analysis.stats.claims.speech import rare_moves, same_picture
from sfvq_analysis.stats.claims.units import names_its_phone, peaks_apart
from sfvq_analysis.stats.counting.reductions import reduce
from sfvq_analysis.stats.inference import Inference, as_frame, corrected_p

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from sfvq_analysis.tables import Indexed

LEVEL = 0.05


class _Claim(NamedTuple):
    name: str
    family: str
    statement: str
    test: Callable[[Said], Found]


def claims(
    table: Indexed, *, sentence: str | None = None, inference: Inference | None = None
) -> pd.DataFrame:
    """Test the paper's claims C1 … C12 on a table.

    Parameters
    ----------
    table
        An index table, of a curve or of a plain codebook.
    sentence
        Test C4 on this sentence only (and on what it is compared with); by default on all that
        several speakers say.
    inference
        Draws, level of intervals and seed.

    Returns
    -------
    pd.DataFrame
        A row a claim: ``claim``, ``family`` (order, units, speech), ``statement``,
        ``measure``, ``effect``, ``low``, ``high``, ``null_mean``, ``null_sd``, ``p``,
        ``p_corrected`` (over the claims), ``unit``, ``n_units``; ``verdict``: ``holds`` where
        p_corrected is at most .05, else ``not shown``, or ``untestable`` without a p; ``detail`` in
        words; ``reason`` why something is NaN. The intervals of C6 and C12 are over halves of
        speakers and draws of minutes.

    Raises
    ------
    OptionError
        If no utterance is of `sentence`.

    Examples
    --------
    >>> from sfvq_analysis.tables import Simulation, simulated_table
    >>> few = Inference(n_permutations=99, n_bootstraps=50)
    >>> found = claims(simulated_table(Simulation(n_speakers=12)), inference=few)
    >>> found.set_index("claim").loc["C5", ["verdict", "detail"]].tolist()
    ['holds', 'vowels above index 31; the best order of these codes has 0.993']
    """
    if sentence is not None and sentence not in {*table.utterances["sentence"]} - {""}:
        raise OptionError(
            f"sentence is {sentence!r}", remedy="name one of the table, such as its column sentence"
        )
    said = Said(table, reduce(table), sentence, inference or Inference())
    found = [claim.test(said) for claim in _CLAIMS]
    frame = as_frame(one.measure for one in found)
    frame.insert(0, "claim", [claim.name for claim in _CLAIMS])
    frame.insert(1, "family", [claim.family for claim in _CLAIMS])
    frame.insert(2, "statement", [claim.statement for claim in _CLAIMS])
    frame.insert(frame.columns.get_loc("p") + 1, "p_corrected", corrected_p(frame["p"]))
    decided = zip(frame["effect"], frame["p_corrected"], strict=True)
    frame["verdict"] = [_verdict(*one) for one in decided]
    frame["detail"] = [one.detail for one in found]
    return frame[[*(name for name in frame if name != "reason"), "reason"]]


def _verdict(effect: float, p: float) -> str:
    if np.isnan(effect) or np.isnan(p):
        return "untestable"
    return "holds" if p <= LEVEL else "not shown"


_CLAIMS = (
    _Claim("C1", "order", "the index is structured over time", structured_in_time),
    _Claim("C2", "order", "frames of s, sh and z keep close together", sibilants),
    _Claim("C3", "order", "silence and closures lie in one range", silences),
    _Claim("C4", "speech", "a sentence gives the same picture whoever says it", same_picture),
    _Claim("C5", "order", "one threshold parts consonants from vowels", one_threshold),
    _Claim("C6", "units", "the groups' main peaks are in different places", peaks_apart),
    _Claim("C7", "order", "similar phones peak next to each other", similar_peak_together),
    _Claim("C8", "order", "fricatives but hh and hv fill one range", fricatives),
    _Claim("C9", "units", "each index names its phone", names_its_phone),
    _Claim("C10", "order", "groups occupy ranges", groups_in_ranges),
    _Claim(
        "C11", "speech", "vowels rarely follow silence, nasals plosives or fricatives", rare_moves
    ),
    _Claim("C12", "order", "few labels suffice to read the axis", few_minutes),
)

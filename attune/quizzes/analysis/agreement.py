"""How far markers agree beyond chance. Pure: categories in, a coefficient out.

Landis & Koch's words for a κ (Biometrics 33, 1977) are a habit of the field, not a law.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

from django.utils.translation import gettext as _


def cohen(these: Sequence[Hashable], those: Sequence[Hashable]) -> float | None:
    """Cohen's κ of two markers who put the same cases into categories, case by case.

    ``(p_o − p_e) / (1 − p_e)``, chance from each marker's own habit; J. Cohen, "A coefficient
    of agreement for nominal scales", Educational and Psychological Measurement 20 (1960),
    37–46. 1: always agreed; 0: as often as by chance; below 0: less. ``None`` without a case,
    and where both know but one category, so that there was nothing to disagree about.

    :raises ValueError: the two marked different numbers of cases.
    """
    if len(these) != len(those):
        raise ValueError("both markers mark the same cases")
    n = len(these)
    if not n:
        return None
    agreed = sum(one == other for one, other in zip(these, those, strict=True)) / n
    mine, yours = Counter(these), Counter(those)
    chance = sum(count * yours[category] for category, count in mine.items()) / n**2
    return _beyond(agreed, chance)


def fleiss(cases: Sequence[Mapping[Hashable, int]]) -> float | None:
    """Fleiss' κ of several markers: for each case, how many chose which category.

    Each case has the same number of markers, who need not be the same people; J. L. Fleiss,
    "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971),
    378–382. ``None`` as for ``cohen``.

    :raises ValueError: fewer than two markers, not always as many, or a negative count.
    """
    if not cases:
        return None
    if any(count < 0 for case in cases for count in case.values()):
        raise ValueError("a category is chosen by nobody or by somebody")
    markers = sum(cases[0].values())
    if markers < 2:
        raise ValueError("agreement takes at least two markers")
    if any(sum(case.values()) != markers for case in cases):
        raise ValueError("every case has the same number of markers")
    chosen: Counter[Hashable] = Counter()
    agreed = 0.0
    for case in cases:
        chosen.update(case)
        squares = sum(count**2 for count in case.values())
        agreed += (squares - markers) / (markers * (markers - 1))
    everything = markers * len(cases)
    chance = sum((count / everything) ** 2 for count in chosen.values())
    return _beyond(agreed / len(cases), chance)


def _beyond(agreed: float, chance: float) -> float | None:
    return None if 1 - chance < 1e-12 else (agreed - chance) / (1 - chance)


def in_words(kappa: float | None) -> str:
    """Landis & Koch's word for a κ."""
    if kappa is None:
        return _("cannot be said")
    if kappa < 0:
        return _("less than by chance")
    for above, words in (
        (0.8, _("almost perfect")),
        (0.6, _("substantial")),
        (0.4, _("moderate")),
        (0.2, _("fair")),
    ):
        if kappa > above:
            return words
    return _("slight")

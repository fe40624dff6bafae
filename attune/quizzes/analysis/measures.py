"""The statistics of classical test theory, on plain numbers. No table, no question, no words.

A measure that cannot be said (nothing varies, too few values) is ``None``, never 0 or NaN.
Sources are named where a formula stands; "Moodle" is MoodleDocs, *Quiz statistics
calculations* (docs.moodle.org/dev), whose notation several reports of the field share.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import fsum, sqrt
from operator import mul

Numbers = Sequence[float]

NOTHING = 1e-12
"""Below this a variance is rounding, not spread."""


def mean(values: Numbers) -> float | None:
    return fsum(values) / len(values) if values else None


def median(values: Numbers) -> float | None:
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def deviations(values: Numbers) -> list[float]:
    """Each value's distance from the mean of all."""
    centre = mean(values) or 0.0
    return [value - centre for value in values]


def covariance(these: Numbers, those: Numbers) -> float | None:
    """The sample covariance (divisor n − 1). ``None`` below two pairs.

    :raises ValueError: the two are not paired.
    """
    if len(these) != len(those):
        raise ValueError("values are compared in pairs, so there are as many of each")
    if len(these) < 2:
        return None
    return fsum(map(mul, deviations(these), deviations(those))) / (len(these) - 1)


def variance(values: Numbers) -> float | None:
    """The sample variance (divisor n − 1)."""
    return covariance(values, values)


def deviation(values: Numbers) -> float | None:
    """The sample standard deviation."""
    spread = variance(values)
    return None if spread is None else sqrt(spread)


def correlation(these: Numbers, those: Numbers) -> float | None:
    """Pearson's r. ``None`` where one of the two does not vary."""
    shared, one, other = covariance(these, those), variance(these), variance(those)
    if shared is None or one is None or other is None or one < NOTHING or other < NOTHING:
        return None
    return min(max(shared / sqrt(one * other), -1.0), 1.0)


def efficiency(marks: Numbers, rest: Numbers) -> float | None:
    """Discriminative efficiency: the covariance reached, as a share of the largest possible.

    The largest possible is that of the same marks and the same rest scores, each sorted: the
    best marks where the rest is best (Moodle). Unlike a correlation it does not punish a
    question for being easy or hard. From −1 to 1 in practice; ``None`` if nothing varies.
    """
    largest = covariance(sorted(marks), sorted(rest))
    if largest is None or largest < NOTHING:
        return None
    reached = covariance(marks, rest)
    return None if reached is None else reached / largest


def skewness(values: Numbers) -> float | None:
    """Fisher's g of the sample, k₃ / k₂^1.5 by k-statistics (Moodle; Kendall & Stuart, vol. 1)."""
    n = len(values)
    if n < 3:
        return None
    away = deviations(values)
    second, third = fsum(d**2 for d in away) / n, fsum(d**3 for d in away) / n
    k2 = n / (n - 1) * second
    if k2 < NOTHING:
        return None
    k3 = n**2 / ((n - 1) * (n - 2)) * third
    return float(k3 / k2**1.5)


def kurtosis(values: Numbers) -> float | None:
    """Excess kurtosis of the sample, k₄ / k₂² by k-statistics: 0 for a bell curve (Moodle)."""
    n = len(values)
    if n < 4:
        return None
    away = deviations(values)
    second, fourth = fsum(d**2 for d in away) / n, fsum(d**4 for d in away) / n
    k2 = n / (n - 1) * second
    if k2 < NOTHING:
        return None
    k4 = n**2 * ((n + 1) * fourth - 3 * (n - 1) * second**2) / ((n - 1) * (n - 2) * (n - 3))
    return k4 / k2**2


def alpha(variances: Numbers, total_variance: float | None) -> float | None:
    """Cronbach's α from the variance of each question and that of the total.

    ``k/(k−1) · (1 − Σ V(question) / V(total))``; L. J. Cronbach, "Coefficient alpha and the
    internal structure of tests", Psychometrika 16 (1951), 297–334. At most 1; below 0 where
    questions contradict each other. ``None`` below two questions, or where totals are all alike.
    """
    k = len(variances)
    if k < 2 or total_variance is None or total_variance < NOTHING:
        return None
    return min(k / (k - 1) * (1 - fsum(variances) / total_variance), 1.0)


def alpha_of_parts(columns: Sequence[tuple[Sequence[int], Numbers]], asked: int) -> float | None:
    """Cronbach's α where not everybody was asked the same: from the covariance of each pair.

    ``columns`` holds for each question the numbers of those who were asked it (below
    ``asked``) and their marks. ``α = k·c̄ / (v̄ + (k−1)·c̄)`` with v̄ the mean variance, c̄ the
    mean covariance of pairs of questions over those who had both, and k the number of
    questions that somebody is asked on average; Cronbach (1951), formula 2 in its form by
    means. With complete data it is ``alpha`` exactly. ``None`` where no pair meets twice.
    """
    spread = [variance(marks) for _who, marks in columns]
    known = [each for each in spread if each is not None]
    if not known or not asked:
        return None
    away, present = [], []
    for who, marks in columns:
        row, here = [0.0] * asked, [0] * asked
        for number, distance in zip(who, deviations(marks), strict=True):
            row[number], here[number] = distance, 1
        away.append(row)
        present.append(here)
    shared = []
    for one, other in combinations(range(len(columns)), 2):
        both = sum(map(mul, present[one], present[other]))
        if both >= 2:
            shared.append(fsum(map(mul, away[one], away[other])) / (both - 1))
    if not shared:
        return None
    v, c = fsum(known) / len(known), fsum(shared) / len(shared)
    k = sum(len(marks) for _who, marks in columns) / asked
    whole = v + (k - 1) * c
    return min(k * c / whole, 1.0) if whole > NOTHING else None


def error_ratio(reliability: float | None) -> float | None:
    """What part of the spread of totals is error: ``√(1 − α)`` (Moodle)."""
    return None if reliability is None else sqrt(max(1 - reliability, 0.0))


def standard_error(spread: float | None, reliability: float | None) -> float | None:
    """Standard error of measurement: ``SD · √(1 − α)``.

    Two of three results lie within it of what the person would score on average; F. M. Lord
    & M. R. Novick, Statistical Theories of Mental Test Scores (1968).
    """
    ratio = error_ratio(reliability)
    return None if ratio is None or spread is None else spread * ratio


def cuts(totals: Numbers) -> tuple[float, float] | None:
    """The scores that bound the lower and the upper third: at most the one, at least the other.

    By score and not by place, so that equals stay together and the order of attempts is all
    the same; the thirds are then rarely thirds exactly. ``None`` where totals are all alike.
    """
    ordered = sorted(totals)
    if not ordered or ordered[0] == ordered[-1]:
        return None
    third = -(-len(ordered) // 3)
    low, high = ordered[third - 1], ordered[-third]
    if low < high:
        return low, high
    # More than a third share one score: that score goes to whichever side has none.
    if low < ordered[-1]:
        return low, next(each for each in ordered if each > low)
    return next(each for each in reversed(ordered) if each < low), low

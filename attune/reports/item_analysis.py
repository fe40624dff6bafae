"""Which attempts an item analysis counts, and what its quizzes are called.

Everything starts from ``QuizAttempt.objects.countable_by(user)``: HR's own engagements, and
for a trainer those of the own client. Filters only narrow that, and what they leave below
``MIN_ATTEMPTS`` is not shown. Periods are whole quarters and years: one that could be cut to
the day would tell what one person did by the difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import Max, Min, QuerySet
from django.db.models.functions import Length, Substr
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.coreutils import get_content_languages
from wagtail.models import Locale

from attune.cultures.models import Culture
from attune.curriculum.models import ModulePage
from attune.people.access import counted_within, knows_keys_of, reach_of
from attune.people.models import Engagement
from attune.quizzes.analysis.gathering import first_attempts
from attune.quizzes.models import QuizAttempt, QuizPage
from attune.quizzes.querysets import QuizAttemptQuerySet
from attune.reports.matrix import in_readers_language

MAX_YEARS = 5


def reads_item_analysis(user: Any) -> bool:
    """Trainers of a client, HR and managers of either side, and the administrator."""
    reach = reach_of(user)
    return reach.reads_results or bool(reach.authors_for)


def reads_keys(user: Any) -> bool:
    """Whether some client's right answers are the user's to read."""
    return knows_keys_of(user) != frozenset()


# --- Periods ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar year, or a quarter of one: its name in an address and what it bounds."""

    year: int
    quarter: int = 0

    @property
    def code(self) -> str:
        return f"{self.year}q{self.quarter}" if self.quarter else str(self.year)

    @property
    def words(self) -> str:
        if not self.quarter:
            return str(self.year)
        return _("%(year)d, quarter %(quarter)d") % {"year": self.year, "quarter": self.quarter}

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From its first moment to that of the next one."""
        if not self.quarter:
            return (
                datetime(self.year, 1, 1, tzinfo=zone),
                datetime(self.year + 1, 1, 1, tzinfo=zone),
            )
        begin = 3 * self.quarter - 2
        end = (self.year, begin + 3) if self.quarter < 4 else (self.year + 1, 1)
        return datetime(self.year, begin, 1, tzinfo=zone), datetime(*end, 1, tzinfo=zone)


def periods_between(first: datetime, last: datetime) -> list[Period]:
    """Years and their quarters, newest first."""
    found = []
    for year in range(last.year, max(first.year, last.year - MAX_YEARS + 1) - 1, -1):
        found.append(Period(year))
        begin = (first.month + 2) // 3 if year == first.year else 1
        end = (last.month + 2) // 3 if year == last.year else 4
        found += [Period(year, quarter) for quarter in range(end, begin - 1, -1)]
    return found


# --- Filters ------------------------------------------------------------------------------------


class AttemptsForm(forms.Form):
    """What the attempts can be narrowed to. Every choice is one that the reader may count."""

    engagement = forms.ModelChoiceField(
        label=gettext_lazy("Engagement"),
        queryset=Engagement.objects.none(),
        required=False,
        empty_label=gettext_lazy("All"),
    )
    culture = forms.ChoiceField(label=gettext_lazy("Target culture"), required=False)
    language = forms.ChoiceField(label=gettext_lazy("Language of the attempt"), required=False)
    period = forms.ChoiceField(label=gettext_lazy("Handed in"), required=False)
    attempts = forms.ChoiceField(
        label=gettext_lazy("Attempts"),
        required=False,
        choices=[
            ("", gettext_lazy("The first of each person")),
            ("all", gettext_lazy("All, repeated ones too")),
        ],
    )

    def __init__(self, data: Any, *, user: Any, attempts: QuizAttemptQuerySet, zone: ZoneInfo):
        """``attempts`` are those that are there to be narrowed."""
        super().__init__(data, auto_id="filter_%s")
        self.zone = zone
        self.counted = attempts
        engagement: Any = self.fields["engagement"]
        engagement.queryset = Engagement.objects.filter(
            counted_within(user, engagement="")
        ).order_by("name")
        everything = [("", _("All"))]
        languages = attempts.order_by("language").values_list("language", flat=True).distinct()
        self._choose("language", everything + [(each, language_name(each)) for each in languages])
        self._choose("culture", everything + cultures_of(attempts))
        span = attempts.aggregate(first=Min("handed_in_at"), last=Max("handed_in_at"))
        self.periods = (
            {
                each.code: each
                for each in periods_between(
                    span["first"].astimezone(zone), span["last"].astimezone(zone)
                )
            }
            if span["first"]
            else {}
        )
        self._choose(
            "period",
            [("", _("At any time")), *((each.code, each.words) for each in self.periods.values())],
        )

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    @property
    def narrows(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())

    def narrowed(self) -> QuizAttemptQuerySet:
        """The attempts that are counted: none at all where a filter is not one."""
        if not self.is_valid():
            return self.counted.none()
        chosen, attempts = self.cleaned_data, self.counted
        if chosen["engagement"]:
            attempts = attempts.filter(enrolment__engagement=chosen["engagement"])
        if chosen["language"]:
            attempts = attempts.filter(language=chosen["language"])
        if chosen["culture"]:
            attempts = attempts.filter(quiz_key__in=quizzes_about(chosen["culture"]))
        if chosen["period"]:
            begin, end = self.periods[chosen["period"]].bounds(self.zone)
            attempts = attempts.filter(handed_in_at__gte=begin, handed_in_at__lt=end)
        return attempts if chosen["attempts"] == "all" else first_attempts(attempts)


def language_name(code: str) -> str:
    """The language by its name in the site's settings; its code where it is not among them."""
    return str(get_content_languages().get(code, code))


def _in_modules() -> QuerySet[QuizPage]:
    """Quizzes with the path of the module they stand in."""
    return QuizPage.objects.annotate(
        module_path=Substr("path", 1, Length("path") - QuizPage.steplen)
    ).order_by("pk")


def quizzes_about(culture: str) -> Any:
    """Keys of the quizzes in modules about a culture, which is named by its translation key."""
    modules = ModulePage.objects.filter(target_culture__translation_key=culture)
    return (
        _in_modules()
        .filter(module_path__in=modules.order_by().values("path"))
        .order_by()
        .values("translation_key")
    )


def cultures_of(attempts: QuizAttemptQuerySet) -> list[tuple[str, str]]:
    """(translation key, name) of the cultures that these attempts were about."""
    keys = attempts.order_by().values("quiz_key")
    paths = _in_modules().filter(translation_key__in=keys).order_by().values("module_path")
    modules = ModulePage.objects.filter(path__in=paths, target_culture__isnull=False)
    wanted = modules.order_by().values("target_culture__translation_key")
    versions: dict[UUID, list[Culture]] = {}
    for culture in Culture.objects.filter(translation_key__in=wanted).select_related("locale"):
        versions.setdefault(culture.translation_key, []).append(culture)
    named = [(str(key), _own_language(found).name) for key, found in versions.items()]
    return sorted(named, key=lambda each: each[1].casefold())


def _own_language(versions: list[Culture]) -> Culture:
    active = Locale.get_active().pk
    return next((each for each in versions if each.locale_id == active), versions[0])


# --- Names ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuizName:
    """What a quiz is called in the reader's language, and in which module it stands."""

    title: str
    module: str = ""
    copies: int = 0
    """How many copies are counted beside it."""


def names_of(families: Iterable[tuple[UUID, set[UUID]]]) -> dict[UUID, QuizName]:
    """Root key → name, from the pages whose attempts are counted and no other. Two queries."""
    families = list(families)
    root_of = {key: root for root, keys in families for key in keys}
    pages: dict[UUID, list[Any]] = {}
    for page in _in_modules().filter(translation_key__in=root_of).select_related("locale"):
        pages.setdefault(root_of[page.translation_key], []).append(page)
    paths = {page.module_path for found in pages.values() for page in found}
    modules = dict(ModulePage.objects.filter(path__in=paths).values_list("path", "title"))
    names = {}
    for root, keys in families:
        found = pages.get(root, [])
        # The original before its copies, where it is among those counted.
        found.sort(key=lambda page: (page.translation_key != root, page.pk))
        if not found:
            names[root] = QuizName(_("A quiz that was removed"), copies=len(keys) - 1)
            continue
        own = [page for page in found if page.translation_key == found[0].translation_key]
        page = in_readers_language(own)
        names[root] = QuizName(page.title, modules.get(page.module_path, ""), len(keys) - 1)
    return names


def quizzes_counted(user: Any, keys: set[UUID]) -> QuizAttemptQuerySet:
    """What the user may count of a quiz and its copies."""
    return QuizAttempt.objects.countable_by(user).filter(quiz_key__in=keys)

"""What becomes of a file of questions in a bank: a plan that changes nothing.

A question is known again by the format's own id, by its own key (which an export writes),
or, where a format has no ids, by a hash of what it asks. Known again, it is compared: with
the question as it is, with what the file said when it was last taken over, and with what
the format would write of it now. Only if all three differ does it get a new revision; it
never becomes a second question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from wagtail.models import Locale

from attune.people.models import Organisation
from attune.quizzes.exchange import Draft, Finding, Format
from attune.quizzes.exchange.contract import core_of, differences, in_words, whole_of
from attune.quizzes.exchange.texts import to_plain
from attune.quizzes.import_models import QuestionSource
from attune.quizzes.questions import Question
from attune.quizzes.services.export_questions import chunks, draft_of, loaded
from attune.quizzes.services.prepare_question import Unfit, new_question

CONTENT = "content"

Tell = Callable[[int, int, str], None]
"""How many are done, of how many, and with what: as ``kinds.Work.tell`` of jobs has it."""


def tell_nobody(done: int, total: int, words: str) -> None:
    """For whoever does not ask how far it is."""


class Verdict(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True)
class Step:
    """What becomes of one question of the file. ``was`` names the question that is there."""

    verdict: Verdict
    draft: Draft
    digest: str
    scheme: str = ""
    identifier: str = ""
    question: Question | None = None
    was: Question | None = None
    reason: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        words = to_plain(self.draft.prompt) or str(self.draft.data.get("text") or "")
        return self.draft.title or words[:80]


@dataclass(slots=True)
class Plan:
    steps: list[Step]
    findings: list[Finding]
    unsaid: int
    encoding: str

    @property
    def counts(self) -> dict[str, int]:
        """How many of each verdict; questions that could not be read count as refused."""
        counted = Counter(step.verdict.value for step in self.steps)
        counted[Verdict.REFUSED.value] += sum(each.refused for each in self.findings)
        return {verdict.value: counted[verdict.value] for verdict in Verdict}

    def of(self, verdict: Verdict) -> list[Step]:
        return [step for step in self.steps if step.verdict == verdict]

    @property
    def changes_something(self) -> bool:
        return any(s.verdict in (Verdict.NEW, Verdict.CHANGED) for s in self.steps)


def plan_import(
    *,
    form: Format,
    body: bytes,
    owner: Organisation | None,
    locale: Locale,
    topic: str,
    tell: Tell = tell_nobody,
) -> Plan:
    """What importing the file would do. Writes nothing.

    :raises FileRefused: the file as a whole cannot be read.
    """
    tell(0, 0, _("Reading the file."))
    parsed = form.read(body)
    steps: list[Step] = []
    for draft in parsed.drafts:
        tell(len(steps), len(parsed.drafts), _("Checking the questions."))
        step = Step(Verdict.NEW, draft, whole_of(draft))
        steps.append(step)
        try:
            step.question = new_question(draft, owner=owner, locale=locale, topic=topic)
            identify(form, step)
        except Unfit as error:
            step.verdict, step.reason = Verdict.REFUSED, str(error)
    refuse_doubles(steps)
    fit = [step for step in steps if step.verdict != Verdict.REFUSED]
    tell(0, 0, _("Looking for them in the bank."))
    known = Known(fit, owner=owner, locale=locale)
    for number, step in enumerate(fit):
        tell(number, len(fit), _("Comparing them with the bank."))
        step.was = known.question(step)
        if step.was is not None:
            compare(form, step, known.source(step))
    return Plan(steps, parsed.findings, parsed.unsaid, parsed.encoding)


def identify(form: Format, step: Step) -> None:
    """By what the question is known again."""
    if form.scheme and step.draft.identifier:
        step.scheme, step.identifier = form.scheme, step.draft.identifier
    elif step.question is not None:
        step.scheme, step.identifier = CONTENT, content_id(step.question)


def content_id(question: Question) -> str:
    """Of the data as the type gives them, so that two ways to say the same are the same."""
    return core_of(question.kind, question.prompt, question.as_data())


def refuse_doubles(steps: Sequence[Step]) -> None:
    seen: dict[tuple[str, str], Step] = {}
    for step in steps:
        if step.verdict == Verdict.REFUSED:
            continue
        first = seen.setdefault((step.scheme, step.identifier), step)
        if first is step:
            continue
        step.verdict = Verdict.REFUSED
        words = (
            _("The same question stands in the file already (%(place)s).")
            if step.scheme == CONTENT
            else _("Its id “%(id)s” stands in the file already (%(place)s).")
        )
        step.reason = words % {"place": first.draft.place, "id": step.identifier[:60]}


class Known:
    """Which of the file's questions the bank has, found with a few queries per 500."""

    def __init__(
        self, steps: Sequence[Step], *, owner: Organisation | None, locale: Locale
    ) -> None:
        self.bank = Question.objects.non_polymorphic().filter(owner=owner, locale=locale)
        self.in_bank = Q(question__owner=owner, question__locale=locale)
        self.sources: dict[tuple[str, str], QuestionSource] = {}
        self.keys: dict[str, int] = {}
        self._find_sources(steps)
        self._find_keys(steps)
        pks = {source.question_id for source in self.sources.values()} | set(self.keys.values())
        self.questions = {each.pk: latest_of(each) for each in loaded(sorted(pks))}
        self._find_by_content(steps)

    def source(self, step: Step) -> QuestionSource | None:
        return self.sources.get((step.scheme, step.identifier))

    def question(self, step: Step) -> Question | None:
        source = self.source(step)
        pk = source.question_id if source else self.keys.get(step.identifier)
        return self.questions.get(pk) if pk is not None else None

    def _find_sources(self, steps: Sequence[Step]) -> None:
        for scheme in {step.scheme for step in steps}:
            wanted = sorted({step.identifier for step in steps if step.scheme == scheme})
            for chunk in chunks(wanted):
                for source in QuestionSource.objects.filter(
                    self.in_bank, scheme=scheme, identifier__in=chunk
                ).order_by("pk"):
                    self.sources[scheme, source.identifier] = source

    def _find_keys(self, steps: Sequence[Step]) -> None:
        """An export gives each question's own key as its id."""
        wanted = {}
        for step in steps:
            if step.scheme != CONTENT and len(step.identifier) == 36:
                try:
                    wanted[UUID(step.identifier)] = step.identifier
                except ValueError:
                    continue
        for chunk in chunks(wanted):
            rows = self.bank.filter(translation_key__in=chunk).values_list("translation_key", "pk")
            self.keys |= {wanted[key]: pk for key, pk in rows}

    def _find_by_content(self, steps: Sequence[Step]) -> None:
        """Where a file has no ids, a question written here may be the one that it means."""
        wanted = {
            step.identifier
            for step in steps
            if step.scheme == CONTENT and self.source(step) is None
        }
        if not wanted:
            return
        for question in loaded(self.bank.order_by("pk").values_list("pk", flat=True)):
            core = content_id(question)
            if core in wanted:
                self.keys.setdefault(core, question.pk)
                self.questions.setdefault(question.pk, latest_of(question))


def latest_of(question: Question) -> Question:
    """The question as its authors left it, also where that is not published yet."""
    if question.has_unpublished_changes and question.latest_revision is not None:
        draft: Question = question.with_content_json(question.latest_revision.content)
        return draft
    return question


def compare(form: Format, step: Step, source: QuestionSource | None) -> None:
    """Unchanged, changed or refused, against the question that is there."""
    was, question, draft = step.was, step.question, step.draft
    if was is None or question is None:
        raise TypeError("There is nothing to compare.")
    if was.kind != draft.kind:
        step.verdict = Verdict.REFUSED
        step.reason = _("It is in the bank as a question of another type (%(type)s).") % {
            "type": was._meta.verbose_name
        }
        return
    now = draft_of(was)
    # What the format says nothing of stays as it is.
    wanted = replace(
        draft,
        prompt=question.prompt,
        data=question.as_data(),
        title=draft.title or now.title,
        explanation=draft.explanation if draft.explanation is not None else now.explanation,
        topic=draft.topic or now.topic,
        difficulty=draft.difficulty or now.difficulty,
        tags=tags_of(question) if draft.tags is not None else now.tags,
        identifier=now.identifier,
    )
    step.verdict, step.question = Verdict.UNCHANGED, None
    if not differences(now, wanted):
        return
    if source is not None and source.digest == step.digest:
        step.notes.append(
            _("It was edited here since it was imported. The file says nothing new, so that stays.")
        )
        return
    again = rendition(form, now)
    if again is not None and says_the_same(again, draft):
        return
    step.verdict, step.draft = Verdict.CHANGED, wanted
    lost = differences(now, again) if again is not None else []
    lost = [part for part in lost if part not in (*form.never, "identifier")]
    if lost:
        step.notes.append(
            _("The format does not carry all of it; this is set anew: %(parts)s.")
            % {"parts": ", ".join(map(in_words, lost))}
        )
    if was.has_unpublished_changes:
        step.notes.append(_("It has a draft that is not published, which this goes on from."))


def tags_of(question: Question) -> tuple[str, ...]:
    return tuple(sorted(tag.name for tag in question.tags.all()))


def rendition(form: Format, draft: Draft) -> Draft | None:
    """The question as the format gives it back; None where it cannot carry it."""
    if draft.kind not in form.kinds or form.refusal(draft):
        return None
    found = form.read(form.write([draft])).drafts
    return found[0] if len(found) == 1 else None


def says_the_same(one: Draft, other: Draft) -> bool:
    return not [part for part in differences(one, other) if part != "identifier"]

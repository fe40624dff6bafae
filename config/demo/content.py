"""Turns what ``reading`` read into published pages and questions, once.

What is there already, found by its permanent key, is left exactly as it is: a trainer may
have edited it. So a second load only adds what is missing. Pages and questions are written
the way the editor writes them, as revisions that are then published, in the name of an
account that cannot sign in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from modelcluster.models import get_all_child_relations
from wagtail.models import Comment, Locale, Page, Site

from attune.case_studies.models import CaseStudyPage, ReflectiveCasePage
from attune.cultures.models import Culture
from attune.curriculum.models import (
    ClientHomePage,
    FrontPage,
    LearningUnitPage,
    ModuleLibraryPage,
    ModulePage,
    ProgrammeModule,
    ProgrammePage,
)
from attune.curriculum.services import establish_client_home
from attune.lessons.models import LessonPage
from attune.people.models import Organisation
from attune.quizzes.models import QuizPage, QuizQuestion
from attune.quizzes.questions import Question, QuestionTag, question_type
from config.demo.cases import case_page, load_card, load_norms, reflective_case_page
from config.demo.reading import ROOT, Source, key_of

SYSTEM_EMAIL = "demo-content@attune.example"
DAYS_TO_FINISH = 30

CULTURES = {
    "german-colleagues": {
        "name": "German working culture (Bremen and Chemnitz)",
        "spoken_language": "German",
        "country": "DE",
        "summary": (
            "Surnames until somebody offers the first name, times that can be planned with, "
            "criticism of the matter and not of the person, a clear end of the working day."
        ),
    },
    "us-retail": {
        "name": "US store teams (Pacific Northwest)",
        "spoken_language": "English",
        "country": "US",
        "summary": (
            "First names from the first minute, short and friendly sentences, bad news early "
            "and to anyone of any rank."
        ),
    },
}
CLIENTS = {"german-colleagues": "nordlicht", "us-retail": "cedar-pine"}

# A module that stays closed until another one is complete, so that the closed door shows.
OPENS_AFTER = {"german-colleagues/customer-service": "german-colleagues/communication"}


@dataclass(frozen=True, slots=True)
class Author:
    """In whose name, and in which language, the originals are written."""

    user: Any
    locale: Locale


def system_author() -> Author:
    """The account behind the demo content: it has no password and cannot sign in."""
    users = get_user_model()._default_manager
    user = users.filter(email=SYSTEM_EMAIL).first()
    if user is None:
        user = users.create_user(
            email=SYSTEM_EMAIL, first_name="Demo", last_name="content", is_active=False
        )
    return Author(user=user, locale=Locale.get_default())


def front_page(author: Author) -> FrontPage:
    """The site's front door, in place of Wagtail's welcome page."""
    site = Site.objects.get(is_default_site=True)
    standing = site.root_page.specific
    if isinstance(standing, FrontPage):
        return standing
    root = Page.get_first_root_node()
    front = FrontPage(title="Attune", slug="attune", locale=author.locale, owner=author.user)
    add(front, beneath=root, author=author)
    # Learning records name the address of a page, so the site's is right before the first.
    address = urlsplit(settings.WAGTAILADMIN_BASE_URL)
    site.hostname = address.hostname or site.hostname
    site.port = address.port or (443 if address.scheme == "https" else 80)
    site.root_page = front
    site.site_name = "Attune"
    site.save()
    # Only Wagtail's own welcome page goes; whatever somebody wrote stays where it is.
    if type(standing) is Page and not standing.get_children().exists():
        standing.delete()
    Site.clear_site_root_paths_cache()
    return front


def add(page: Page, *, beneath: Page, author: Author) -> None:
    """Create a page as a draft and publish it, so that the editor shows its history."""
    page.live = False
    page.owner = author.user
    beneath.add_child(instance=page)
    publish(page, author=author)


def publish(page: Any, *, author: Author) -> None:
    revision = page.save_revision(user=author.user, log_action=True)
    # The account in whose name this happens has no rights, and needs none.
    revision.publish(user=author.user, skip_permission_checks=True)
    page.refresh_from_db()


def shared_library(front: FrontPage, author: Author) -> ModuleLibraryPage:
    """The shelf for modules that belong to no client. It starts out empty."""
    found: ModuleLibraryPage | None = ModuleLibraryPage.objects.child_of(front).first()
    if found is None:
        found = ModuleLibraryPage(
            title="Shared modules",
            slug="shared-modules",
            locale=author.locale,
            translation_key=key_of("shared-modules"),
        )
        add(found, beneath=front, author=author)
    return found


def client_home(organisation: Organisation, front: FrontPage, author: Author) -> ClientHomePage:
    home: ClientHomePage | None = organisation.home_pages.filter(locale=author.locale).first()
    if home is None:
        home = establish_client_home(
            organisation=organisation, parent=front, title=organisation.name
        )
        for page in (home, library_of(home)):
            publish(page, author=author)
    return home


def library_of(home: ClientHomePage) -> ModuleLibraryPage:
    library: ModuleLibraryPage = ModuleLibraryPage.objects.child_of(home).get()
    return library


def culture_of(programme: Source, author: Author) -> Culture:
    culture, _created = Culture.objects.get_or_create(
        translation_key=key_of(f"cultures/{programme.path}"),
        locale=author.locale,
        defaults=CULTURES[programme.path],
    )
    return culture


def load_programme(
    programme: Source, *, front: FrontPage, author: Author, report: Callable[[str], None]
) -> ProgrammePage:
    """A programme with its modules, units and questions in the original language."""
    organisation = Organisation.objects.get(code=CLIENTS[programme.path])
    home = client_home(organisation, front, author)
    culture = culture_of(programme, author)
    load_norms(ROOT / programme.path, culture)
    load_card(ROOT / programme.path, organisation)
    modules = {
        module.path: load_module(
            module,
            library=library_of(home),
            organisation=organisation,
            culture=culture,
            author=author,
        )
        for module in programme.children
    }
    standing: ProgrammePage | None = _standing(ProgrammePage, programme, author)
    if standing is not None:
        return standing
    page = programme_page(programme)
    _stamp(page, programme, author)
    page.programme_modules = [
        ProgrammeModule(
            module=modules[path],
            sort_order=number,
            required=True,
            opens_after=modules.get(OPENS_AFTER.get(path, "")),
        )
        for number, path in enumerate(modules)
    ]
    page.wagtail_admin_comments.add(
        Comment(
            user=author.user,
            text=programme.values["review_note"],
            contentpath="review_note",
        )
    )
    add(page, beneath=home, author=author)
    report(f"{organisation.name}: “{page.title}”, {len(modules)} module(s)")
    return page


def load_module(
    module: Source,
    *,
    library: ModuleLibraryPage,
    organisation: Organisation,
    culture: Culture,
    author: Author,
) -> ModulePage:
    page = _standing(ModulePage, module, author)
    if page is None:
        page = module_page(module)
        page.target_culture = culture
        _stamp(page, module, author)
        add(page, beneath=library, author=author)
    for unit in module.children:
        model = unit_model(unit)
        if _standing(model, unit, author) is not None:
            continue
        child = unit_page(unit)
        _stamp(child, unit, author)
        if isinstance(child, QuizPage):
            questions = [
                load_question(question, owner=organisation, author=author)
                for question in unit.children
            ]
            child.quiz_questions = [
                QuizQuestion(
                    question=question,
                    sort_order=number,
                    locale=author.locale,
                    translation_key=key_of(f"{unit.path}/{question.translation_key}"),
                )
                for number, question in enumerate(questions)
            ] + [
                QuizQuestion(
                    **draw,
                    sort_order=len(questions) + number,
                    locale=author.locale,
                    translation_key=key_of(f"{unit.path}/draws/{number}"),
                )
                for number, draw in enumerate(unit.values["draws"])
            ]
        add(child, beneath=page, author=author)
    return page


def load_question(source: Source, *, owner: Organisation, author: Author) -> Question:
    standing: Question | None = Question.objects.filter(
        translation_key=source.key, locale=author.locale
    ).first()
    if standing is not None:
        return standing
    question: Any = filled_question(source, locale=author.locale)
    question.owner = owner
    question.live = False
    question.tags = [QuestionTag(name=name) for name in source.values["tags"]]
    question.save()
    publish(question, author=author)
    loaded: Question = question
    return loaded


# --- Unsaved instances: what a source says, in whichever language it is written -----------


def instance_of(source: Source, *, locale: Locale) -> Any:
    """The page or question that a source describes. ``locale`` matters to questions only."""
    if source.values["kind"] == "programme":
        return programme_page(source)
    if source.values["kind"] == "module":
        return module_page(source)
    if source.values["kind"] in UNIT_MODELS:
        return unit_page(source)
    return filled_question(source, locale=locale)


def programme_page(source: Source) -> ProgrammePage:
    return ProgrammePage(
        **_words(source, "title", "slug", "summary", "introduction"),
        review_note=source.values["learner_note"],
        objectives=_stream(ProgrammePage, "objectives", source),
        due_after_days=DAYS_TO_FINISH,
    )


def module_page(source: Source) -> ModulePage:
    return ModulePage(
        **_words(source, "title", "slug", "summary", "topic", "minutes", "validity_months"),
        objectives=_stream(ModulePage, "objectives", source),
    )


UNIT_MODELS: dict[str, type[LearningUnitPage]] = {
    "lesson": LessonPage,
    "quiz": QuizPage,
    "case": CaseStudyPage,
    "reflective_case": ReflectiveCasePage,
}


def unit_model(source: Source) -> type[LearningUnitPage]:
    return UNIT_MODELS[source.values["kind"]]


def unit_page(source: Source) -> LearningUnitPage:
    words = _words(source, "title", "slug", "summary", "minutes", "required")
    if source.values["kind"] == "case":
        return case_page(source, words)
    if source.values["kind"] == "reflective_case":
        return reflective_case_page(source, words)
    if source.values["kind"] == "quiz":
        rules = _words(source, "pass_mark", "attempts_allowed", "time_limit", "wait_minutes")
        return QuizPage(**words, **rules, **_words(source, "introduction"))
    return LessonPage(**words, body=_stream(LessonPage, "body", source))


def filled_question(source: Source, *, locale: Locale) -> Question:
    """A question with its own fields; the keys of its parts follow from their places."""
    question = question_type(source.values["kind"])(
        translation_key=source.key,
        locale=locale,
        **_words(source, "title", "prompt", "explanation", "topic"),
    )
    question.fill(source.values["own"])
    for relation in get_all_child_relations(question):
        name = relation.get_accessor_name()
        for number, part in enumerate(getattr(question, name).all()):
            if hasattr(part, "translation_key"):
                part.translation_key = key_of(f"{source.path}/{name}/{number}")
    return question


def _words(source: Source, *names: str) -> dict[str, Any]:
    return {name: source.values[name] for name in names}


def _stream(model: Any, name: str, source: Source) -> Any:
    return model._meta.get_field(name).stream_block.to_python(source.values[name])


def _stamp(page: Page, source: Source, author: Author) -> None:
    page.translation_key = source.key
    page.locale = author.locale


def _standing(model: Any, source: Source, author: Author) -> Any:
    return model.objects.filter(translation_key=source.key, locale=author.locale).first()

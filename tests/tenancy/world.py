"""Two tenants, alike in everything, each of whose texts holds a canary of its own.

A tenant is a client with its vendor. ``Kormoran`` stands in every title of both, so that a
search finds whatever the searcher may find without having to name a canary. A *subject* is
something that an address can be about: the arguments that lead to it, by the names that
URL patterns give them.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from string import ascii_lowercase
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from wagtail.admin.models import EditingSession
from wagtail.contrib.redirects.models import Redirect
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import (
    Collection,
    CollectionViewRestriction,
    Comment,
    CommentReply,
    Locale,
    Page,
    PageViewRestriction,
    ReferenceIndex,
    Site,
    UploadedFile,
)
from wagtail_localize.models import (
    OverridableSegment,
    StringSegment,
    StringTranslation,
    Translation,
    TranslationSource,
)
from wagtailmedia.models import get_media_model

from attune.curriculum.models import ClientCollection, FrozenContent
from attune.enrolments.models import Assignment, ModuleEvidence
from attune.enrolments.readers import reader_for
from attune.enrolments.services import (
    assign,
    exempt,
    pause,
    publish_material_change,
    waive_module,
)
from attune.enrolments.states import State
from attune.jobs.models import Job, JobPart
from attune.lessons.services import answer_self_check, confirm_lesson
from attune.notices.kinds import ALERT
from attune.notices.models import AlertRule, Destination, Message
from attune.notices.services import Draft, write
from attune.people.importing.services import choose_columns, keep_file
from attune.people.models import Person
from attune.people.services.invite import token_for
from attune.quizzes.marking import criteria_of
from attune.quizzes.models import AttemptQuestion, QuestionImport, QuizAttempt
from attune.quizzes.questions import question_types
from attune.quizzes.services import (
    ask_regrade,
    hand_in,
    mark_answer,
    run_regrade,
    save_answer,
    start_attempt,
    write_question,
)
from attune.xapi.models import Delivery, Lane, Replay, StatementRecord
from tests import factories
from tests.factories import Role
from tests.quizzes.kinds import KINDS
from tests.quizzes.support import quiz_of, right_answer
from tests.tenancy import card_world
from tests.tenancy.canaries import Canary, canary
from tests.tenancy.case_world import branching_case, decided, drafted
from tests.tenancy.reflection_world import case_to_read, reflected
from tests.tenancy.rule_world import ruled

WORD = "Kormoran"
CAPTIONED = "5e1fc4ec-0000-4000-8000-000000000002"


@dataclass
class Tenant:
    mark: str
    planted: set[Canary] = field(default_factory=set)
    people: dict[str, Person] = field(default_factory=dict)
    subjects: dict[str, dict[str, Any]] = field(default_factory=dict)
    things: dict[str, Any] = field(default_factory=dict)
    shared: set[str] = field(default_factory=set)
    """Subjects that the other tenant may meet as well: a person who works for both."""

    @property
    def numbers(self) -> dict[str, Any]:
        """What somebody else might put into a query string, by name."""
        lesson = self.subjects["page lesson"]
        return {
            **{
                name: self.subjects[name]["pk"]
                for name in ("client", "vendor", "engagement", "team", "vendorplace", "collection")
            },
            "programme": self.things["pages"]["programme"].translation_key,
            "quiz_key": self.things["pages"]["quiz"].translation_key,
            "user": self.people["trainer"].user_id,
            "workflow": self.subjects["workflow"]["pk"],
            "task": self.subjects["task"]["pk"],
            "page": lesson["page_id"],
            "path": lesson["positional"][0],
        }

    def plant(self, kind: str) -> str:
        self.planted.add((self.mark, kind))
        return canary(self.mark, kind)

    def title(self, kind: str) -> str:
        return f"{WORD} {self.plant(kind)}"

    def subject(self, name: str, **arguments: Any) -> None:
        self.subjects[name] = arguments


@dataclass
class World:
    tenants: dict[str, Tenant]
    administrator: Person

    def other(self, mark: str) -> Tenant:
        (other,) = (tenant for key, tenant in self.tenants.items() if key != mark)
        return other


def build() -> World:
    factories.german()
    front = factories.front_page()
    front.copy_for_translation(Locale.objects.get(language_code="de")).save_revision().publish()
    administrator = factories.person("Alex Administrator", superuser=True)
    culture = factories.culture("German")
    # Works at both vendors: what each of them knows stays with it.
    between = factories.person("Bea Between", email="between@example.test")
    tenants = {mark: Tenant(mark) for mark in "nc"}
    for tenant in tenants.values():
        _organisations(tenant)
        _people(tenant, between)
        _people_files(tenant)
        _media(tenant)
        _questions(tenant)
        _pages(tenant, culture)
        card_world.build(tenant, culture)
        _drafts(tenant)
        _reviews(tenant)
        _translations(tenant)
        _learning(tenant, between)
        _the_administrators_own(tenant)
        _shared_by_all(tenant, culture)
    _crossed(tenants["n"], tenants["c"])
    _crossed(tenants["c"], tenants["n"])
    # What a save leaves to a background worker.
    for model in (Page, get_image_model(), get_document_model(), get_media_model()):
        for row in model.objects.all():
            ReferenceIndex.create_or_update_for_object(getattr(row, "specific", row))
    return World(tenants, administrator)


BULK = (
    ("page lesson", "wagtailcore", "page", ("delete", "move", "publish", "unpublish")),
    ("image", "wagtailimages", "image", ("delete", "add_tags", "add_to_collection")),
    ("document", "wagtaildocs", "document", ("delete", "add_tags", "add_to_collection")),
    ("user agent", "attune_accounts", "user", ("delete", "assign_role", "set_active_state")),
)


def _crossed(own: Tenant, other: Tenant) -> None:
    """Own things named together with what belongs to a foreign one."""
    mixed = (
        "revision_id", "workflow_state_id", "task_state_id", "task_id", "string_segment_id",
        "overridable_segment_id",
    )  # fmt: skip
    for name in (
        "page lesson",
        "page rejected",
        "question choice",
        "translation page germanlesson",
    ):
        foreign = other.subjects[name]
        swapped = {key: foreign[key] for key in mixed if key in foreign}
        own.subjects[f"cross {name}"] = {
            **own.subjects[name],
            **swapped,
            "revision_id_a": str(foreign.get("revision_id", "")),
            "destination_id": foreign.get("destination_id", 0),
        }
    for name in ("page lesson", "document", "image"):
        subject = own.subjects[name]
        own.subject(f"pick {name.split()[0]}", query=f"id={subject['pk']}")
    for question in own.things["questions"]:
        own.subject(f"pick question {question.kind}", query=f"id={question.pk}")
        own.subject(
            f"bulk question {question.kind}", query=f"id={question.pk}",
            app_label=question._meta.app_label, model_name=question._meta.model_name,
            action="delete",
        )  # fmt: skip
    for name, app_label, model_name, actions in BULK:
        for action in actions:
            own.subject(
                f"bulk {name} {action}", query=f"id={own.subjects[name]['pk']}",
                app_label=app_label, model_name=model_name, action=action,
            )  # fmt: skip
        everything = f"id=all&childOf={own.subjects['page home']['pk']}"
        own.subject(
            f"bulk all {model_name}", query=everything, app_label=app_label,
            model_name=model_name, action="delete",
        )  # fmt: skip
        if model_name != "page":
            own.shared.add(f"bulk all {model_name}")


def _shared_by_all(tenant: Tenant, culture: Any) -> None:
    """Things of no tenant, which some addresses want all the same."""
    tenant.subject("culture", pk=culture.pk, app_label="attune_cultures", model_name="culture")
    tenant.subject("locale", pk=Locale.objects.get(language_code="de").pk)
    tenant.subject("site", pk=Site.objects.get().pk)
    tenant.subject("tagmodel", app_name="taggit", model_name="tag")
    tenant.subject("setting", app_name="attune_people", model_name="person", pk=1)
    user = tenant.people["trainer"].user
    tenant.subject(
        "password link",
        uidb64=urlsafe_base64_encode(force_bytes(user.pk)),
        token=default_token_generator.make_token(user),
    )


# --- People ---------------------------------------------------------------------------------


def _organisations(tenant: Tenant) -> None:
    client = factories.organisation(tenant.title("client"), tenant.plant("clientcode"), "client")
    vendor = factories.organisation(tenant.title("vendor"), tenant.plant("vendorcode"), "vendor")
    engagement = factories.engagement(
        client, vendor, name=tenant.title("engagement"), code=tenant.plant("engagementcode")
    )
    team = factories.team(engagement, tenant.title("team"))
    places = {
        "clientplace": factories.location(
            client, tenant.title("clientplace"), country="DE", time_zone="Europe/Berlin"
        ),
        "vendorplace": factories.location(
            vendor, tenant.title("vendorplace"), country="PH", time_zone="Asia/Manila"
        ),
    }
    tenant.things |= {
        "client": client,
        "vendor": vendor,
        "engagement": engagement,
        "team": team,
        **places,
    }
    tenant.subject("client", pk=client.pk)
    tenant.subject("vendor", pk=vendor.pk)
    tenant.subject("engagement", pk=engagement.pk)
    tenant.subject("team", pk=team.pk)
    for name, place in places.items():
        tenant.subject(name, pk=place.pk)
    tenant.subject("group", pk=client.trainers.pk)


def _people(tenant: Tenant, between: Person) -> None:
    vendor, client = tenant.things["vendor"], tenant.things["client"]
    at_vendor, at_client = tenant.things["vendorplace"], tenant.things["clientplace"]

    def person(kind: str, *roles: str, employer: Any, place: Any) -> Person:
        made = factories.person(
            tenant.title(kind), email=f"{tenant.plant(f'{kind}mail')}@example.test"
        )
        made.memberships.add(
            factories.employ(
                made, employer, *roles, location=place, job_title=tenant.title(f"{kind}job")
            )
        )
        job = made.memberships.get()
        job.external_id = tenant.plant(f"{kind}number")
        job.save()
        tenant.people[kind] = made
        return made

    for kind in ("agent", "colleague", "bench"):
        person(kind, Role.AGENT, employer=vendor, place=at_vendor)
    person("vendorhr", Role.HR, employer=vendor, place=at_vendor)
    person("clienthr", Role.HR, employer=client, place=at_client)
    person("trainer", Role.TRAINER, employer=client, place=at_client)
    person("clerk", Role.IN_HOUSE, employer=client, place=at_client)
    rows = {
        kind: factories.put_in_team(tenant.people[kind], tenant.things["team"])
        for kind in ("agent", "colleague")
    }
    factories.employ(
        between, vendor, Role.AGENT, location=at_vendor, job_title=tenant.title("betweenjob")
    )
    rows["between"] = factories.put_in_team(between, tenant.things["team"])

    invited = Person.objects.create(
        full_name=tenant.title("invited"),
        invited_email=f"{tenant.plant('invitedmail')}@example.test",
    )
    factories.employ(invited, vendor, Role.AGENT)
    tenant.subject("invited", pk=invited.pk, person_id=invited.pk, token=token_for(invited))
    for kind, one in {**tenant.people, "between": between}.items():
        job = one.memberships.get(organisation__in=[vendor, client])
        tenant.subject(f"person {kind}", pk=one.pk, person_id=one.pk)
        tenant.subject(f"job {kind}", pk=job.pk)
        tenant.subject(f"user {kind}", pk=one.user_id)
    tenant.shared |= {"person between", "user between"}
    for kind, row in rows.items():
        tenant.subject(f"team row {kind}", pk=row.pk)


def _people_files(tenant: Tenant) -> None:
    """A file of people that HR uploaded and tried, with a line that is refused."""
    rows = (
        f"{tenant.title('filedperson')},{tenant.plant('filedmail')}@example.test,,2026-01-05",
        f"{tenant.title('faultyperson')},nobody,{tenant.plant('filedjob')},2026-01-05",
    )
    hr = tenant.people["vendorhr"].user
    kept = keep_file(
        organisation=tenant.things["vendor"],
        file_name=tenant.title("peoplefile"),
        body="\n".join(["Name,E-mail,Job title,Hired on", *rows]).encode(),
        by=hr,
        now=timezone.now(),
        applies_on=timezone.now().date(),
    )
    choose_columns(kept=kept, columns=kept.columns, date_order="ymd", by=hr)
    tenant.subject("imported people", deed=kept.deed)


# --- Files --------------------------------------------------------------------------------


def _media(tenant: Tenant) -> None:
    collection = ClientCollection.objects.get_or_create(
        organisation=tenant.things["client"],
        defaults={
            "collection": Collection.get_first_root_node().add_child(
                name=tenant.things["client"].code
            )
        },
    )[0].collection
    vault = collection.add_child(name=tenant.title("vault"))
    restriction = CollectionViewRestriction.objects.create(
        collection=vault, restriction_type="password", password="offen"
    )
    user = tenant.people["trainer"].user
    image = get_image_model().objects.create(
        title=tenant.title("image"),
        file=get_test_image_file(f"{tenant.plant('imagefile')}.png"),
        description=tenant.plant("imagetext"),
        collection=collection,
        uploaded_by_user=user,
    )
    image.tags.add(f"{WORD} {tenant.plant('imagetag')}")
    unused = get_image_model().objects.create(
        title=tenant.title("unusedimage"),
        file=get_test_image_file("unused.png"),
        collection=collection,
        uploaded_by_user=user,
    )
    documents = {}
    for kind, place in (("document", collection), ("vaultdocument", vault)):
        documents[kind] = get_document_model().objects.create(
            title=tenant.title(kind),
            file=ContentFile(
                tenant.plant(f"{kind}text").encode(), f"{tenant.plant(f'{kind}file')}.txt"
            ),
            collection=place,
            uploaded_by_user=user,
        )
    documents["document"].tags.add(f"{WORD} {tenant.plant('documenttag')}")
    media = get_media_model().objects.create(
        title=tenant.title("media"),
        file=ContentFile(b"moving", f"{tenant.plant('mediafile')}.mp4"),
        type="video",
        duration=3,
        collection=collection,
        uploaded_by_user=user,
    )
    media.tags.add(f"{WORD} {tenant.plant('mediatag')}")
    tenant.things |= {
        "collection": collection,
        "image": image,
        "document": documents["document"],
        "vault document": documents["vaultdocument"],
        "media": media,
    }
    tenant.subject("collection", pk=collection.pk, collection_id=collection.pk)
    tenant.subject("vault", pk=vault.pk, collection_id=vault.pk, restriction_id=restriction.pk)
    for name, row in (("image", image), ("unused image", unused)):
        tenant.subject(
            name, pk=row.pk, image_id=row.pk, filter_spec="width-100", app_label="wagtailimages",
            model_name="image",
        )  # fmt: skip
    for name in ("document", "vault document"):
        row = tenant.things[name]
        tenant.subject(
            name, pk=row.pk, document_id=row.pk, doc_id=row.pk, positional=(row.pk, row.filename)
        )
    tenant.subject("media", pk=media.pk, media_id=media.pk, media_type="video")
    for name, model in (
        ("image upload", get_image_model()),
        ("document upload", get_document_model()),
    ):
        upload = UploadedFile.objects.create(
            for_content_type=ContentType.objects.get_for_model(model),
            file=ContentFile(b"waiting", f"{tenant.plant(name.replace(' ', ''))}.bin"),
            uploaded_by_user=user,
        )
        tenant.subject(name, uploaded_file_id=upload.pk)


# --- Questions ------------------------------------------------------------------------------


# Texts of a question that only its author sees, or that have a form of their own.
UNPLANTED = {"unit", "accepted", "mode"}


def _data(tenant: Tenant, kind: str) -> dict[str, Any]:
    """The type's first example, with a canary in each of its texts."""

    def planted(value: Any, *path: str) -> Any:
        if isinstance(value, dict):
            return {name: planted(each, *path, name) for name, each in value.items()}
        if isinstance(value, list):
            return [
                planted(each, *path, ascii_lowercase[number]) for number, each in enumerate(value)
            ]
        if not isinstance(value, str) or UNPLANTED & set(path) or _is_number(value):
            return value
        word = "".join((kind, *path)).replace("_", "")
        return f"{value} {tenant.plant(word)}".strip()

    data: dict[str, Any] = planted(dict(next(iter(KINDS[kind].examples.values()))))
    return data


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def _word(question: Any) -> str:
    return str(question.kind.replace("_", ""))


def _questions(tenant: Tenant) -> None:
    user = tenant.people["trainer"].user
    tenant.things["questions"] = []
    for model in question_types():
        word = _word(model)
        question = write_question(
            kind=model.kind,
            owner=tenant.things["client"],
            locale=Locale.get_default(),
            title=tenant.title(f"{word}title"),
            prompt=f"<p>{tenant.plant(f'{word}prompt')}</p>",
            explanation=f"<p>{tenant.plant(f'{word}explanation')}</p>",
            data=_data(tenant, model.kind),
            tags=[tenant.plant(f"{word}tag")],
            user=user,
        )
        tenant.things["questions"].append(question)
    kept = QuestionImport.objects.create(
        owner=tenant.things["client"],
        locale=Locale.get_default(),
        topic="etiquette",
        format="gift",
        file_name=f"{tenant.title('importedfile')}.txt",
        body=f"::{tenant.plant('importedtitle')}::True? {{T}}".encode(),
        uploaded_by=user,
        uploaded_at=timezone.now(),
    )
    tenant.subject("imported questions", deed=kept.deed)
    job = Job.objects.create(
        kind="attune_quizzes.try_import",
        title=tenant.title("jobtitle"),
        words=tenant.plant("jobwords"),
        payload={"deed": str(kept.deed)},
        state=Job.State.RUNNING,
        asked_by=user,
        asked_at=timezone.now(),
    )
    errors = [["line 1", tenant.plant("joberror"), ""]]
    JobPart.objects.create(job=job, what=JobPart.What.ERRORS, rows=errors)
    tenant.subject("background job", uuid=job.uuid)


def _question_subjects(tenant: Tenant) -> None:
    for question in tenant.things["questions"]:
        question.refresh_from_db()
        tenant.subject(
            f"question {question.kind}", pk=question.pk, question_id=question.pk,
            **_about_revisions(question),
            app_label=question._meta.app_label, model_name=question._meta.model_name,
        )  # fmt: skip


# --- Pages -----------------------------------------------------------------------------------


def _pages(tenant: Tenant, culture: Any) -> None:
    home = factories.client_home(tenant.things["client"])
    home.introduction = f"<p>{tenant.plant('homeintro')}</p>"
    home.save_revision(user=tenant.people["trainer"].user).publish()
    library = factories.library_of(home)
    library.title = tenant.title("library")
    library.save_revision().publish()
    module = factories.module(
        library,
        tenant.title("module"),
        summary=tenant.plant("modulesummary"),
        target_culture=culture,
        objectives=[("objective", tenant.plant("moduleobjective"))],
    )
    short = factories.module(library, tenant.title("shortmodule"))
    pages = {
        "reviewed": factories.lesson(module, tenant.title("reviewed"), live=False),
        "alias": None,
        "home": home,
        "library": library,
        "module": module,
        "short module": short,
        "lesson": factories.lesson(
            module, tenant.title("lesson"), summary=tenant.plant("lessonsummary"), body=_body(tenant)
        ),
        "short lesson": factories.lesson(short, tenant.title("shortlesson")),
        "quiz": quiz_of(
            module,
            *tenant.things["questions"],
            title=tenant.title("quiz"),
            introduction=f"<p>{tenant.plant('quizintro')}</p>",
        ),
        "case": branching_case(tenant, module),
        "read": case_to_read(tenant, module),
        "rejected": factories.lesson(module, tenant.title("rejected"), live=False),
        "draft": factories.lesson(
            module, tenant.title("draft"), live=False,
            body=[factories.paragraph(f"<p>{tenant.plant('draftbody')}</p>")],
        ),
        "programme": factories.programme(
            home, module, short, title=tenant.title("programme"),
            summary=tenant.plant("programmesummary"),
            introduction=f"<p>{tenant.plant('programmeintro')}</p>",
            objectives=[("objective", tenant.plant("programmeobjective"))],
            review_note=tenant.plant("reviewnote"),
        ),
    }  # fmt: skip
    pages["alias"] = pages["short lesson"].create_alias(
        parent=module, update_slug=tenant.plant("aliasslug")
    )
    tenant.things["pages"] = pages
    restriction = PageViewRestriction.objects.create(
        page=home, restriction_type="password", password="offen"
    )
    tenant.things["page restriction"] = restriction


def _body(tenant: Tenant) -> list[dict[str, Any]]:
    image, media, document = (tenant.things[name] for name in ("image", "media", "document"))
    plant = tenant.plant
    return [
        factories.paragraph(
            f'<p>{WORD} {plant("lessontext")} '
            f'<a linktype="document" id="{document.pk}">{plant("documentlink")}</a></p>'
        ),
        {
            "type": "image",
            "value": {
                "image": {"image": image.pk, "alt_text": plant("alt"), "decorative": False},
                "caption": plant("caption"),
            },
        },
        {
            "type": "media",
            "id": CAPTIONED,
            "value": {
                "media": media.pk,
                "transcript": plant("transcript"),
                "captions": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{plant('vtt')}",
            },
        },
        {
            "type": "dialogue",
            "value": {
                "setting": plant("setting"),
                "lines": [
                    {"speaker": "Klaus", "says": plant("says"), "heard": plant("heard")},
                    {"speaker": "Maria", "says": "Yes.", "heard": ""},
                ],
            },
        },
        {
            "type": "self_check",
            "id": "5e1fc4ec-0000-4000-8000-000000000001",
            "value": {
                "question": plant("checkquestion"),
                "options": [
                    {"text": plant("checkoption"), "correct": True, "feedback": plant("checkfeedback")},
                    {"text": "No.", "correct": False, "feedback": ""},
                ],
                "explanation": plant("checkexplanation"),
            },
        },
    ]  # fmt: skip


def _drafts(tenant: Tenant) -> None:
    """What stands in revisions only: not a word of it is published."""
    user = tenant.people["trainer"].user
    pages = tenant.things["pages"]
    for kind in ("home", "programme", "module", "lesson", "quiz"):
        page = pages[kind]
        page.save_revision(user=user, log_action=True)
        draft = page.get_latest_revision_as_object()
        draft.title = tenant.title(f"{kind}draft")
        draft.save_revision(user=user, log_action=True)
        page.refresh_from_db()
    drafted(tenant, pages["case"])
    for kind in ("draft", "reviewed", "rejected", "short lesson", "short module", "library"):
        pages[kind].save_revision(user=user, log_action=True)
        pages[kind].refresh_from_db()
    scheduled = pages["draft"].get_latest_revision_as_object()
    scheduled.go_live_at = timezone.now() + timedelta(days=3)
    scheduled.save_revision(user=user, approved_go_live_at=scheduled.go_live_at, log_action=True)
    pages["draft"].refresh_from_db()
    for question in tenant.things["questions"]:
        draft = question.get_latest_revision_as_object()
        draft.title = tenant.title(f"{_word(question)}draft")
        draft.prompt = f"<p>{tenant.plant(f'{_word(question)}draftprompt')}</p>"
        draft.save_revision(user=user, log_action=True)
    comment = Comment.objects.create(
        page=Page.objects.get(pk=pages["lesson"].pk),
        user=user,
        text=tenant.plant("comment"),
        contentpath="title",
    )
    CommentReply.objects.create(comment=comment, user=user, text=tenant.plant("commentreply"))
    lesson = pages["short lesson"]
    lesson.locked, lesson.locked_by, lesson.locked_at = True, user, timezone.now()
    lesson.save()


def _reviews(tenant: Tenant) -> None:
    user = tenant.people["trainer"].user
    pages = tenant.things["pages"]
    workflow = pages["home"].get_workflow()
    workflow.start(pages["reviewed"], user)
    state = workflow.start(pages["rejected"], user)
    state.current_task_state.specific.reject(user=user, comment=tenant.plant("workflowcomment"))
    for question in tenant.things["questions"]:
        question.refresh_from_db()
        state = workflow.start(question, user)
        state.current_task_state.specific.reject(
            user=user, comment=tenant.plant(f"{_word(question)}comment")
        )
        # Submitted once more, so that a decision is due.
        state.refresh_from_db()
        state.resume(user)
    _question_subjects(tenant)
    task = workflow.tasks.get()
    tenant.subject("workflow", pk=workflow.pk, page_pk=pages["home"].pk, workflow_pk=workflow.pk)
    tenant.subject(
        "task", pk=task.pk, task_id=task.pk, app_label="wagtailcore",
        model_name="groupapprovaltask",
    )  # fmt: skip
    for name, page in pages.items():
        page.refresh_from_db()
        tenant.subject(
            f"page {name}",
            **_about_revisions(page),
            **dict.fromkeys(("pk", "page_id", "parent_page_id", "page_to_move_id", "page_pk"), page.pk),
            destination_id=pages["short module"].pk,
            app_label=page._meta.app_label,
            model_name=page._meta.model_name,
            **_child_of(page),
            page_view_restriction_id=tenant.things["page restriction"].pk,
            **_served(page),
        )  # fmt: skip
        session = EditingSession.objects.create(
            user=user,
            content_type=ContentType.objects.get_for_model(type(page)),
            object_id=str(page.pk),
            last_seen_at=timezone.now(),
        )
        tenant.subject(
            f"session {name}", session_id=session.pk, app_label=page._meta.app_label,
            model_name=page._meta.model_name, object_id=page.pk,
        )  # fmt: skip


def _child_of(page: Page) -> dict[str, str]:
    """A type that may stand beneath the page; its own where nothing may."""
    types = page.creatable_subpage_models()
    meta = (types[0] if types else type(page))._meta
    return {"content_type_app_name": meta.app_label, "content_type_model_name": meta.model_name}


def _served(page: Page) -> dict[str, Any]:
    """Where readers find it: the same pattern for every page."""
    path = page.url_path.split("/", 2)[2]
    return {"positional": (path,), "language": page.locale.language_code}


def _about_revisions(row: Any) -> dict[str, Any]:
    """The arguments for a page's or a question's revisions and reviews, real where there are any."""
    state = row.workflow_states.order_by("-pk").first()
    task_state = state.task_states.order_by("-pk").first() if state else None
    scheduled = row.scheduled_revision
    return {
        "revision_id": (scheduled or row.latest_revision or row.alias_of.latest_revision).pk,
        "revision_id_a": "earliest",
        "revision_id_b": "latest",
        "workflow_state_id": state.pk if state else 0,
        "task_state_id": task_state.pk if task_state else 0,
        "task_id": task_state.task_id if task_state else 0,
        "action_name": "approve",
        "action": "delete",
    }


# --- Languages ------------------------------------------------------------------------------


def _translations(tenant: Tenant) -> None:
    german = Locale.objects.get(language_code="de")
    pages = tenant.things["pages"]
    for kind in ("home", "library", "module", "lesson"):
        _translate(tenant, pages[kind], german, title=f"german{kind}")
    for question in tenant.things["questions"]:
        _translate(tenant, question, german, title=f"german{_word(question)}")
    translated = pages["lesson"].get_translation(german)
    tenant.subject(
        "page german lesson",
        **_about_revisions(translated),
        **dict.fromkeys(
            ("pk", "page_id", "parent_page_id", "page_to_move_id", "page_pk"), translated.pk
        ),
        destination_id=pages["short module"].get_parent().pk,
        app_label="attune_lessons",
        model_name="lessonpage",
        content_type_app_name="attune_lessons",
        content_type_model_name="lessonpage",
        page_view_restriction_id=tenant.things["page restriction"].pk,
        **_served(translated),
    )


def _translate(tenant: Tenant, row: Any, locale: Locale, *, title: str) -> None:
    source, _created = TranslationSource.get_or_create_from_instance(row)
    translation = Translation.objects.create(source=source, target_locale=locale)
    segment = StringSegment.objects.filter(source=source, context__path="title").first()
    StringTranslation.objects.create(
        translation_of=segment.string,
        locale=locale,
        context=segment.context,
        data=tenant.title(title),
        last_translated_by=tenant.people["trainer"].user,
    )
    translation.save_target(user=tenant.people["trainer"].user)
    overridable = OverridableSegment.objects.filter(source=source).first()
    kind = "question" if row in tenant.things["questions"] else "page"
    tenant.subject(
        f"translation {kind} {title}",
        translation_id=translation.pk,
        translation_source_id=source.pk,
        string_segment_id=segment.pk,
        overridable_segment_id=overridable.pk if overridable else 0,
        mode="default",
    )


# --- Learning ---------------------------------------------------------------------------------


def _learning(tenant: Tenant, between: Person) -> None:
    now = timezone.now()
    pages, engagement = tenant.things["pages"], tenant.things["engagement"]

    def owes(person: Person, note: str) -> Any:
        return assign(
            person=person,
            programme=pages["programme"],
            engagement=engagement,
            now=now,
            due_at=now + timedelta(days=30),
            note=tenant.plant(note),
            assigned_by=tenant.people["vendorhr"].user,
        )

    agent, colleague = tenant.people["agent"], tenant.people["colleague"]
    enrolments = {
        "agent": owes(agent, "agentnote"),
        "colleague": owes(colleague, "colleaguenote"),
        "between": owes(between, "betweennote"),
        "bench": owes(tenant.people["bench"], "benchnote"),
    }
    waive_module(
        enrolment=enrolments["colleague"],
        module=pages["short module"],
        reason=tenant.plant("waivereason"),
        now=now,
    )
    _an_answer_that_waits(tenant, now=now)
    pause(enrolment=enrolments["colleague"], reason=tenant.plant("pausereason"), now=now)
    exempt(enrolment=enrolments["bench"], reason=tenant.plant("exemptreason"), now=now)
    for kind in ("short lesson", "lesson"):
        lesson = pages[kind]
        reader = reader_for(agent.user, lesson)
        for block_id in lesson.self_checks():
            answer_self_check(reader=reader, lesson=lesson, block_id=block_id, chosen=[0], now=now)
        confirm_lesson(reader=reader, lesson=lesson, now=now)
    publish_material_change(
        module=pages["short module"],
        reason=tenant.plant("changereason"),
        due_at=now + timedelta(days=20),
        published_by=tenant.people["trainer"].user,
        now=now,
    )
    quiz = pages["quiz"]
    reader = reader_for(agent.user, quiz)
    attempt = start_attempt(reader=reader, quiz=quiz, now=now)
    for row in attempt.questions.all():
        save_answer(
            attempt=attempt, position=row.position, raw=right_answer(row), sequence=1, now=now
        )
    done = hand_in(attempt=attempt, reader=reader, now=now)
    for answer in done.questions.filter(needs_marking=True):
        criteria = criteria_of(answer.item, weight=answer.weight)
        mark_answer(
            question=answer,
            marker=tenant.people["trainer"].user,
            points=[each.points for each in criteria],
            comment=tenant.plant("markcomment"),
            now=now,
        )
    tenant.subject("attempt done", deed=done.deed, position=1)
    _regrade(tenant, now=now)
    open_attempt = start_attempt(reader=reader, quiz=quiz, now=now)
    first = open_attempt.questions.order_by("position").first()
    tenant.subject("attempt open", deed=open_attempt.deed, position=first.position)
    decided(tenant, pages["case"], agent, now=now)
    reflected(tenant, pages["read"], agent, now=now)
    about = {"quiz_key": attempt.quiz_key, "question_key": first.question_key}
    tenant.subject("analysis quiz", **about)
    tenant.subject("analysis question", **about)
    for kind in ("lesson", "quiz"):
        tenant.subject(
            f"unit {kind}",
            unit_id=pages[kind].pk,
            lesson_id=pages[kind].pk,
            quiz_id=pages[kind].pk,
            block_id=CAPTIONED,
        )
    for kind in ("programme", "module", "lesson", "quiz"):
        tenant.subject(f"activity {kind}", kind=kind, key=pages[kind].translation_key)
    tenant.subject("activity question", kind="question", key=first.question_key)
    case, lesson = pages["case"], pages["lesson"]
    for name, page, part, place in (
        ("scene", case, "scenes", case.scenes.first().key),
        ("check", lesson, "checks", next(iter(lesson.self_checks()), CAPTIONED)),
    ):
        tenant.subject(
            f"part {name}",
            kind=page.unit_kind,
            key=page.translation_key,
            part=part,
            place=place,
        )
    for kind, enrolment in enrolments.items():
        tenant.subject(f"enrolment {kind}", enrolment_id=enrolment.pk)
        reason = Assignment.objects.filter(enrolment=enrolment).first()
        tenant.subject(f"assignment {kind}", assignment_id=reason.pk)
    # The newest, which is complete: the door asks before it is done.
    earned = ModuleEvidence.objects.filter(
        enrolment=enrolments["agent"], state=State.COMPLETED
    ).latest("pk")
    tenant.subject("evidence agent", evidence_id=earned.pk)
    tenant.things["enrolments"] = enrolments
    ruled(tenant, pages["programme"], now=now)


def _regrade(tenant: Tenant, *, now: Any) -> None:
    """Of the true-false question: its key was mended and its answers were graded again."""
    question = next(each for each in tenant.things["questions"] if each.kind == "true_false")
    shown = AttemptQuestion.objects.filter(question_key=question.translation_key).last().frozen
    mended = FrozenContent.objects.freeze(
        kind=shown.kind,
        key=shown.key,
        language=shown.language,
        body={**shown.body, "answer": not shown.body["answer"]},
        revision_id=None,
    )
    regrade = ask_regrade(
        question=question,
        target="version",
        version=mended,
        reason=tenant.plant("regradereason"),
        asked_by=tenant.people["trainer"].user,
        now=now,
        deed=uuid.uuid4(),
    )
    run_regrade(regrade_id=regrade.pk, clock=lambda: now)
    tenant.subject("regrade", deed=regrade.deed)


def _an_answer_that_waits(tenant: Tenant, *, now: Any) -> None:
    """The colleague's, for a trainer to mark."""
    quiz = tenant.things["pages"]["quiz"]
    reader = reader_for(tenant.people["colleague"].user, quiz)
    attempt = start_attempt(reader=reader, quiz=quiz, now=now)
    for row in attempt.questions.all():
        save_answer(
            attempt=attempt, position=row.position, raw=right_answer(row), sequence=1, now=now
        )
    hand_in(attempt=attempt, reader=reader, now=now)
    answer = attempt.questions.filter(needs_marking=True).first()
    if answer is None:  # no type that is installed waits for a person
        answer = attempt.questions.first()
        attempt.questions.filter(pk=answer.pk).update(needs_marking=True, raw=None, success=None)
        nothing = dict.fromkeys(("raw", "maximum", "scaled", "passed"))
        QuizAttempt.objects.filter(pk=attempt.pk).update(state="awaiting", **nothing)
    tenant.subject("waiting answer", pk=answer.pk)


def _the_administrators_own(tenant: Tenant) -> None:
    home = tenant.things["pages"]["home"]
    redirect = Redirect.objects.create(
        old_path=f"/{tenant.plant('redirect')}", redirect_page=home.page_ptr
    )
    tenant.subject("redirect", redirect_id=redirect.pk)
    lane = Lane.objects.create(
        name=tenant.title("lane"),
        endpoint="https://store.example/xapi",
        client=tenant.things["client"].code,
        is_enabled=False,
    )
    tenant.subject("lane", pk=lane.pk)
    tenant.subject("lane switch", lane_id=lane.pk, deed="pause")
    record = StatementRecord.objects.filter(client=tenant.things["client"].code).earliest("pk")
    refused = Delivery.objects.create(
        lane=lane, record=record, quarantined_at=timezone.now(), answer=tenant.plant("storewords")
    )
    tenant.subject("refused statement", delivery_id=refused.pk)
    replay = Replay.objects.create(
        lane=lane,
        client=tenant.things["client"].code,
        actor=tenant.people["agent"].pseudonym,
        asked_by=tenant.title("replay"),
        asked_at=timezone.now(),
    )
    tenant.subject("replay", pk=replay.pk)
    recipient = Destination.objects.create(
        name=tenant.title("recipient"), email=f"{tenant.plant('recipientmail')}@example.test"
    )
    tenant.subject("recipient", pk=recipient.pk)
    write(
        Draft(
            kind=ALERT.name,
            key=tenant.mark,
            subject=tenant.title("message"),
            body=tenant.plant("messagetext"),
            destination=recipient,
        ),
        now=timezone.now(),
    )
    tenant.subject("message", uuid=Message.objects.get(key=tenant.mark).uuid)
    limits = AlertRule.objects.get_or_create(trouble="paused", defaults={"minutes": 2})
    tenant.subject("limit", pk=limits[0].pk)

"""What has to hold when a case is written to its tables, whoever writes it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext, ngettext
from wagtail.log_actions import log

from attune.case_studies import checks
from attune.case_studies.branching.findings import Finding

logger = logging.getLogger(__name__)

SCHEDULED = "wagtail.publish.scheduled"
NOT_PUBLISHED = "attune_case_studies.not_published"
MOST_TOLD = 3
"""Errors told one by one in a message; the map has them all."""
KEYED = (("scenes", "key"), ("endings", "key"), ("meters", "name"), ("competencies", "name"))


class BrokenCase(Exception):
    """A case with errors is not published. ``str(error)`` says so, for whoever tried.

    Wagtail knows no refusal of this kind: ``middleware`` answers it on the admin's addresses.
    ``link`` names the way to the checks, in the language of the message.
    """

    def __init__(self, revision: Any, errors: Sequence[Finding]) -> None:
        self.page_id = int(revision.object_id)
        self.errors = tuple(errors)
        self.link = gettext("Scenes and map")
        super().__init__(
            gettext(
                "“%(title)s” was not published: %(errors)s Nothing was changed, "
                "and a review that was under way waits where it was."
            )
            % {"title": revision.object_str, "errors": told(errors)}
        )


def told(errors: Sequence[Finding]) -> str:
    """How many errors there are, and the first of them in words."""
    count = ngettext("it has %(n)d error.", "it has %(n)d errors.", len(errors))
    named = [_sentence(finding.message) for finding in errors[:MOST_TOLD]]
    if (more := len(errors) - MOST_TOLD) > 0:
        named.append(ngettext("And %(n)d more.", "And %(n)d more.", more) % {"n": more})
    return " ".join([count % {"n": len(errors)}, *named])


def _sentence(words: str) -> str:
    words = words.strip()
    return words if words.endswith((".", "?", "!")) else f"{words}."


def may_publish(revision: Any, *, log_action: Any) -> bool:
    """Whether to go on. A case with errors is refused, however somebody tries to publish it.

    A schedule has nobody to tell and other pages to publish: it passes over this one, and the
    page's history says why.

    :raises BrokenCase: a person publishes a case with errors.
    """
    page = revision.as_object()
    errors = checks.errors_of(page)
    if not errors:
        return True
    if log_action != SCHEDULED:
        raise BrokenCase(revision, errors)
    logger.error(
        "Not published on schedule, since it has errors: %s (%s)",
        revision.object_str,
        errors[0].message,
    )
    revision.approved_go_live_at = None
    revision.save(update_fields=["approved_go_live_at"])
    log(page, NOT_PUBLISHED, revision=revision, data={"errors": told(errors)})
    return False


def settle_rows(page: Any) -> None:
    """Let the choices in memory belong to this page and its language, and to no other.

    Wagtail's copy, its copy of old drafts and wagtail-localize look after a page's own rows,
    and not after the rows of those: a copied choice comes with the translation key, or even
    the number, of the choice that it was copied from.
    """
    held = page.__dict__.get("_cluster_related_objects") or {}
    choices = []
    for scene in held.get("scenes", ()):
        scene.locale_id = page.locale_id
        within = scene.__dict__.get("_cluster_related_objects") or {}
        choices += within.get("choices", ())
    if not choices:
        return
    model = type(choices[0])
    numbers = [choice.pk for choice in choices if choice.pk]
    others = set(
        model.objects.filter(pk__in=numbers)
        .exclude(scene__page=page.pk)
        .values_list("pk", flat=True)
    )
    for choice in choices:
        choice.locale_id = page.locale_id
        if choice.pk in others:
            choice.pk = None
    keys = [choice.translation_key for choice in choices if not choice.pk]
    taken = set(
        model.objects.filter(translation_key__in=keys, locale=page.locale_id)
        .exclude(scene__page=page.pk)
        .values_list("translation_key", flat=True)
    )
    for choice in choices:
        if not choice.pk and choice.translation_key in taken:
            choice.translation_key = uuid.uuid4()


def park_moved_keys(page: Any) -> None:
    """Give up the keys of rows that get another one, before any row is written.

    Rows are written one after the other, and a key is unique among them at every moment: two
    scenes that swapped keys in a draft could not be published otherwise.
    """
    held = page.__dict__.get("_cluster_related_objects") or {}
    for relation, field in KEYED:
        if relation in held:
            _park(getattr(page, relation), held[relation], field)
    for scene in held.get("scenes", ()):
        choices = scene.__dict__.get("_cluster_related_objects") or {}
        if scene.pk and "choices" in choices:
            _park(scene.choices, choices["choices"], "key")


def _park(manager: Any, rows: Any, field: str) -> None:
    wanted = {row.pk: getattr(row, field) for row in rows if row.pk}
    if not wanted:
        return
    live = manager.get_live_queryset()
    stored = dict(live.values_list("pk", field))
    moved = [pk for pk, key in wanted.items() if pk in stored and stored[pk] != key]
    if moved:
        parked = Concat(Value("~"), Cast(F("pk"), CharField()))
        live.filter(pk__in=moved).update(**{field: parked})

"""Who may do what with which question, for Wagtail: asked for the row, never for the model.

Roles decide (``people.access``), not grants: a trainer changes the own clients' questions,
sees and copies those of the shared bank, and does not know of any other. Wagtail asks this
policy in its snippet views, choosers, bulk actions, editing sessions and links.

A few places ask Django's model permissions instead (the *Publish* button, wagtail-localize),
so trainers are granted ``GRANTED``. *change* is not among them on purpose: Wagtail's workflow
reports ask for all rows of every model that one may change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from wagtail.permission_policies.base import BasePermissionPolicy

from attune.people.access import reach_of
from attune.quizzes.questions import Question, question_types

GRANTED = ("add", "delete", "publish")
LOOKING = frozenset({"view", "choose"})


def granted_permissions() -> list[str]:
    """``app_label.codename`` of what trainers are granted, for each type that is installed."""
    return [
        f"{model._meta.app_label}.{action}_{model._meta.model_name}"
        for model in question_types()
        for action in GRANTED
    ]


class QuestionPermissionPolicy(BasePermissionPolicy):
    def user_has_permission(self, user: Any, action: str) -> bool:
        reach = reach_of(user)
        return reach.everything or bool(reach.authors_for)

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Question) -> bool:
        reach = reach_of(user)
        if reach.everything:
            return True
        if instance.pk is None and instance.owner_id is None:
            return bool(reach.authors_for)  # about to be written
        if action in LOOKING and instance.owner_id is None:
            return bool(reach.authors_for)
        return instance.owner_id in reach.authors_for

    def instances_user_has_any_permission_for(self, user: Any, actions: Iterable[str]) -> Any:
        questions = self.model._default_manager.all()
        if set(actions) <= LOOKING:
            return questions.choosable_by(user)
        return questions.editable_by(user)

    def users_with_any_permission(self, actions: Iterable[str]) -> Any:
        return (
            get_user_model()
            ._default_manager.filter(
                Q(is_superuser=True) | Q(groups__attune_trains_for__isnull=False), is_active=True
            )
            .distinct()
        )

    def users_with_any_permission_for_instance(
        self, actions: Iterable[str], instance: Question
    ) -> Any:
        return (
            get_user_model()
            ._default_manager.filter(
                Q(is_superuser=True) | Q(groups__attune_trains_for=instance.owner_id),
                is_active=True,
            )
            .distinct()
        )

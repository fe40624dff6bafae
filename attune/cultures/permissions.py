"""Who keeps which card and target, for Wagtail: asked for the row, never for the model.

Roles decide (``people.access``), not grants: a trainer keeps what the own clients expect, the
administrator everything; nobody else has a way in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from wagtail.permission_policies.base import BasePermissionPolicy

from attune.people.access import can_author_for, reach_of


class OfClientPermissionPolicy(BasePermissionPolicy):
    def user_has_permission(self, user: Any, action: str) -> bool:
        reach = reach_of(user)
        return reach.everything or bool(reach.authors_for)

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        if instance.client_id is None:
            return self.user_has_permission(user, action)
        return can_author_for(user, instance.client_id)

    def instances_user_has_any_permission_for(self, user: Any, actions: Iterable[str]) -> Any:
        return self.model._default_manager.editable_by(user)

    def users_with_any_permission(self, actions: Iterable[str]) -> Any:
        users = get_user_model()._default_manager.filter(is_active=True)
        return users.filter(
            Q(is_superuser=True) | Q(groups__attune_trains_for__isnull=False)
        ).distinct()

    def users_with_any_permission_for_instance(self, actions: Iterable[str], instance: Any) -> Any:
        users = get_user_model()._default_manager.filter(is_active=True)
        return users.filter(
            Q(is_superuser=True) | Q(groups__attune_trains_for=instance.client_id)
        ).distinct()

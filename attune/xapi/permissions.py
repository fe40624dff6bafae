"""Who may see and change record stores: administrators, and nobody by way of a group.

A lane says where everybody's learning records go and holds the key to that place.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from wagtail.permission_policies import BasePermissionPolicy


class AdministratorsOnly(BasePermissionPolicy):
    """Active superusers may do everything, all others nothing."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return bool(user.is_active and user.is_superuser)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        return self.user_has_permission(user, "")

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        if action in ("change", "delete") and instance.from_environment:
            return False  # what the environment sets is changed there
        return self.user_has_permission(user, action)

    def user_has_any_permission_for_instance(self, user: Any, actions: Any, instance: Any) -> bool:
        return any(
            self.user_has_permission_for_instance(user, action, instance) for action in actions
        )

    def instances_user_has_any_permission_for(self, user: Any, actions: Any) -> Any:
        rows = self.model._default_manager
        return rows.all() if self.user_has_permission(user, "") else rows.none()

    def users_with_any_permission(self, actions: Any) -> Any:
        return get_user_model()._default_manager.filter(is_active=True, is_superuser=True)

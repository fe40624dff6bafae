"""Who may see and change where notices go: administrators, and nobody by way of a group."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from wagtail.permission_policies import BasePermissionPolicy


def is_operator(user: Any) -> bool:
    return bool(user.is_active and user.is_superuser)


class OperatorsOnly(BasePermissionPolicy):
    """Active superusers may do everything, all others nothing."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return is_operator(user)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        return is_operator(user)

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        if action in ("change", "delete") and getattr(instance, "from_environment", False):
            return False  # what the environment sets is changed there
        return is_operator(user)

    def user_has_any_permission_for_instance(self, user: Any, actions: Any, instance: Any) -> bool:
        return any(self.user_has_permission_for_instance(user, one, instance) for one in actions)

    def instances_user_has_any_permission_for(self, user: Any, actions: Any) -> Any:
        rows = self.model._default_manager
        return rows.all() if is_operator(user) else rows.none()

    def users_with_any_permission(self, actions: Any) -> Any:
        return get_user_model()._default_manager.filter(is_active=True, is_superuser=True)


class OperatorsChange(OperatorsOnly):
    """For rows of which there is a fixed number: none is added, none goes."""

    def user_has_permission(self, user: Any, action: str) -> bool:
        return action not in ("add", "delete") and is_operator(user)

    def user_has_any_permission(self, user: Any, actions: Any) -> bool:
        return any(self.user_has_permission(user, one) for one in actions)

    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        return self.user_has_permission(user, action)

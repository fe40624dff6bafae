"""Who is signed in, with the person they are: one query where two would do."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend


class WithPerson(ModelBackend):
    """Django's own, reading the person beside the user: every page of ours asks for both."""

    def get_user(self, user_id: Any) -> Any:
        users = get_user_model()._default_manager.select_related("attune_person")
        user = users.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

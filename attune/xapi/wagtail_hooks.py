"""Wagtail's admin learns of the record stores and of who may see them."""

from __future__ import annotations

from wagtail import hooks
from wagtail.permissions import register_permission_policy

from attune.xapi.models import Lane
from attune.xapi.permissions import AdministratorsOnly
from attune.xapi.viewsets import LaneViewSet, lane_viewset

register_permission_policy(Lane, AdministratorsOnly(Lane))


@hooks.register("register_admin_viewset")
def register_lanes() -> LaneViewSet:
    return lane_viewset

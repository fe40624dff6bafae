"""``{% reader_zone as zone %}``: for ``{% timezone zone %}`` around times in the admin."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from django import template

from attune.jobs.hooks import zone_of

register = template.Library()


@register.simple_tag(takes_context=True)
def reader_zone(context: Any) -> tzinfo:
    return zone_of(context["request"].user)

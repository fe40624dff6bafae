"""How many others took which choice, as rows for ``others.what_others_chose``.

Others are people who learn for the same client: what colleagues of another client did is not
told, not even as a share. Each person counts once in a scene, with their first decision there.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Min

from attune.case_studies.models import CaseAttempt, CaseDecision


def counts_beside(attempt: CaseAttempt, scenes: Iterable[str]) -> dict[str, dict[str, int]]:
    """Scene key → choice key → how many other people took it. One query."""
    others = CaseDecision.objects.taken().filter(
        scene_key__in=set(scenes),
        attempt__case_key=attempt.case_key,
        attempt__enrolment__engagement__client=attempt.enrolment.engagement.client_id,
    )
    first = (
        others.exclude(attempt__person=attempt.person_id)
        .order_by()
        .values("attempt__person", "scene_key")
        .annotate(first=Min("pk"))
        .values("first")
    )
    counts: dict[str, dict[str, int]] = {}
    rows = (
        CaseDecision.objects.filter(pk__in=first)
        .order_by()
        .values_list("scene_key", "choice_key")
        .annotate(count=Count("pk"))
    )
    for scene, choice, count in rows:
        counts.setdefault(scene, {})[choice] = count
    return counts

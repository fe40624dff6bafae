"""What is wrong with a case, and what is odd about it: asked by the editor and at publishing.

The analysis itself is pure (``branching.analysis``). Its answer is kept in the cache by what
the case is, since a trainer looks at the same draft many times between two changes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from django.core.cache import cache
from django.utils.translation import get_language

from attune.case_studies.branching import analysis
from attune.case_studies.branching.analysis import Examination, Finding
from attune.case_studies.branching.plain import to_plain
from attune.case_studies.branching.values import Case
from attune.case_studies.casting import case_of
from attune.case_studies.wording import variable_problems
from attune.curriculum.services import client_of

KEPT_SECONDS = 3600


def examination_of(case: Case, *, shared: bool = False) -> Examination:
    """The analysis of a case and the check of its variables, in the reader's language.

    ``shared``: it belongs to no client, so that each variable needs a text to fall back on.
    """
    examined = _examined(case)
    worded = variable_problems(case, shared=shared)
    return replace(examined, findings=(*examined.findings, *worded)) if worded else examined


def _examined(case: Case) -> Examination:
    plain = json.dumps(to_plain(case), sort_keys=True, default=str)
    digest = hashlib.sha256(plain.encode()).hexdigest()
    key = f"attune-case-examined:{get_language()}:{digest}"
    found: Examination | None = cache.get(key)
    if found is None:
        found = analysis.examine(case)
        cache.set(key, found, KEPT_SECONDS)
    return found


def errors_in(case: Case, *, shared: bool = False) -> list[Finding]:
    return [
        each for each in examination_of(case, shared=shared).findings if each.severity == "error"
    ]


def errors_of(page: Any) -> list[Finding]:
    """Of a page, or of a revision's object."""
    return errors_in(case_of(page), shared=is_shared(page))


def is_shared(place: Any) -> bool:
    """Whether a page, or the module it will stand beneath, belongs to no client."""
    return client_of(place) is None

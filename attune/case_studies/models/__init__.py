"""Case studies: what a trainer writes, and what learners decided in them."""

from attune.case_studies.models.attempt import CaseAttempt, CaseDecision
from attune.case_studies.models.case import (
    CaseChoice,
    CaseCompetency,
    CaseEnding,
    CaseMeter,
    CaseScene,
    CaseStudyPage,
)
from attune.case_studies.models.exchange import CaseImport
from attune.case_studies.models.reflective import (
    Reflection,
    ReflectionQuestion,
    ReflectiveCasePage,
)

__all__ = [
    "CaseAttempt",
    "CaseChoice",
    "CaseCompetency",
    "CaseDecision",
    "CaseEnding",
    "CaseImport",
    "CaseMeter",
    "CaseScene",
    "CaseStudyPage",
    "Reflection",
    "ReflectionQuestion",
    "ReflectiveCasePage",
]

"""The verbs that Attune uses: published ones only, with what each is called in our languages.

Identifiers are ADL's (http://adlnet.gov/expapi/verbs/) and, where ADL has none, cmi5's
(https://w3id.org/xapi/adl/verbs/). No verb is invented here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its IRI and its name per language."""

    id: str
    display: Mapping[str, str]


def _verb(iri: str, *, en: str, de: str, es: str, fil: str) -> Verb:
    return Verb(iri, MappingProxyType({"en": en, "de": de, "es": es, "fil": fil}))


_ADL = "http://adlnet.gov/expapi/verbs/"
_CMI5 = "https://w3id.org/xapi/adl/verbs/"

REGISTERED = _verb(
    _ADL + "registered", en="registered", de="angemeldet", es="se inscribió", fil="nagparehistro"
)
INITIALIZED = _verb(
    _ADL + "initialized", en="initialized", de="begonnen", es="inició", fil="sinimulan"
)
PROGRESSED = _verb(
    _ADL + "progressed", en="progressed", de="vorangekommen", es="progresó", fil="umusad"
)
ANSWERED = _verb(_ADL + "answered", en="answered", de="beantwortet", es="respondió", fil="sinagot")
PASSED = _verb(_ADL + "passed", en="passed", de="bestanden", es="aprobó", fil="pumasa")
FAILED = _verb(_ADL + "failed", en="failed", de="nicht bestanden", es="suspendió", fil="bumagsak")
COMPLETED = _verb(
    _ADL + "completed", en="completed", de="abgeschlossen", es="completó", fil="natapos"
)
TERMINATED = _verb(
    _ADL + "terminated", en="terminated", de="beendet", es="terminó", fil="winakasan"
)
VOIDED = _verb(_ADL + "voided", en="voided", de="für nichtig erklärt", es="anuló", fil="binawi")
WAIVED = _verb(_CMI5 + "waived", en="waived", de="erlassen", es="eximido", fil="hindi na hiningi")
SATISFIED = _verb(_CMI5 + "satisfied", en="satisfied", de="erfüllt", es="cumplió", fil="natugunan")
ABANDONED = _verb(
    _CMI5 + "abandoned", en="abandoned", de="abgebrochen", es="abandonó", fil="iniwan"
)

ALL: Mapping[str, Verb] = MappingProxyType(
    {
        verb.id: verb
        for verb in (
            REGISTERED,
            INITIALIZED,
            PROGRESSED,
            ANSWERED,
            PASSED,
            FAILED,
            COMPLETED,
            TERMINATED,
            VOIDED,
            WAIVED,
            SATISFIED,
            ABANDONED,
        )
    }
)

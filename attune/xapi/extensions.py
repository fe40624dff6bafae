"""The IRIs of Attune's own extensions: keys under which codes and small facts travel.

They belong to Attune's xAPI profile and stand under the installation's permanent IRI.
Codes are codes: an extension never carries a person's or an organisation's name.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

ENGAGEMENT = "engagement"
CLIENT = "client"
VENDOR = "vendor"
ATTEMPT = "attempt"  # which attempt this was, counted from 1
CYCLE = "cycle"  # which renewal this counts for, counted from 1
POSITION = "position"  # place of a question or a scene on the learner's path, counted from 1
SCENE = "scene"  # id of the scene in which a decision was taken
STATE_BEFORE = "state-before"  # of a decision: meter name to whole number
OFFERED = "offered"  # ids of the choices that a decision was made among
ENDING = "ending"  # id of the ending that a case reached
COMPETENCIES = "competencies"  # name to {"scaled", "raw", "min", "max"}
REPLAY_OF = "replay-of"  # number of the attempt whose beginning this one repeats
REPLAY_FROM = "replay-from"  # position of the first decision that is taken anew
TEXTS = "texts"  # of a question: the texts of ids that none of xAPI's component lists has
RESPONSE_LENGTH = "response-length"  # characters of a written answer that stays in the house
SIMULATED = "simulated"  # true on records of invented people

# cmi5 gives the reason of a "waived" this key (cmi5 specification, section 9.5.5.2).
REASON = "https://w3id.org/xapi/cmi5/result/extensions/reason"


def iri_base() -> str:
    """The installation's permanent IRI, without a slash at its end."""
    return str(settings.ATTUNE_IRI_BASE).rstrip("/")


def iri(name: str) -> str:
    """The key of one of the extensions above, as an IRI."""
    return f"{iri_base()}/xapi/extensions/{name}"


def codes(*, engagement: str, client: str, vendor: str) -> dict[str, Any]:
    """Context extensions that say within which engagement something was done.

    Empty codes are left out: the key's absence says "not within an engagement".
    """
    pairs = ((ENGAGEMENT, engagement), (CLIENT, client), (VENDOR, vendor))
    return {iri(name): code for name, code in pairs if code}

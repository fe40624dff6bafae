"""How a lane's record store is reached: by which credentials, for how long, whether at all."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _

from attune.safety.encryption import SecretUnreadable
from attune.xapi import lanes
from attune.xapi.answers import Answer, Verdict
from attune.xapi.lrs import RecordStore, token_server
from attune.xapi.models import Authentication, Lane

LEASE_MARGIN = 5  # seconds that a lease outlasts the longest exchange


def connect(lane: Lane, secret: str, longest: float = 3600) -> RecordStore:
    """The store of *lane*, not yet asked anything; no exchange takes longer than *longest* (s).

    :raises ValueError: an address or a credential that nothing can be sent with.
    """
    connect_timeout = min(lane.connect_timeout, longest)
    read_timeout = min(lane.read_timeout, longest)
    tokens = None
    if lane.authentication == Authentication.OAUTH2:
        tokens = token_server(
            endpoint=lane.token_endpoint,
            client_id=lane.username,
            secret=secret,
            scope=lane.scope,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
        )
    return RecordStore(
        endpoint=lane.endpoint,
        username="" if tokens else lane.username,
        password="" if tokens else secret,
        tokens=tokens,
        version=lane.version,
        compresses=lane.compresses,
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
    )


def open_store(lane: Lane) -> RecordStore:
    """A connection to *lane*'s store with its settings; to be closed by whoever asked.

    :raises SecretUnreadable, ValueError: as the settings are, none can be opened.
    """
    return connect(lane, lanes.secret_of(lane))


def lease_length(lane: Lane) -> timedelta:
    """Longer than one exchange with the store, and than what it takes to be let in."""
    # A token that has run out costs its own exchange, and one more after a 401.
    exchanges = 3 if lane.authentication == Authentication.OAUTH2 else 1
    longest = exchanges * (lane.connect_timeout + lane.read_timeout)
    return timedelta(seconds=longest + LEASE_MARGIN)


def try_out(lane: Lane) -> Answer:
    """Whether *lane*'s store can be reached with its settings: asks for one statement, sends
    none. The answer's message is the store's words, or ours when there was none."""
    try:
        with connect(lane, lanes.secret_of(lane), longest=5) as store:
            answer = store.greet()
            if answer.verdict is Verdict.DELIVERED:
                return wrong_version(lane, store) or answer
            return answer
    except (SecretUnreadable, ValueError) as error:
        return Answer(Verdict.CLOSED, str(error))


def wrong_version(lane: Lane, store: RecordStore) -> Answer | None:
    """Why the store cannot take what *lane* sends, if it says that it speaks other versions."""
    versions = store.versions()
    if not versions or any(_same_line(lane.version, version) for version in versions):
        return None
    return Answer(
        Verdict.CLOSED,
        _("The store speaks xAPI %(theirs)s, and this lane is set to %(ours)s.")
        % {"theirs": ", ".join(versions[:8]), "ours": lane.version},
    )


def _same_line(ours: str, theirs: str) -> bool:
    """1.0.3 and 1.0.0 are one protocol; 2.0.0 is another."""
    return ours.split(".")[:2] == theirs.split(".")[:2]

from attune.notices.models.alerts import AlertRule, Heartbeat, Incident
from attune.notices.models.ledger import Destination, Message, Route

__all__ = ["AlertRule", "Destination", "Heartbeat", "Incident", "Message", "Route"]

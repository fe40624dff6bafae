"""What a message can be about. Higher floors declare their kinds in their ``apps.py``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Kind:
    """``name`` stands in the ledger and never changes. ``label`` is what a reader sees.

    ``worth`` is how long it makes sense to go on trying: a message that no server has taken by
    then is given up, and says so in the ledger.
    """

    name: str
    label: Any  # words, perhaps lazily translated
    worth: timedelta = timedelta(days=3)


@dataclass(slots=True)
class Registry:
    kinds: dict[str, Kind] = field(default_factory=dict)

    def add(self, *kinds: Kind) -> None:
        """:raises ValueError: another kind has that name."""
        for kind in kinds:
            if self.kinds.get(kind.name, kind) != kind:
                raise ValueError(f"two kinds of notice are called {kind.name!r}")
            self.kinds[kind.name] = kind

    def get(self, name: str) -> Kind:
        """:raises LookupError: nobody declared it."""
        try:
            return self.kinds[name]
        except KeyError:
            raise LookupError(f"no kind of notice is called {name!r}") from None

    def label_of(self, name: str) -> str:
        kind = self.kinds.get(name)
        return name if kind is None else str(kind.label)


registry = Registry()

ALERT = Kind("attune_notices.alert", _("Alert to operators"))
TEST = Kind("attune_notices.test", _("Test of a recipient"), worth=timedelta(minutes=5))

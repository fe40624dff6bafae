"""The form of a record store: where it is, how it lets us in, and what it receives.

The secret goes in and never comes out: its field is always empty, and leaving it empty keeps
what is there, unless it would then be sent to another place than before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms.models import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList

from attune.safety.encryption import Secret
from attune.xapi import filters, lanes, verbs
from attune.xapi.models import Authentication, FilteredBy, Lane

LONGEST_CODE = 64
LONGEST_VALUE = 255
#: Each of these says where the secret is sent.
_WHERE = ("endpoint", "authentication", "token_endpoint")
#: Statements that take others back follow them and need not be chosen.
_OFFERED = [verb for verb in verbs.ALL.values() if verb is not verbs.VOIDED]


def _one_per_line(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=forms.Textarea({"rows": 2})
    )


def _ticked(label: Any, help_text: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        help_text=help_text,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class LaneForm(WagtailAdminModelForm):
    engagements = _ticked(
        _("Only engagements"),
        _("Those that were recorded so far. Tick none here and below: all of them."),
    )
    other_engagements = _one_per_line(
        _("Other engagements"), _("Codes of engagements, one to a line.")
    )
    verbs = _ticked(
        _("Only verbs"),
        _(
            "Tick none here and below: all of them. A statement that takes another back "
            "always follows it."
        ),
    )
    other_verbs = _one_per_line(_("Other verbs"), _("Full addresses (IRIs), one to a line."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doubts: list[str] = []
        self._kept = self.instance.password
        self._before = {name: getattr(self.instance, name) for name in _WHERE}
        self.initial["password"] = ""
        self.fields["batch_size"].widget.attrs |= {"min": 1, "max": 100}
        self._clients = filters.known_codes("client")
        self.fields["client"].help_text = _known(self._clients)
        self._codes = filters.known_codes("engagement")
        language = get_language() or "en"
        names = {
            verb.id: verb.display.get(language.split("-")[0], verb.display["en"])
            for verb in _OFFERED
        }
        self._offer("engagements", FilteredBy.ENGAGEMENT, {code: code for code in self._codes})
        self._offer("verbs", FilteredBy.VERB, names)

    def _offer(self, name: str, field: FilteredBy, names: dict[str, str]) -> None:
        """Tick boxes for what is known, lines for the rest of what the lane has."""
        chosen = filters.values_of(self.instance, field)
        self.fields[name].choices = list(names.items())
        self.initial[name] = [value for value in chosen if value in names]
        self.initial[f"other_{name}"] = "\n".join(v for v in chosen if v not in names)
        if not names:
            del self.fields[name]

    # --- where and how ------------------------------------------------------------------

    def clean_password(self) -> Any:
        entered = self.cleaned_data.get("password")
        text = entered if isinstance(entered, str) else ""
        return Secret.seal(text) if text else self._kept

    def clean_endpoint(self) -> str:
        endpoint: str = self.cleaned_data["endpoint"].rstrip("/")
        if endpoint.endswith("/statements"):
            raise ValidationError(_("Leave “/statements” out: it is added."))
        return _without_credentials(endpoint)

    def clean_token_endpoint(self) -> str:
        return _without_credentials(self.cleaned_data["token_endpoint"])

    def clean_batch_size(self) -> int:
        size: int = self.cleaned_data["batch_size"]
        if size > 100:
            raise ValidationError(_("At most 100: stores refuse more."))
        return size

    # --- what it receives ---------------------------------------------------------------

    def clean_client(self) -> str:
        client: str = self.cleaned_data["client"].strip()
        self._doubt([client] if client else [], self._clients)
        return client

    def clean_other_engagements(self) -> list[str]:
        codes = _lines(self.cleaned_data["other_engagements"])
        if too_long := [code for code in codes if len(code) > LONGEST_CODE]:
            raise ValidationError(
                _("A code has at most %(most)d characters: %(code)s")
                % {"most": LONGEST_CODE, "code": too_long[0][:80]}
            )
        self._doubt(codes, self._codes)
        return codes

    def clean_other_verbs(self) -> list[str]:
        iris = filters.verb_ids(_lines(self.cleaned_data["other_verbs"]))
        for iri in iris:
            if not _is_iri(iri) or len(iri) > LONGEST_VALUE:
                raise ValidationError(
                    _("“%(verb)s” is neither a verb of Attune’s nor a full address.")
                    % {"verb": iri[:80]}
                )
            if iri not in verbs.ALL:
                self.doubts.append(
                    str(_("Attune says nothing with the verb %(verb)s: nothing will fit it."))
                    % {"verb": iri}
                )
        return iris

    def _doubt(self, codes: Iterable[str], known: list[str]) -> None:
        """An unknown code may be a new one or a typing error: it is kept, and said."""
        for code in codes:
            if code not in known:
                self.doubts.append(
                    str(_("Nothing was recorded for “%(code)s” so far. Is it spelt like this?"))
                    % {"code": code}
                )

    # --- together -------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        if cleaned.get("authentication") == Authentication.OAUTH2:
            self._needs_for_tokens(cleaned)
        else:  # hidden on the page, so whatever is left in them is not meant
            self.errors.pop("token_endpoint", None)
            cleaned |= {"token_endpoint": "", "scope": ""}
        moved = self.instance.pk and any(
            cleaned.get(name, value) != value for name, value in self._before.items()
        )
        # Otherwise whoever may change the address could have the secret sent to a place
        # of theirs without ever having known it.
        if moved and self._kept and not self.data.get(self.add_prefix("password")):
            self.add_error("password", _("Enter the secret again, since the address changes."))
        return cleaned

    def _needs_for_tokens(self, cleaned: dict[str, Any]) -> None:
        wanted = {
            "token_endpoint": _("Enter the address that gives tokens."),
            "username": _("Enter the client id."),
            "password": _("Enter the secret."),
        }
        for name, words in wanted.items():
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, words)

    def save(self, commit: bool = True) -> Lane:
        with transaction.atomic():
            lane: Lane = super().save(commit=commit)
            if commit:
                filters.set_values(
                    lane,
                    {
                        FilteredBy.ENGAGEMENT: self._chosen("engagements"),
                        FilteredBy.VERB: self._chosen("verbs"),
                    },
                )
                lanes.settings_changed(lane)
        return lane

    def _chosen(self, name: str) -> set[str]:
        return {*self.cleaned_data.get(name, ()), *self.cleaned_data[f"other_{name}"]}


def _known(codes: list[str]) -> Any:
    words = _("Code of a client whose records alone go here. Empty: everybody’s.")
    if not codes:
        return words
    known = _("Recorded so far: %(codes)s.") % {"codes": ", ".join(codes[:20])}
    return f"{words} {known}"


def _lines(text: str) -> list[str]:
    return sorted({line.strip() for line in text.replace(",", "\n").splitlines()} - {""})


def _is_iri(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not any(
        each.isspace() or each in '<>"{}|\\^`' for each in text
    )


def _without_credentials(address: str) -> str:
    if "@" in address.split("//", 1)[-1].split("/", 1)[0]:
        raise ValidationError(_("User name and password have fields of their own."))
    return address


def _only_for_tokens() -> dict[str, str]:
    """Shown together, and only where they mean something; without JavaScript always shown."""
    rules = json.dumps({"authentication": [Authentication.OAUTH2.value]})
    return {"data-w-rules-target": "show", "data-w-rules": rules}


lane_panels = ObjectList(
    [
        FieldRowPanel([FieldPanel("name"), FieldPanel("is_enabled")]),
        MultiFieldPanel(
            [
                FieldPanel("endpoint"),
                FieldPanel("version"),
                FieldPanel("authentication"),
                FieldPanel("token_endpoint", attrs=_only_for_tokens()),
                FieldPanel("scope", attrs=_only_for_tokens()),
                FieldPanel("username"),
                FieldPanel("password"),
            ],
            heading=_("Address and access"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("client"),
                FieldPanel("engagements"),
                FieldPanel("other_engagements"),
                FieldPanel("verbs"),
                FieldPanel("other_verbs"),
            ],
            heading=_("What it receives"),
        ),
        MultiFieldPanel(
            [
                FieldPanel("batch_size"),
                FieldPanel("compresses"),
                FieldRowPanel([FieldPanel("connect_timeout"), FieldPanel("read_timeout")]),
            ],
            heading=_("How it is sent"),
        ),
    ],
    base_form_class=LaneForm,
    attrs={"data-controller": "w-rules", "data-action": "change->w-rules#resolve"},
)

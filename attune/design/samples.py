"""What the style guide shows: the words of ``samples.toml`` and a few live objects."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy as _

from attune.design.templatetags.attune_design import STATES, icon_names


class SampleForm(forms.Form):
    """A field of each kind; the style guide fills one in wrongly."""

    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("The one that your team lead entered.")
    )
    team = forms.ChoiceField(label=_("Team"), choices=[("early", _("Early")), ("late", _("Late"))])
    remember = forms.BooleanField(label=_("I have read the lesson to its end"), required=False)


def sample_context() -> dict[str, Any]:
    """Everything the style guide shows; moments are fixed so that pictures compare."""
    samples = tomllib.loads(Path(__file__).with_name("samples.toml").read_text(encoding="utf-8"))
    wrong_form = SampleForm({"email": "maria.santos", "team": "early"})
    wrong_form.is_valid()
    return samples | {
        "icons": sorted(icon_names()),
        "states": list(STATES),
        "wrong_form": wrong_form,
        "moment": datetime(2026, 11, 27, 10, 0, tzinfo=UTC),
        "late_moment": datetime(2026, 11, 27, 20, 0, tzinfo=UTC),
        "now": datetime(2026, 11, 1, tzinfo=UTC),
        "page_obj": Paginator(range(100), 10).page(3),
    }

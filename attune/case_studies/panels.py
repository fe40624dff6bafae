"""Scenes on the page’s own form: a way to their screens, and no field of theirs."""

from __future__ import annotations

from typing import Any

from wagtail.admin.panels import FieldPanel, HelpPanel, InlinePanel

TEMPLATE = "attune_case_studies/admin/scenes_panel.html"
SCENE = ("title", "key", "place", "client_time", "vendor_time", "body", "condition", "otherwise")
CHOICE = ("text", "key", "to", "outcome", "reading", "norm", "condition", "effects")


class ScenesPanel(HelpPanel):
    """Shows where the scenes are written; in a comparison of versions, what changed in them."""

    def __init__(self, content: str = "", template: str = TEMPLATE, **kwargs: Any) -> None:
        super().__init__(content, template, **kwargs)

    class BoundPanel(HelpPanel.BoundPanel):
        def get_comparison(self) -> list[Any]:
            choices = InlinePanel("choices", panels=[FieldPanel(name) for name in CHOICE])
            scenes = InlinePanel(
                "scenes",
                panels=[*(FieldPanel(name) for name in SCENE), choices],
                heading=self.heading,
            ).bind_to_model(self.panel.model)
            bound = scenes.get_bound_panel(instance=None, request=self.request, form=None)
            compared: list[Any] = bound.get_comparison()
            return compared

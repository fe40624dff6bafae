"""The ledger in Wagtail's Reports, one message, and the button that tries a recipient out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import Any

import django_filters
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic import WagtailAdminTemplateMixin
from wagtail.admin.views.reports import ReportView

from attune.jobs.hooks import zone_of
from attune.notices import services, trying
from attune.notices.channels.answers import Verdict
from attune.notices.kinds import registry
from attune.notices.models import Destination, Message
from attune.notices.permissions import is_operator
from attune.tabular import spreadsheets


class MessageFilterSet(WagtailFilterSet):
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=Message.State.choices, empty_label=gettext_lazy("All")
    )
    kind = django_filters.ChoiceFilter(
        label=gettext_lazy("About"),
        choices=lambda: sorted((kind.name, kind.label) for kind in registry.kinds.values()),
        empty_label=gettext_lazy("All"),
    )
    address = django_filters.CharFilter(
        label=gettext_lazy("To"), field_name="address", lookup_expr="icontains"
    )

    class Meta:
        model = Message
        fields = ["state", "kind", "channel", "address"]


def state_in_words(message: Message) -> str:
    if message.is_waiting and (message.attempts or message.answer):
        return _("tried again")
    return str(message.get_state_display())


def _shortened(message: Message) -> str:
    return Truncator(message.answer).chars(80)


class MessagesView(ReportView):
    """Every message, newest first."""

    template_name = "attune_notices/messages.html"
    page_title = gettext_lazy("Messages sent")
    header_icon = "mail"
    model = Message
    permission_policy = None
    filterset_class = MessageFilterSet
    index_url_name = "attune_notices:messages"
    index_results_url_name = "attune_notices:messages_results"
    default_ordering = "-pk"
    show_export_buttons = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_operator(request.user):
            raise PermissionDenied
        self.zone = zone_of(request.user)
        return super().dispatch(request, *args, **kwargs)

    def get_base_queryset(self) -> Any:
        return Message.objects.visible_to(self.request.user).defer("body", "details")

    def get_queryset(self) -> Any:
        return self.get_base_queryset().order_by("-pk")

    @property
    def columns(self) -> list[Column]:
        return [
            TitleColumn(
                "subject",
                label=_("Subject"),
                classname="attune-subject",
                get_url=lambda row: reverse("attune_notices:message", args=[row.uuid]),
            ),
            Column("about", label=_("About"), accessor=lambda row: registry.label_of(row.kind)),
            Column("address", label=_("To"), accessor="address"),
            Column("channel", label=_("By"), accessor="get_channel_display"),
            Column("written_at", label=_("Written"), accessor=self._written),
            Column("state", label=_("State"), accessor=state_in_words),
            Column("answer", label=_("Answer"), accessor=_shortened),
        ]

    def _written(self, row: Message) -> str:
        return date_format(row.written_at.astimezone(self.zone), "SHORT_DATETIME_FORMAT")

    # --- as a file ----------------------------------------------------------------------------

    list_export = ["uuid"]  # Wagtail shows its buttons for something to export

    def headings(self) -> list[str]:
        zone = str(self.zone)
        return [
            _("Written (%(zone)s)") % {"zone": zone},
            _("Sent or ended (%(zone)s)") % {"zone": zone},
            _("About"),
            _("Key"),
            _("Subject"),
            _("To"),
            _("By"),
            _("Language"),
            _("State"),
            _("Failed tries"),
            _("Answer"),
        ]

    def values(self, rows: Iterable[Message]) -> Iterator[list[Any]]:
        for row in rows:
            closed = row.closed_at.astimezone(self.zone) if row.closed_at else None
            yield [
                row.written_at.astimezone(self.zone).replace(tzinfo=None),
                closed.replace(tzinfo=None) if closed else None,
                registry.label_of(row.kind),
                row.key,
                row.subject,
                row.address,
                str(row.get_channel_display()),
                row.language,
                state_in_words(row),
                row.attempts,
                row.answer,
            ]

    def get_filename(self) -> str:
        return f"messages-{timezone.now():%Y-%m-%d}"

    def as_spreadsheet(self, queryset: Any, spreadsheet_format: str) -> Any:
        lines = self.values(queryset.iterator(chunk_size=2000))
        name = f"{self.get_filename()}.{spreadsheet_format}"
        if spreadsheet_format == self.FORMAT_CSV:
            return StreamingHttpResponse(
                spreadsheets.csv_lines(self.headings(), lines),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
        output = TemporaryFile()  # noqa: SIM115  (FileResponse closes it when it is sent)
        spreadsheets.write_xlsx(output, self.headings(), lines, title=_("Messages"), widths=[18])
        output.seek(0)
        return FileResponse(
            output, as_attachment=True, content_type=spreadsheets.XLSX_TYPE, filename=name
        )


def found(request: HttpRequest, uuid: Any) -> Message:
    rows = Message.objects.visible_to(request.user).select_related("route__destination", "user")
    message: Message = get_object_or_404(rows, uuid=uuid)
    return message


class MessageView(WagtailAdminTemplateMixin, TemplateView):
    template_name = "attune_notices/message.html"
    page_title = gettext_lazy("Message")
    header_icon = "mail"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self.message = found(request, kwargs["uuid"])
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [
            *self.breadcrumbs_items,
            {"url": reverse("attune_notices:messages"), "label": _("Messages sent")},
            {"url": "", "label": self.message.subject},
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            **kwargs,
            message=self.message,
            label=registry.label_of(self.message.kind),
            state=state_in_words(self.message),
            route=self.message.route,
            zone=zone_of(self.request.user),
        )


class SendAgainView(View):
    def post(self, request: HttpRequest, uuid: Any) -> HttpResponse:
        message = found(request, uuid)
        if services.send_again(message, now=timezone.now()):
            messages.success(request, _("It is sent again within seconds."))
        else:
            messages.warning(request, _("It waits or was sent already; nothing was changed."))
        return redirect("attune_notices:message", uuid=message.uuid)


class GiveUpView(View):
    def post(self, request: HttpRequest, uuid: Any) -> HttpResponse:
        message = found(request, uuid)
        words = _("Given up by %(who)s.") % {"who": request.user}
        if services.give_up(message, words=words, now=timezone.now()):
            messages.success(request, _("It is not sent, unless it was on its way just now."))
        else:
            messages.warning(request, _("It no longer waits; nothing was changed."))
        return redirect("attune_notices:message", uuid=message.uuid)


class TryOutView(View):
    """Send a recipient a test here and now, and say what was answered."""

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not is_operator(request.user):
            raise PermissionDenied
        destination = get_object_or_404(Destination, pk=pk)
        answer = trying.send_a_test(destination, now=timezone.now())
        if answer.verdict is Verdict.SENT:
            messages.success(
                request, _("It was taken. The answer: %(words)s") % {"words": answer.words}
            )
        else:
            messages.error(
                request,
                _("It was not taken. The answer: %(words)s") % {"words": answer.words},
            )
        return redirect("attune_notices_destination:inspect", pk=destination.pk)


app_name = "attune_notices"
urlpatterns = [
    path("messages/", MessagesView.as_view(), name="messages"),
    path("messages/results/", MessagesView.as_view(results_only=True), name="messages_results"),
    path("messages/<uuid:uuid>/", MessageView.as_view(), name="message"),
    path("messages/<uuid:uuid>/again/", SendAgainView.as_view(), name="send_again"),
    path("messages/<uuid:uuid>/give-up/", GiveUpView.as_view(), name="give_up"),
    path("recipients/<int:pk>/try/", TryOutView.as_view(), name="try_out"),
]

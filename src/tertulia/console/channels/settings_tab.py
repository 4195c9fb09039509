"""A channel's settings: the provider's fields, and what is ours: greeting, first message, speed, price."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.channels import access_channel, check_form, find_adapter, update_channel
from tertulia.console.access import get_now
from tertulia.console.channels.detail import describe_channel
from tertulia.console.channels.form import read_sent, show_sent, show_stored
from tertulia.console.routes import route
from tertulia.console.toasts import toast
from tertulia.core.render import OnMissing, Rendered, TemplateProblem, compile_template
from tertulia.core.render import render as render_text
from tertulia.core.template_facts import make_facts
from tertulia.data.models import Channel
from tertulia.store.sealing import unseal_json

SAMPLE_NAME, SAMPLE_SURNAME = "Beatriz", "Nunes"


def show_settings(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The form (GET), or its change (POST)."""
    channel = access_channel(request.workspace, channel_id)
    adapter = find_adapter(channel.kind)
    kept = unseal_json(channel.secrets)
    status, form = 200, show_stored(adapter, channel, kept)
    if request.method == "POST":
        sent, problems = read_sent(adapter, request.POST)
        problems = [*problems, *check_form(adapter, sent, kept)]
        if not problems:
            update_channel(channel, request.user, get_now(request), sent)
            toast(request, _("Settings saved"))
            return HttpResponseRedirect(reverse("channel_settings", args=[channel_id]))
        status, form = 422, show_sent(adapter, request.POST, problems, kept)
    context = describe_channel(request, channel, "settings") | {"form": form, "currency": request.workspace.currency}
    context |= preview_greeting(channel, str(form.values.get("greeting", "")))
    return render(request, "channels/settings.html", context, status=status)


def show_greeting(request: HttpRequest, channel_id: int) -> HttpResponse:
    """The preview alone, as the greeting is typed. A POST, for a greeting may be longer than an address."""
    channel = access_channel(request.workspace, channel_id)
    context = {"mark": channel.kind, "channel": channel}
    context |= preview_greeting(channel, request.POST.get("greeting", ""))
    return render(request, "channels/greeting.html", context)


def preview_greeting(channel: Channel, text: str) -> dict[str, object]:
    """The greeting as a customer would read it, or what is wrong with it and where."""
    facts = make_facts(
        name=SAMPLE_NAME,
        surname=SAMPLE_SURNAME,
        locale=channel.workspace.language,
        attributes={},
        workspace=channel.workspace.name,
        links={},
    )
    try:
        template = compile_template(text)
    except TemplateProblem as problem:
        return {"greeting_problem": problem}
    shown = render_text(template, facts, now=channel.created_at, on_missing=OnMissing.DEFAULT)
    return {"greeting_text": shown.text if isinstance(shown, Rendered) else ""}


ROUTES = (
    route("<int:channel_id>/settings/", show_settings, "channel_settings"),
    route("<int:channel_id>/settings/greeting/", show_greeting, "channel_greeting"),
)

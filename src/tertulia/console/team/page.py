"""The team: who may do what, adding people, and their one-time sign-in links to hand over."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tertulia.actions.team import access_member, add_member, change_role, remove_member
from tertulia.console.access import get_now, may_change
from tertulia.console.routes import route
from tertulia.console.sign_in.once import make_sign_in_link
from tertulia.console.toasts import toast
from tertulia.data.models import Membership
from tertulia.errors import Conflict, Invalid

LINK_HOURS = 24


def show_team(request: HttpRequest) -> HttpResponse:
    """The list; a POST adds a person and shows their sign-in link once."""
    if request.method == "POST":
        return add_person(request)
    return draw_team(request)


def add_person(request: HttpRequest) -> HttpResponse:
    """Add by e-mail, name and role; what is wrong stands beside its field."""
    sent = request.POST
    try:
        member = add_member(
            *(request.workspace, request.membership, get_now(request)),
            *(sent.get("email", ""), sent.get("name", ""), sent.get("role", "")),
        )
    except (Invalid, Conflict) as error:
        return draw_team(request, errors={error.field: error.sentence}, sent=sent, status=422)
    return draw_team(request, link_for=member)


def make_link(request: HttpRequest, member_id: int) -> HttpResponse:
    """A new one-time link for a member, shown once."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    member = access_member(request.workspace, member_id)
    if member.role == "owner" and request.membership.role != "owner":
        raise Invalid(_("Only an owner makes a sign-in link for an owner."))
    return draw_team(request, link_for=member)


def set_role(request: HttpRequest, member_id: int) -> HttpResponse:
    """Change a member's role."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    member = change_role(
        request.workspace, request.membership, get_now(request), member_id, request.POST.get("role", "")
    )
    said = {"name": str(member.user), "role": member.get_role_display()}
    toast(request, _("%(name)s is now: %(role)s") % said)
    return HttpResponseRedirect(reverse("team"))


def remove(request: HttpRequest, member_id: int) -> HttpResponse:
    """Take a member out; their user stays, so adding the e-mail again brings them back."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    remove_member(request.workspace, request.membership, get_now(request), member_id)
    toast(request, _("1 person removed from the team"))
    return HttpResponseRedirect(reverse("team"))


def draw_team(request: HttpRequest, errors=None, sent=None, link_for: Membership | None = None, status: int = 200):
    """The page, with a fresh link if one was made."""
    link = ""
    if link_for is not None:
        link = request.build_absolute_uri(make_sign_in_link(link_for.user, minutes=LINK_HOURS * 60))
    members = Membership.objects.filter(workspace=request.workspace).select_related("user").order_by("user__email")
    context = {
        "members": members,
        "roles": Membership.ROLES,
        "editable": may_change(request),
        "errors": errors or {},
        "sent": sent or {},
        "link": link,
        "link_for": link_for,
        "link_hours": LINK_HOURS,
    }
    return render(request, "team/team.html", context, status=status)


ROUTES = (
    route("", show_team, "team"),
    route("<int:member_id>/link/", make_link, "member_link"),
    route("<int:member_id>/role/", set_role, "member_role"),
    route("<int:member_id>/remove/", remove, "remove_member"),
)

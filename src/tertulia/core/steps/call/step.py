"""Call the company's own API and go on by what it answers: two ways, the one on which it worked and the one on which it
did not. The run stays until that is known (S6)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
from msgspec import Meta

from tertulia.core.call_answers import compile_path
from tertulia.core.call_requests import list_texts
from tertulia.core.durations import read_duration
from tertulia.core.hook_faults import Fault
from tertulia.core.reasons import gettext_noop as _
from tertulia.core.steps.base import Call, Complaint, GoOn, Move, Step, Summary, Used, View, Way, Woken

MethodName = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
SAVED_MAX: Final = 50
NAME_CHARACTERS_MAX: Final = 100


class CallStep(Step, frozen=True, kw_only=True):
    """`endpoint` by its key; `path` behind its address. `save`: name -> path into the answer. `sample`: what *What if?*
    takes for saved."""

    KIND: ClassVar[str] = "call"
    TITLE: ClassVar[str] = _("Call your API")
    ABOUT: ClassVar[str] = _("Ask or tell your own system something, and go on by its answer.")
    ICON: ClassVar[str] = "globe"
    WAITS: ClassVar[bool] = True
    SAMPLE: ClassVar[Mapping[str, Any]] = {
        "endpoint": "shop",
        "method": "GET",
        "path": "/customers/{{ contact.customer_id }}",
        "save": {"tier": "tier"},
    }

    endpoint: Annotated[
        str,
        Meta(title=_("Endpoint"), description=_("Its key."), extra_json_schema={"x-widget": "endpoint"}),
    ]
    method: Annotated[MethodName, Meta(title=_("Method"))] = "POST"
    path: Annotated[
        str,
        Meta(title=_("Path"), description=_("What stands behind the endpoint's address, with variables.")),
    ] = "/"
    body: Annotated[
        dict[str, Any] | None,
        Meta(
            title=_("Body"),
            description=_("Fields with values; a text may hold variables, and {{ event.total }} alone stays a number."),
        ),
    ] = None
    expect: Annotated[
        str,
        Meta(
            title=_("It worked when"),
            description=_("A JMESPath condition on the answer, such as ok == `true`. Empty: when the status says so."),
        ),
    ] = ""
    save: Annotated[
        dict[str, str],
        Meta(title=_("Save of the answer"), description=_("One a line: name, colon, path into the answer.")),
    ] = msgspec.field(default_factory=dict)
    at_most: Annotated[
        str, Meta(title=_("At most"), description=_("Such as 1 d: then it did not work. Empty: however long it takes."))
    ] = ""
    sample: Annotated[
        dict[str, Any],
        Meta(title=_("Sample for What if"), description=_("What a simulation takes for saved: name, colon, value.")),
    ] = msgspec.field(default_factory=dict)
    done: tuple[Any, ...] = ()
    failed: tuple[Any, ...] = ()

    def act(self, view: View) -> Move:
        """Call; when the time is over, it did not work."""
        if view.woken is not Woken.ARRIVED:
            return GoOn(1)
        at_most = read_duration(self.at_most) if self.at_most else None
        return Call(self.endpoint, self.method, self.path, self.body, self.expect, self.save, at_most)

    def find_longest(self) -> timedelta:
        return read_duration(self.at_most) if self.at_most else timedelta()

    def list_ways(self) -> tuple[Way, ...]:
        """It worked, or it did not."""
        return (
            Way(("done",), self.done, message=_("It worked")),
            Way(("failed",), self.failed, message=_("It did not")),
        )

    def list_saved(self) -> tuple[str, ...]:
        """The names of `save`."""
        return tuple(self.save)

    def list_templates(self) -> list[Used]:
        """The path and every text of the body."""
        return [(("path",), self.path), *((("body",), text) for text in list_texts(self.body))]

    def summarise(self) -> Summary:
        """Method, endpoint and path."""
        told = {"method": self.method, "endpoint": self.endpoint, "path": self.path.strip()}
        return Summary("%(method)s %(endpoint)s %(path)s", told)

    def find_faults(self) -> list[Complaint]:
        """An endpoint, paths that can be read, a duration."""
        found = [] if self.endpoint.strip() else [Complaint(("endpoint",), _("Choose an endpoint."), {})]
        if self.body is not None and self.method == "GET":
            found.append(Complaint(("body",), _("A GET has no body. Choose another method, or leave it out."), {}))
        if len(self.save) > SAVED_MAX:
            found.append(Complaint(("save",), _("Save at most 50 values."), {}))
        for name in (*self.save, *self.sample):
            if not 0 < len(name.strip()) <= NAME_CHARACTERS_MAX or "." in name:
                found.append(Complaint(("save",), _("Give every value a name without dots."), {}))
        if unknown := [name for name in self.sample if name not in self.save]:
            message = _("“%(name)s” is not saved. A sample has names of “save”.")
            found.append(Complaint(("sample",), message, {"name": unknown[0]}))
        paths = [(("save", name), path) for name, path in self.save.items()]
        for where, path in [*paths, *([(("expect",), self.expect)] if self.expect else [])]:
            if isinstance(fault := compile_path(path), Fault):
                found.append(Complaint(where, fault.sentence, fault.parameters))
        try:
            if self.at_most:
                read_duration(self.at_most)
        except ValueError as error:
            found.append(Complaint(("at_most",), str(error), {}))
        return found

"""Uses of what steps that call an API save: each names a step before it and a name that it saves."""

from collections.abc import Iterator, Mapping

from tertulia.core.reasons import gettext_noop as _
from tertulia.documents.lines import Path, Problem, Written


def check_result(written: Written, path: Path, used: str, saved: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """What is wrong with a use, `step.name`. `saved`: what the steps before it save, by their ids."""
    place = written.find(path)
    step, _dot, rest = used.partition(".")
    if step not in saved:
        message = _("No step before this one is called “%(step)s” and saves something.")
        yield Problem(place, path, message, {"step": step})
        return
    name = rest.partition(".")[0]
    known = ", ".join(f"{step}.{one}" for one in saved[step])
    if not rest:
        yield Problem(place, path, _("Say what of it: %(step)s has %(known)s."), {"step": step, "known": known})
    elif name not in saved[step]:
        message = _("The step “%(step)s” saves no “%(name)s”. It saves: %(known)s.")
        yield Problem(place, path, message, {"step": step, "name": name, "known": known})

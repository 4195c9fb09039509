"""What steps that call an API save, and who looks at it: every use names a step before it and a name that it saves."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tertulia.core.reasons import gettext_noop as _
from tertulia.core.render import TemplateProblem, compile_template, variables
from tertulia.core.steps.base import Step
from tertulia.documents.lines import Path, Problem, Written

ROOT: Final = "results."


@dataclass(slots=True)
class Results:
    """What the steps read so far save, by their ids."""

    written: Written
    saved: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def check(self, step: Step, path: Path, texts: Sequence[tuple[Path, str]]) -> Iterator[Problem]:
        """What is wrong with the step's uses; then those behind it know what it saves. `texts`: its templates."""
        used: list[tuple[Path, str]] = [((*path, *where), name) for where, name in step.list_results()]
        for where, text in texts:
            used += [(where, name.removeprefix(ROOT)) for name in _list_named(text) if name.startswith(ROOT)]
        for where, name in used:
            yield from self._check_use(where, name)
        if names := step.list_saved():
            self.saved[step.id] = names

    def _check_use(self, path: Path, used: str) -> Iterator[Problem]:
        place = self.written.find(path)
        step, _dot, rest = used.partition(".")
        if step not in self.saved:
            message = _("No step before this one is called “%(step)s” and saves something.")
            yield Problem(place, path, message, {"step": step})
        elif not rest:
            message = _("Say what of it: %(step)s has %(known)s.")
            yield Problem(place, path, message, {"step": step, "known": self._list_known(step)})
        elif rest.partition(".")[0] not in self.saved[step]:
            message = _("The step “%(step)s” saves no “%(name)s”. It saves: %(known)s.")
            told = {"step": step, "name": rest.partition(".")[0], "known": self._list_known(step)}
            yield Problem(place, path, message, told)

    def _list_known(self, step: str) -> str:
        return ", ".join(f"{step}.{name}" for name in self.saved[step])


def _list_named(text: str) -> list[str]:
    """The variables of a template; of one that is wrong none, for that is told already."""
    try:
        return [variable.name for variable in variables(compile_template(text))]
    except TemplateProblem:
        return []

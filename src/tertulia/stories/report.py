"""What a story found: checks with what was wrong in them, and figures. As lines for people and as one JSON document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FAULTS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must be true. `faults` say what is not, each in a sentence; none: it holds."""

    name: str
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass(slots=True)
class Report:
    """The checks of one story, in the order in which they were made."""

    story: str
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    def hold(self, name: str, faults: Sequence[str] = ()) -> None:
        """Note a check; it holds when nothing is wrong."""
        self.checks.append(Check(name, tuple(faults)))

    def equal(self, name: str, expected: object, found: object) -> None:
        """Note that two values must be the same; of two mappings the entries that differ are told."""
        if isinstance(expected, Mapping) and isinstance(found, Mapping):
            keys = sorted({*expected, *found}, key=str)
            self.hold(name, [
                f"{key}: {found.get(key)!r} instead of {expected.get(key)!r}"
                for key in keys
                if expected.get(key) != found.get(key)
            ])  # fmt: skip
        else:
            self.hold(name, [] if expected == found else [f"{found!r} instead of {expected!r}"])

    def as_document(self) -> dict[str, Any]:
        """`{story, passed, checks, failures, seconds, figures}`."""
        return {
            "story": self.story,
            "passed": self.passed,
            "checks": [{"name": check.name, "passed": check.passed} for check in self.checks],
            "failures": [{"check": check.name, "fault": fault} for check in self.checks for fault in check.faults],
            "seconds": round(self.seconds, 1),
            "figures": self.figures,
        }

    def iter_lines(self) -> Iterator[str]:
        """For people: a line a check, under a failed one what is wrong with it."""
        for check in self.checks:
            yield f"{'ok    ' if check.passed else 'FAILED'}  {check.name}"
            for fault in check.faults[:FAULTS_SHOWN]:
                yield f"          {fault}"
            if len(check.faults) > FAULTS_SHOWN:
                yield f"          and {len(check.faults) - FAULTS_SHOWN} more"
        for name, value in self.figures.items():
            yield f"        {name}: {value}"
        done = sum(check.passed for check in self.checks)
        yield f"{self.story}: {done} of {len(self.checks)} checks hold, {self.seconds:.0f} s"

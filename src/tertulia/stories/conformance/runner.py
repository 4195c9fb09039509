"""Loads the scenarios, plays them one after the other, and says rule by rule what held."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import yaml

import tertulia
from tertulia.errors import ConfigError, Invalid
from tertulia.stories.conformance.checks import check_all
from tertulia.stories.conformance.sink import Sink
from tertulia.stories.conformance.stage import TIME_LIMIT_S, Failed, Stage
from tertulia.stories.conformance.steps import STEPS

FOLDER = Path(tertulia.__file__).parents[2] / "conformance"
START_LIMIT_S = 90.0
STOP_LIMIT_S = 30.0
KNOWN = frozenset({"rule", "title", "about", "given", "steps", "expect"})


@dataclass(frozen=True, slots=True)
class Scenario:
    """A document: the rule it shows, in words and in steps."""

    name: str
    rule: str
    title: str
    about: str
    given: dict[str, Any]
    steps: list[dict[str, Any]]
    expect: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one scenario: the faults in words, none when it passed."""

    scenario: Scenario
    faults: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return not self.faults


@dataclass(slots=True)
class Report:
    """All results."""

    results: list[Result] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return bool(self.results) and all(result.passed for result in self.results)


def load_scenarios(folder: Path, wanted: Sequence[str] = ()) -> list[Scenario]:
    """Every scenario of a folder, by rule; of `wanted` rules or file names only. Raises Invalid."""
    found = []
    for path in sorted(folder.glob("**/*.yaml")):
        scenario = read_scenario(path)
        if not wanted or scenario.rule in wanted or scenario.name in wanted:
            found.append(scenario)
    if not found:
        raise Invalid(f"There are no such scenarios in {folder}.")
    return sorted(found, key=lambda item: (item.rule[0], int(item.rule[1:]), item.name))


def read_scenario(path: Path) -> Scenario:
    """One document. Raises Invalid with its name when it cannot be one."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", -1) + 1
        raise Invalid(f"{path.name} is not YAML.", line=line) from None
    if not isinstance(told, dict) or set(told) - KNOWN or not {"rule", "title", "steps"} <= set(told):
        raise Invalid(f"{path.name} is no scenario: it has rule, title, about, given, steps and expect.")
    for step in told["steps"]:
        unknown = set(step) - set(STEPS) - {"expect"}
        if unknown or len(step) != 1:
            raise Invalid(f"{path.name} has a step that nobody knows: {', '.join(map(str, step))}.")
    return Scenario(
        name=path.stem,
        rule=told["rule"],
        title=told["title"],
        about=told.get("about", ""),
        given=told.get("given", {}),
        steps=told["steps"],
        expect=told.get("expect", {}),
    )


def play_all(scenarios: Sequence[Scenario], url: str, tell: Any) -> Report:
    """Play scenarios against a server with a test clock; `tell(result)` after each."""
    report = Report()
    numbers = count(int(time.time()) % 900_000 + 1_000)
    sink = Sink()
    try:
        with httpx.Client(base_url=url, timeout=TIME_LIMIT_S) as http:
            if http.get("/api/test/clock").status_code != 200:
                raise ConfigError(f"{url} has no test clock. Start it with `tertulia up --test-clock`.")
            for scenario in scenarios:
                result = play(scenario, http, sink, next(numbers))
                report.results.append(result)
                tell(result)
    except httpx.TransportError:
        raise ConfigError(f"{url} does not answer.") from None
    finally:
        sink.stop()
    return report


def play(scenario: Scenario, http: httpx.Client, sink: Sink, number: int) -> Result:
    """Play one scenario to its end or its first fault."""
    began = time.monotonic()
    faults: list[str] = []
    where = "given"
    stage = Stage(http, sink, number, dict(scenario.given.get("workspace", {})))
    try:
        stage.open()
        for name, told in scenario.given.get("channels", {}).items():
            stage.connect(name, told)
        for name, told in scenario.given.get("sources", {}).items():
            stage.add_source(name, told or {})
        for name, told in scenario.given.get("endpoints", {}).items():
            stage.add_endpoint(name, told or {})
        for where, verb, told in _iter_steps(scenario):
            if verb == "expect":
                faults += [f"{where}: {fault}" for fault in check_all(stage, told)]
            else:
                STEPS[verb](stage, told)
    except Failed as failed:
        faults.append(f"{where}: {failed}")
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        faults.append(f"{where}: the scenario cannot be played: {type(error).__name__} {error}")
    return Result(scenario, tuple(faults), time.monotonic() - began)


def _iter_steps(scenario: Scenario) -> Iterator[tuple[str, str, Any]]:
    """Every step with its place and verb, the last expectation included."""
    for place, step in enumerate(scenario.steps, 1):
        [(verb, told)] = step.items()
        yield f"step {place} ({verb})", verb, told
    if scenario.expect:
        yield "expect", "expect", scenario.expect


@contextmanager
def own_server() -> Iterator[str]:
    """A server of the run's own, with a test clock and an empty data folder; its address."""
    with tempfile.TemporaryDirectory(prefix="tertulia-conformance-") as folder:
        Path(folder).chmod(0o711)  # the database's own user has to get through to its folder
        port = _find_port()
        url = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "ALLOW_PRIVATE_HOSTS": "127.0.0.1", "PUBLIC_URL": url, "DATABASE_URL": ""}
        log = Path(folder) / "server.log"
        with log.open("wb") as out:
            server = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                [sys.executable, "-m", "tertulia.cli", "up", "--test-clock", "--data", folder, "--port", str(port)],
                env=environment,
                stdout=out,
                stderr=out,
            )
            try:
                _wait_until_ready(url, server, log)
                yield url
            finally:
                server.terminate()
                try:
                    server.wait(STOP_LIMIT_S)
                except subprocess.TimeoutExpired:
                    server.kill()
                    server.wait()


def _wait_until_ready(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_LIMIT_S
    while time.monotonic() < until:
        if server.poll() is not None:
            raise ConfigError(f"The server stopped: {log.read_text(errors='replace')[-500:]}")
        try:
            if httpx.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise ConfigError(f"The server did not start: {log.read_text(errors='replace')[-500:]}")


def _find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

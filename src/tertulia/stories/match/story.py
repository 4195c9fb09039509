"""`tertulia story match`: play, then compare."""

import time

from tertulia.stories.match.checks import Checker, gather
from tertulia.stories.match.driver import Driver
from tertulia.stories.match.expected import foresee
from tertulia.stories.place import Api, Place, Sim, StoryBroken
from tertulia.stories.report import Report

NAME = "match"


def tell_match(place: Place, *, seed: int, rows: int) -> Report:
    """Play the story in an empty workspace; what it found. Never raises for what the platform does wrong."""
    report = Report(NAME)
    began = time.monotonic()
    with Api(place) as api, Sim(place) as sim:
        try:
            driver = Driver(place, api, sim, seed=seed, rows=rows)
            outlook = foresee(driver.made)
            played = driver.play()
            evidence = gather(api, sim, played)
            Checker(report, api, played, outlook, evidence).check_all()
            report.figures = {
                "seed": seed, "rows": rows, **outlook.count_steps(), "contacts": len(evidence.contacts),
                "webhooks": int(sum(row["received"] for row in evidence.intake)),
            }  # fmt: skip
        except StoryBroken as broken:
            report.hold("the story could be told to its end", [str(broken)])
    report.seconds = time.monotonic() - began
    return report

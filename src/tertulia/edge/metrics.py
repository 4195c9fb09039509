"""What the edge counts, for `/metrics`. Per process: each worker process tells its own."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

LINKS = ("redirect", "page", "unknown", "expired", "stopped", "gone", "sample", "limited", "busy")
EVENTS = ("accepted", "discarded", "refused")


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._webhooks = Counter(
            "tertulia_webhooks", "Providers' calls, by what became of them.", ["kind", "what"], registry=self.registry
        )
        self._by_fate: dict[tuple[str, str], Counter] = {}
        links = Counter("tertulia_links", "Openings of links, by what was answered.", ["what"], registry=self.registry)
        self._links = {what: links.labels(what) for what in LINKS}
        events = Counter(
            "tertulia_events",
            "Messages of tracking SDKs, by what became of them; of a refused request one.",
            ["what"],
            registry=self.registry,
        )
        self._events = {what: events.labels(what) for what in EVENTS}
        self._waiting = Gauge(
            "tertulia_writer_waiting", "Items that wait for a group commit.", ["stream"], registry=self.registry
        )
        self._groups = Gauge(
            "tertulia_writer_groups", "Group commits since the start.", ["stream"], registry=self.registry
        )
        self._watchers = Gauge("tertulia_live_watchers", "Pages that listen for live figures.", registry=self.registry)
        self.console_s = Histogram(
            "tertulia_console_seconds", "Time to draw a page or answer the API.", registry=self.registry
        )

    def count_webhook(self, kind: str, what: str) -> None:
        """`what` is kept, parked or refused."""
        counter = self._by_fate.get((kind, what))
        if counter is None:
            counter = self._by_fate[kind, what] = self._webhooks.labels(kind, what)
        counter.inc()

    def count_link(self, what: str) -> None:
        """`what` is one of LINKS."""
        self._links[what].inc()

    def count_events(self, what: str, count: int = 1) -> None:
        """`what` is one of EVENTS."""
        self._events[what].inc(count)

    def show(self, writers: dict[str, tuple[int, int]], watchers: int) -> bytes:
        """The exposition text. `writers`: stream to (items that wait, groups committed)."""
        for stream, (waiting, groups) in writers.items():
            self._waiting.labels(stream).set(waiting)
            self._groups.labels(stream).set(groups)
        self._watchers.set(watchers)
        return generate_latest(self.registry)

"""The providers' address: takes what the server sends, remembers it, and answers as the scenario says.

`hang_up` takes a message and cuts the line before the answer; `vanish` cuts it and takes nothing. Asked about a lost
message, an account tells what it has, unless it `looks_up` nothing.

One HTTP server for all scenarios, and one mail server; the first part of the path, or the user, names the account, or a
company's own API. An account without a plan accepts.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

from tertulia.stories.conformance.apis import CompanyApi
from tertulia.stories.conformance.mail import Mail, MailSink
from tertulia.stories.conformance.wire import Answer, Provider, Sent, Taken, answer_json


@dataclass(slots=True)
class Plan:
    """How the provider answers sends to a recipient: `answers` in turn, the last one for ever."""

    answers: list[str]

    def take(self) -> str:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass(slots=True)
class Account:
    """One account: what it was given to send, in order, accepted or not; and how it answers whom ('' is everybody)."""

    provider: Provider
    sent: list[Sent] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    looks_up: bool = True
    plans: dict[str, Plan] = field(default_factory=dict)
    before_answer: Callable[[Sent], None] | None = None

    def plan_for(self, to: str) -> Plan | None:
        return self.plans.get(to.lstrip("+")) or self.plans.get("")


class Sink:
    """The HTTP server. `url` is the base of every account's address."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.apis: dict[str, CompanyApi] = {}
        self._ids = count(1_000)
        self._mail = MailSink(self.accounts.get, self._ids)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def add(self, name: str, provider: Provider) -> str:
        """A new account; its base address."""
        self.accounts[name] = Account(provider)
        if isinstance(provider, Mail):
            return f"smtp://{name}@127.0.0.1:{self._mail.port}"
        return f"{self.url}/{name}"

    def add_api(self, name: str) -> str:
        """A company's own API; its base address."""
        self.apis[name] = CompanyApi()
        return f"{self.url}/{name}"

    def stop(self) -> None:
        self._server.shutdown()
        self._mail.stop()

    def handle(self, method: str, url: str, body: bytes, key: str) -> Answer:
        """One call of the server's; `key` is its Idempotency-Key."""
        path, _, query = url.partition("?")
        _, name, rest = path.split("/", 2)
        if name in self.apis:
            with self._lock:
                return self.apis[name].take(method, f"/{rest}", body, key)
        account = self.accounts.get(name)
        if account is None:
            return answer_json(404, {})
        if method == "GET":
            answer = account.provider.look_up(rest, query, account.taken) if account.looks_up else answer_json(503, {})
            return answer or answer_json(200, {"ok": True, "result": {}, "data": []})
        with self._lock:
            sent = account.provider.read_send(rest, body, str(next(self._ids)))
            if sent is None:
                return answer_json(200, {"ok": True, "result": {}, "data": []})
            account.sent.append(sent)
            plan = account.plan_for(sent.to)
            how = plan.take() if plan else "ok"
            if how in ("ok", "hang_up"):
                account.taken.append(Taken(sent, datetime.now(UTC)))
        if account.before_answer is not None:
            account.before_answer(sent)
        if how in ("hang_up", "vanish"):
            return Answer(0)
        return account.provider.accept(sent) if how == "ok" else account.provider.refuse(how)

    def _make_handler(self) -> type[BaseHTTPRequestHandler]:
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                answer = sink.handle(self.command, self.path, body, self.headers.get("idempotency-key", ""))
                if answer.status == 0:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: what was sent stands in the accounts."""

        return Handler

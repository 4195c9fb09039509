"""A simulator in a process of its own, and a platform that answers its links: what the browser tests look at."""

import json
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from tests.simulator.rig import make_config

from tertulia.simulator.wire import to_json

CODE = "7KQ2M4XD8A9PZT"
CHOOSER = f"""<html><body><h1>Where shall we talk?</h1>
<a href="https://wa.me/15550001111?text=Oi%21%20%5B{CODE}%5D">WhatsApp</a>
<a href="https://t.me/VerbenaBot?start={CODE}">Telegram</a>
<a href="viber://pa?chatURI=verbena&amp;context={CODE}&amp;text=Oi">Viber</a>
<a href="https://m.me/PAGE1?ref={CODE}&amp;text=Oi">Messenger</a>
<a href="https://line.me/R/oaMessage/%40verbena/?Oi%20%5B{CODE}%5D">LINE</a></body></html>"""


class _Handler(BaseHTTPRequestHandler):
    """`/l/...` shows the chooser, `/w/...` leads to WhatsApp in one hop, hooks are welcome except `/hooks/wechat-1`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/w/"):
            self._answer(302, b"", [("Location", f"https://wa.me/15550001111?text=Oi%21%20%5B{CODE}%5D")])
        else:
            self._answer(200, CHOOSER.encode(), [("Content-Type", "text/html; charset=utf-8")])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self._answer(401 if "wechat" in self.path else 200, b"", [])

    do_HEAD = do_GET

    def _answer(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@dataclass
class Stage:
    """The running simulator's address, the platform's, and a client to both."""

    url: str
    platform: str
    http: httpx.Client
    mail_port: int

    def sim(self, path: str, **fields: Any) -> Any:
        answer = self.http.post(f"{self.url}/sim/{path}", json=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def send_sms(self, to: str, text: str) -> None:
        sid = "AC" + "0" * 32
        form = {"To": to, "From": "+15017122661", "Body": text, "StatusCallback": f"{self.platform}/hooks/twilio-1"}
        url = f"{self.url}/twilio/2010-04-01/Accounts/{sid}/Messages.json"
        assert self.http.post(url, data=form, auth=(sid, "tw-secret")).status_code == 201

    def send_whatsapp(self, to: str, text: str) -> None:
        message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}
        headers = {"Authorization": "Bearer EAAwa"}
        assert self.http.post(f"{self.url}/graph/v26.0/105558/messages", json=message, headers=headers).is_success

    def send_mail(self, to: str, subject: str, text: str, html: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Verbena <news@verbena.example>", to, subject
        message["List-Unsubscribe"] = f"<{self.platform}/u/token>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        with smtplib.SMTP("127.0.0.1", self.mail_port) as mail:
            mail.login("shop", "mail-secret")
            mail.send_message(message, "news@verbena.example")


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """Start both processes' worth of it; ends them by their own handles."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    platform = f"http://127.0.0.1:{server.server_address[1]}"
    config = json.loads(to_json(make_config(platform)))
    config["people"] += [{"name": f"Person {n}", "phone": f"+55119855{n:05d}"} for n in range(998)]
    (folder / "simulator.json").write_text(json.dumps(config))
    with socket.socket() as free, socket.socket() as also_free:
        free.bind(("127.0.0.1", 0))
        also_free.bind(("127.0.0.1", 0))
        port, mail_port = free.getsockname()[1], also_free.getsockname()[1]
    command = [sys.executable, "-m", "tertulia.simulator.serve", "--port", str(port), "--mail-port", str(mail_port)]
    process = subprocess.Popen([*command, "--config", str(folder / "simulator.json")])
    try:
        with httpx.Client(timeout=30) as http:
            stage = Stage(f"http://127.0.0.1:{port}", platform, http, mail_port)
            _wait_until_up(stage)
            yield stage
    finally:
        process.terminate()
        process.wait(10)
        server.shutdown()


def _wait_until_up(stage: Stage) -> None:
    for _ in range(100):
        try:
            stage.http.get(f"{stage.url}/healthz")
            return
        except httpx.ConnectError:
            time.sleep(0.05)
    raise AssertionError("the simulator did not start")


def play(stage: Stage) -> None:
    """What the pictures show: an SMS with a link, WhatsApp in conversation, a forwarded link tried in Telegram."""
    beatriz, jurema = "+5511985550142", "+5511985550199"
    stage.send_sms(beatriz, "Verbena: o seu código é 482 913. Vale 5 minutos, não o passe a ninguém.")
    link = f"{stage.platform.removeprefix('http://')}/l/{CODE}"
    text = f"Oi Beatriz! A Verbena agora atende no seu app preferido. Toque e escolha: http://{link} SAIR p/ parar"
    stage.send_sms(beatriz, text)
    stage.sim("settle")
    stage.sim(f"people/{beatriz}/tap", url=f"http://{link.replace('/l/', '/w/')}")
    stage.sim(f"people/{beatriz}/send", channel="whatsapp-1")
    stage.send_whatsapp("5511985550142", "Oi Beatriz, que bom ter você aqui! Este é o nosso canal no WhatsApp.")
    stage.sim(f"people/{beatriz}/reply", channel="whatsapp-1", text="Chegou tudo certo, obrigada!")
    stage.send_whatsapp("5511985550142", "Que bom, Beatriz! Boa semana.")
    stage.sim(f"people/{beatriz}/forward", to=jurema, text=f"http://{link}")
    stage.sim(f"people/{jurema}/tap", url=f"https://t.me/VerbenaBot?start={CODE}")
    stage.sim(f"people/{jurema}/send", channel="telegram-1")
    telegram = f"{stage.url}/telegram/bot123456789:AAHtest/sendMessage"
    chat = stage.http.get(f"{stage.url}/sim/people/{jurema}").json()["chats"]["telegram-1"]["handle"]
    question = "Este link pertence a outra pessoa. Quem é você? Escreva os 4 últimos números do seu celular."
    assert stage.http.post(telegram, json={"chat_id": int(chat), "text": question}).is_success
    stage.sim(f"people/{jurema}/reply", channel="telegram-1", text="0199")
    stage.sim(f"people/{jurema}/reply", channel="wechat-1", text="你好")
    stage.sim("settle", timeout_s=0.5)

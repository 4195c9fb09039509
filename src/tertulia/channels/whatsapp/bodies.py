"""The JSON bodies of the Cloud API's messages (source: “Messages” reference; limits as stated there)."""

from typing import Any

from tertulia.channels.base import Attachment, Outcome, Outgoing, Picture, Template, Text
from tertulia.channels.kinds import render_numbered
from tertulia.channels.outcomes import make_outcome

BUTTONS_MAX = 3
ROWS_MAX = 10
BUTTON_TITLE_MAX = 20
BUTTON_ID_MAX = 256
ROW_TITLE_MAX = 24
ROW_DESCRIPTION_MAX = 72
ROW_ID_MAX = 200
INTERACTIVE_BODY_MAX = 1_024
CAPTION_MAX = 1_024
LIST_BUTTON = "☰"

Body = dict[str, Any]


def write_message(message: Outgoing) -> Body | Outcome:
    """The whole body of a send, or why it cannot be written."""
    match message.content:
        case Template() as template:
            content: Body = {"type": "template", "template": write_template(template)}
        case Picture(url=url, caption=caption):
            if len(caption) > CAPTION_MAX:
                return make_outcome("fix.too_long", detail=f"A caption has at most {CAPTION_MAX} characters.")
            content = {"type": "image", "image": {"link": url, "caption": caption} if caption else {"link": url}}
        case Attachment() as attachment:
            content = write_attachment(attachment)
        case Text(ask_phone=True) as text:
            content = write_interactive({"type": "request_contact_info", **_name("request_contact_info")}, text.text)
        case Text() as text:
            content = write_text(text)
    refused = _refuse_interactive(content)
    return refused or {**write_envelope(message.to, message.to_kind), **_opaque(message.delivery_id), **content}


def write_attachment(attachment: Attachment) -> Body:
    """A video or a document with its caption; a voice message has none."""
    link = {"link": attachment.url}
    if attachment.form == "voice":
        return {"type": "audio", "audio": link}
    told = {**link, "caption": attachment.caption} if attachment.caption else link
    if attachment.form == "document":
        return {"type": "document", "document": {**told, "filename": attachment.file_name}}
    return {"type": "video", "video": told}


def write_envelope(to: str, to_kind: str) -> Body:
    """The recipient: `recipient` for a business-scoped user id (CC.digits), else `to` with the number's digits."""
    recipient = {"recipient": to} if to_kind == "whatsapp" and "." in to else {"to": to.lstrip("+")}
    return {"messaging_product": "whatsapp", "recipient_type": "individual", **recipient}


def write_text(text: Text) -> Body:
    """Free text; a link as its button, up to three short choices as buttons, up to ten as a list, more or longer ones
    as numbered lines."""
    if len(text.choices) == 1 and text.choices[0][1].startswith("https://"):
        return _write_link(text, *text.choices[0])
    choices = [(label, payload or label) for label, payload in text.choices if not payload.startswith("https://")]
    fits_body = len(text.text) <= INTERACTIVE_BODY_MAX
    if not choices or len(choices) != len(text.choices) or len(choices) > ROWS_MAX or not fits_body:
        return {"type": "text", "text": {"body": render_numbered(text), "preview_url": False}}
    if len(choices) <= BUTTONS_MAX and all(len(label) <= BUTTON_TITLE_MAX for label, _ in choices):
        buttons = [{"type": "reply", "reply": {"id": payload, "title": label}} for label, payload in choices]
        return write_interactive({"type": "button", "action": {"buttons": buttons}}, text.text)
    rows = [write_row(label, payload) for label, payload in choices]
    return write_interactive(
        {"type": "list", "action": {"button": LIST_BUTTON, "sections": [{"rows": rows}]}}, text.text
    )


def _write_link(text: Text, label: str, url: str) -> Body:
    if len(text.text) > INTERACTIVE_BODY_MAX or len(label) > BUTTON_TITLE_MAX:
        return {"type": "text", "text": {"body": render_numbered(text), "preview_url": False}}
    action = {"name": "cta_url", "parameters": {"display_text": label, "url": url}}
    return write_interactive({"type": "cta_url", "action": action}, text.text)


def write_row(label: str, payload: str) -> Body:
    """A row of a list; what does not fit into its title goes on in the description."""
    if len(label) <= ROW_TITLE_MAX:
        return {"id": payload, "title": label}
    title = label[: ROW_TITLE_MAX - 1] + "…"
    return {"id": payload, "title": title, "description": label[:ROW_DESCRIPTION_MAX]}


def write_interactive(interactive: Body, body: str) -> Body:
    return {"type": "interactive", "interactive": {**interactive, "body": {"text": body}}}


def write_template(template: Template) -> Body:
    """A template with its body's parameters in order."""
    written: Body = {"name": template.name, "language": {"code": template.language}}
    if template.parameters:
        parameters = [{"type": "text", "text": value} for value in template.parameters]
        written["components"] = [{"type": "body", "parameters": parameters}]
    return written


def write_read(message_id: str) -> Body:
    """Marks a customer's message, and all before it, as read."""
    return {"messaging_product": "whatsapp", "status": "read", "message_id": message_id}


def _name(action: str) -> Body:
    return {"action": {"name": action}}


def _opaque(delivery_id: str) -> Body:
    return {"biz_opaque_callback_data": delivery_id} if delivery_id else {}


def _refuse_interactive(content: Body) -> Outcome | None:
    interactive = content.get("interactive")
    if interactive is None:
        return None
    if len(interactive["body"]["text"]) > INTERACTIVE_BODY_MAX:
        return make_outcome(
            "fix.too_long", detail=f"Above a button a text has at most {INTERACTIVE_BODY_MAX} characters."
        )
    action = interactive["action"]
    ids = [button["reply"]["id"] for button in action.get("buttons", ())]
    rows = [row["id"] for section in action.get("sections", ()) for row in section["rows"]]
    if any(len(value) > BUTTON_ID_MAX for value in ids) or any(len(value) > ROW_ID_MAX for value in rows):
        return make_outcome("fix.content", detail=f"A choice carries at most {ROW_ID_MAX} characters.")
    return None

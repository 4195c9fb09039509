"""What a gateway's kind settles: the profile that the form's empty fields fall back to.

Kannel: User's Guide, “SMSBox, sending SMS with HTTP”; its answers are `0: Accepted for delivery` and
`3: Queued for later delivery`, its report bits 1 delivered, 2 failed, 4 buffered, 8 accepted, 16 rejected.
Jasmin: “HTTP API”; its answers are `Success "id"` and `Error "reason"`, its calls want the body `ACK/Jasmin` back.
"""

from collections.abc import Mapping

CUSTOM: Mapping[str, str] = {
    "method": "POST",
    "auth": "bearer",
    "body": "json",
    "fields": "to = {to}\nfrom = {from}\ntext = {text}\nreference = {ref}\ncallback = {report_url}",
    "number_format": "plus",
    "encoding": "utf8",
    "id_path": "id",
    "message_fields": "from = from\nto = to\ntext = text\nid = id\ntime = time",
    "report_fields": "id = id\nref = reference\nstatus = status\nerror = error\ntime = time",
    "report_values": (
        "delivered = delivered, DELIVRD\n"
        "failed = failed, undelivered, UNDELIV\n"
        "expired = expired, EXPIRED\n"
        "rejected = rejected, REJECTD\n"
        "accepted = accepted, sent, buffered, ACCEPTD"
    ),
    "ack_body": "ok",
}

KANNEL: Mapping[str, str] = {
    **CUSTOM,
    "method": "GET",
    "auth": "none",
    "body": "query",
    "fields": (
        "username = {username}\npassword = {password}\nfrom = {from}\nto = {to}\ntext = {text}\ncoding = {coding}\n"
        "charset = UTF-8\ndlr-mask = 27\ndlr-url = {report_url}&status=%d&error=%A"
    ),
    "coding": "0, 2",
    "success": r"regex:^\s*[03]:",
    "id_path": "",
    "message_fields": "from = from\nto = to\ntext = text\nid = id\ntime = time",
    "report_fields": "status = status\nerror = error",
    "report_values": "delivered = 1\nfailed = 2\naccepted = 4, 8\nrejected = 16",
    "message_suffix": "&from=%p&to=%P&text=%a&id=%I",
}

JASMIN: Mapping[str, str] = {
    **CUSTOM,
    "method": "GET",
    "auth": "none",
    "body": "query",
    "fields": (
        "username = {username}\npassword = {password}\nfrom = {from}\nto = {to}\ncoding = {coding}\n"
        "content = {text}\nhex-content = {hex}\ndlr = yes\ndlr-level = 2\ndlr-method = POST\ndlr-url = {report_url}"
    ),
    "number_format": "digits",
    "encoding": "hex",
    "coding": "0, 8",
    "success": r"regex:^\s*Success",
    "id_path": r'regex:Success "([^"]+)"',
    "message_fields": "from = from\nto = to\ntext = content\nid = id\nhex = binary\ncoding = coding",
    "report_fields": "id = id\nstatus = message_status\nerror = err",
    "report_values": (
        "delivered = DELIVRD\nfailed = UNDELIV, DELETED, UNKNOWN\nexpired = EXPIRED\nrejected = REJECTD\n"
        "accepted = ACCEPTD, ESME_ROK"
    ),
    "ack_body": "ACK/Jasmin",
}

PRESETS: Mapping[str, Mapping[str, str]] = {"custom": CUSTOM, "kannel": KANNEL, "jasmin": JASMIN}

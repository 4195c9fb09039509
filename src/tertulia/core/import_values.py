"""The cells of a list read as what they are: e-mails, dates, yes and no, causes of an opt-out.

Each reader gives the value, or None where the text is none; what to say about it is decided in `import_rows`.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time

from tertulia.core.consent import Cause
from tertulia.core.folding import fold_text

EMAIL_CHARACTERS_MAX = 254
BIRTH_YEAR_MIN = 1900
_SERIAL_DAY_ONE = date(1899, 12, 30).toordinal()  # spreadsheets count days from here
_MONTH_FIRST = frozenset({"US", "FM", "MH", "PW", "PH", "AS", "GU", "PR"})

_EMAIL = re.compile(r"[^\s@,;:<>\"()\[\]\\]{1,64}@(?:[\w\-]{1,63}\.)+[^\W\d_][\w\-]{0,62}")
_YEAR_FIRST = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?(?:[T ].*)?")
_YEAR_LAST = re.compile(r"(\d{1,2})[-./ ](\d{1,2})[-./ ](\d{4})\.?(?:[T ].*)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")

# Folded words: English, Portuguese, Arabic, Czech, Romanian, Chinese, Spanish, German, French.
_YES = """
    yes|y|true|t|1|x|ok|on|subscribed|opted in|opt in|granted|agreed|sim|s|verdadeiro|aceito|نعم|صح|موافق|ano|a|pravda|
    da|d|adevarat|是|对|同意|已订阅|si|ja|j|oui|o|vrai|verdadero|wahr"""
_NO = """
    no|n|false|f|0|off|unsubscribed|opted out|opt out|withdrawn|declined|none|nao|falso|لا|خطا|ne|nepravda|nu|fals|
    否|不|不同意|未订阅|nein|non|faux|falsch"""


_CAUSE_WORDS: Mapping[Cause, str] = {
    Cause.BOUNCED: """
        bounce|bounced|hard bounce|hardbounce|undeliverable|rejected|devolvido|مرتد|vraceno|respins|退信|rebotado""",
    Cause.COMPLAINED: """
        complaint|complained|spam|abuse|spam complaint|reclamacao|شكوى|stiznost|reclamatie|plangere|投诉|queja""",
    Cause.DEAD_NUMBER: """
        dead|invalid|unknown|inactive|disconnected|not in service|invalid number|invalido|inexistente|غير صالح|neplatne|
        无效|空号""",
    Cause.LEGAL: "legal|law|court|gdpr|robinson|do not call|dnc|register|judicial|قانوني|pravni|juridic|法律",
    Cause.MANUAL: "manual|agent|support|by hand|atendente|يدوي|rucne|人工",
    Cause.WITHDRAWN: """
        withdrawn|unsubscribed|unsubscribe|opt out|optout|opted out|stop|stopped|removed|cancelado|descadastrado|saiu|
        الغاء الاشتراك|odhlasen|odhlaseno|dezabonat|retras|退订|baja|abgemeldet|desinscrit""",
}


def read_email(text: str) -> str | None:
    """An e-mail address as given, or None. Its form is checked, not its existence."""
    return text if len(text) <= EMAIL_CHARACTERS_MAX and _EMAIL.fullmatch(text) else None


def email_key(email: str) -> str:
    """One key for all spellings of an e-mail address: providers do not tell capitals apart."""
    return email.casefold()


def repair_email(text: str) -> str | None:
    """What was plainly meant by a mistyped address (`m@@example.com`, `m@example,com`, `<m@example.com>`), or None."""
    candidate = text.strip(" <>\"'.,;:").removeprefix("mailto:")
    candidate = re.sub(r"@{2,}", "@", candidate)
    candidate = re.sub(r"\s*([@.])\s*", r"\1", candidate)
    name, at, domain = candidate.rpartition("@")
    return read_email(f"{name}{at}{domain.replace(',', '.').replace('..', '.')}")


def read_date(text: str, country: str = "") -> date | None:
    """A date in ISO, day-first (month-first where people write so), Chinese, or a spreadsheet's day number."""
    text = text.strip()
    found = _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is not None:
        return _make_date(int(found[1]), int(found[2]), int(found[3]))
    found = _YEAR_LAST.fullmatch(text)
    if found is not None:
        one, two, year = int(found[1]), int(found[2]), int(found[3])
        return _make_date(year, one, two) if is_month_first(country) else _make_date(year, two, one)
    if text.isascii() and text.isdigit() and len(text) == 5:
        return date.fromordinal(_SERIAL_DAY_ONE + int(text))
    return None


def is_month_first(country: str) -> bool:
    """Whether people of a country write the month before the day."""
    return country in _MONTH_FIRST


def swap_day_and_month(text: str) -> date | None:
    """A date read the other way round, where only that way it exists."""
    found = _YEAR_LAST.fullmatch(text.strip())
    if found is None:
        return None
    one, two, year = int(found[1]), int(found[2]), int(found[3])
    return _make_date(year, one, two) or _make_date(year, two, one)


def read_birthday(text: str, country: str, today: date) -> date | None:
    """A date on which someone living was born, or None."""
    day = read_date(text, country)
    return day if day is not None and day.year >= BIRTH_YEAR_MIN and day <= today else None


def read_instant(text: str, country: str, now: datetime) -> datetime | None:
    """When something happened: an ISO instant (UTC where it names no zone), or a date. None: no past moment."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        day = read_date(text, country)
        if day is None:
            return None
        instant = datetime.combine(day, time(), UTC)
    instant = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return instant if instant <= now else None


def read_yes_no(text: str) -> bool | None:
    """Yes or no in our users' languages; None: neither."""
    word = fold_text(text)
    if word in _YES_WORDS:
        return True
    return False if word in _NO_WORDS else None


def read_cause(text: str) -> Cause | None:
    """The cause that a word of the old system names, or None."""
    return _CAUSE_BY_WORD.get(fold_text(text))


def _make_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


_YES_WORDS = frozenset(map(fold_text, _YES.split("|")))
_NO_WORDS = frozenset(map(fold_text, _NO.split("|")))
_CAUSE_BY_WORD = {fold_text(word): cause for cause, words in _CAUSE_WORDS.items() for word in words.split("|")}

"""What the columns of a list are: recognised by their heads in our users' languages, corrected by people, checked.

A mapping names one target for each column: a `Field`, `attribute:<key>` or `ignore`. A customer list needs at least one
of phone, e-mail and external id; an opt-out list needs a phone, an e-mail or a column that holds either.
"""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache

from tertulia.core.folding import fold_text
from tertulia.core.import_reasons import FileProblem, FileReason

ATTRIBUTE = "attribute:"
IGNORE = "ignore"
ATTRIBUTE_KEY_CHARACTERS_MAX = 60


class ListKind(StrEnum):
    """What a file is: people to write to, or addresses never to write to."""

    CUSTOMERS = "customers"
    OPT_OUTS = "opt_outs"


class Field(StrEnum):
    """What a column can be."""

    NAME = "name"
    SURNAME = "surname"
    FULL_NAME = "full_name"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    COUNTRY = "country"
    LANGUAGE = "language"
    ZONE = "zone"
    BIRTHDAY = "birthday"
    EXTERNAL_ID = "external_id"
    OPT_IN = "opt_in"
    TAGS = "tags"
    DATE = "date"
    CAUSE = "cause"


_OF_KIND: Mapping[ListKind, tuple[Field, ...]] = {
    ListKind.CUSTOMERS: (
        Field.NAME,
        Field.SURNAME,
        Field.FULL_NAME,
        Field.PHONE,
        Field.EMAIL,
        Field.COUNTRY,
        Field.LANGUAGE,
        Field.ZONE,
        Field.BIRTHDAY,
        Field.EXTERNAL_ID,
        Field.OPT_IN,
        Field.TAGS,
    ),
    ListKind.OPT_OUTS: (Field.PHONE, Field.EMAIL, Field.ADDRESS, Field.COUNTRY, Field.DATE, Field.CAUSE),
}
_NEEDS_ONE_OF: Mapping[ListKind, frozenset[Field]] = {
    ListKind.CUSTOMERS: frozenset({Field.PHONE, Field.EMAIL, Field.EXTERNAL_ID}),
    ListKind.OPT_OUTS: frozenset({Field.PHONE, Field.EMAIL, Field.ADDRESS}),
}

# Heads, folded as `fold_text` folds: English, Portuguese, Arabic, Czech, Romanian, Chinese, Spanish, German, French.
_HEADS: Mapping[Field, str] = {
    Field.NAME: """
        name|first name|firstname|given name|forename|fname|customer first name|nome|primeiro nome|nome proprio|prenome|
        الاسم|الاسم الاول|اسم|jmeno|krestni jmeno|prenume|prenumele|名|名字|姓名 名|
        nombre|nombres|primer nombre|vorname|prenom""",
    Field.SURNAME: """
        surname|last name|lastname|family name|lname|second name|sobrenome|apelido|ultimo nome|nome de familia|
        اسم العائله|العائله|اللقب|الكنيه|الاسم الاخير|prijmeni|nume de familie|numele de familie|姓|姓氏|
        apellido|apellidos|nachname|familienname|nom|nom de famille""",
    Field.FULL_NAME: """
        full name|fullname|customer|customer name|client|client name|contact|contact name|display name|
        nome completo|nome do cliente|cliente|contato|contacto|الاسم الكامل|اسم العميل|العميل|الزبون|
        cele jmeno|jmeno a prijmeni|zakaznik|klient|nume complet|nume si prenume|nume|numele|
        姓名|全名|客户|客户姓名|客户名称|联系人|nombre completo|nombre y apellidos|name vorname|
        vollstandiger name|kunde|nom complet|nom et prenom""",
    Field.PHONE: """
        phone|phone number|phone no|phonenumber|telephone|telephone number|tel|tel no|mobile|mobile number|mobile phone|
        mobile no|cell|cell phone|cellphone|cell number|msisdn|whatsapp|whatsapp number|sms|number|contact number|
        telefone|telemovel|celular|numero|numero de telefone|numero do telefone|numero de celular|fone|tel celular|
        telefone celular|telefone movel|n telefone|n de telefone|الهاتف|رقم الهاتف|هاتف|الجوال|رقم الجوال|جوال|الموبايل|
        رقم الموبايل|موبايل|المحمول|رقم المحمول|telefon|telefonni cislo|mobil|mobilni telefon|cislo|cislo telefonu|
        mobilni cislo|tel cislo|numar de telefon|numar telefon|numar|telefon mobil|nr telefon|nr de telefon|nr tel|
        电话|电话号码|手机|手机号|手机号码|联系电话|移动电话|telefono|numero de telefono|movil|telefono movil|
        telefonnummer|handy|handynummer|mobilnummer|rufnummer|telephone portable|portable|numero de portable|mobile 1|
        phone 1""",
    Field.EMAIL: """
        email|e mail|mail|email address|e mail address|emailaddress|correio eletronico|endereco de email|
        endereco de e mail|البريد الالكتروني|البريد|الايميل|ايميل|بريد الكتروني|emailova adresa|e mailova adresa|
        adresa de email|adresa de e mail|adresa email|posta electronica|邮箱|电子邮件|电子邮箱|邮件|邮箱地址|
        correo|correo electronico|e mail adresse|email adresse|courriel|adresse e mail|adresse email""",
    Field.COUNTRY: """
        country|country code|nation|pais|codigo do pais|الدوله|البلد|دوله|بلد|رمز الدوله|zeme|stat|kod zeme|tara|
        cod tara|codul tarii|国家|国家代码|国家 地区|国别|codigo de pais|land|landercode|pays|code pays""",
    Field.LANGUAGE: """
        language|lang|locale|preferred language|idioma|lingua|lingua preferida|اللغه|لغه|jazyk|limba|limba preferata|
        语言|首选语言|sprache|langue""",
    Field.ZONE: """
        zone|time zone|timezone|tz|fuso|fuso horario|المنطقه الزمنيه|casove pasmo|casova zona|fus orar|fusul orar|
        zona orara|时区|zona horaria|zeitzone|fuseau horaire""",
    Field.BIRTHDAY: """
        birthday|birth date|birthdate|date of birth|dob|born|aniversario|data de nascimento|nascimento|dt nascimento|
        تاريخ الميلاد|الميلاد|عيد الميلاد|datum narozeni|narozeni|narozeniny|data nasterii|data de nastere|
        ziua de nastere|生日|出生日期|fecha de nacimiento|cumpleanos|geburtsdatum|geburtstag|date de naissance|
        anniversaire""",
    Field.EXTERNAL_ID: """
        id|external id|customer id|customer no|customer number|client id|user id|userid|contact id|crm id|code|
        codigo|codigo do cliente|id do cliente|id cliente|المعرف|رقم العميل|معرف العميل|id zakaznika|cislo zakaznika|
        zakaznicke cislo|id client|cod client|编号|客户编号|客户id|会员号|codigo de cliente|id de cliente|kundennummer|
        kunden id|numero client|id client externe""",
    Field.OPT_IN: """
        opt in|optin|consent|subscribed|marketing|marketing consent|accepts marketing|newsletter|gdpr|
        consentimento|aceita marketing|aceita receber|autoriza|inscrito|الموافقه|موافقه|الاشتراك|مشترك|
        souhlas|souhlas s marketingem|odber|consimtamant|acord|acord marketing|abonat|同意|订阅|营销同意|是否订阅|
        consentimiento|acepta|suscrito|einwilligung|werbung erlaubt|consentement|accepte|abonne""",
    Field.TAGS: """
        tags|tag|labels|label|groups|group|segment|etiquetas|etiqueta|grupo|grupos|marcadores|الوسوم|وسم|المجموعه|
        التصنيف|stitky|stitek|skupina|etichete|eticheta|grup|grupuri|标签|分组|schlagworte|gruppe|etiquettes""",
    Field.ADDRESS: """
        address|recipient|contact point|phone or email|phone or e mail|email or phone|destinatario|endereco|contato|
        العنوان|المستلم|adresa|prijemce|destinatar|地址|收件人|destino|empfanger|destinataire|adresse""",
    Field.DATE: """
        date|opt out date|unsubscribed at|unsubscribed on|opted out at|bounced at|timestamp|time|created at|when|
        data|data de saida|data do descadastro|التاريخ|تاريخ|datum|datum odhlaseni|data dezabonarii|日期|时间|退订日期|
        fecha|fecha de baja|abmeldedatum|date de desinscription""",
    Field.CAUSE: """
        cause|reason|type|status|bounce type|opt out reason|motivo|causa|razao|tipo|estado|السبب|سبب|الحاله|النوع|
        duvod|pricina|stav|typ|motiv|cauza|tip|stare|原因|类型|状态|razon|grund|raison|statut""",
}


def targets_of_kind(kind: ListKind) -> tuple[Field, ...]:
    """The fields that a column of this kind of list can be."""
    return _OF_KIND[kind]


def recognise_head(text: str, kind: ListKind) -> Field | None:
    """The field that a column's head names, in any of the languages."""
    return _by_head(kind).get(fold_text(text))


def has_head(first: Sequence[str], kind: ListKind) -> bool:
    """Whether a file's first row is a head: a cell is a known one, or no cell holds what people's rows hold."""
    if any(recognise_head(cell, kind) for cell in first):
        return True
    return bool(first) and all(cell.strip() and not looks_like_data(cell) for cell in first)


def propose_mapping(first: Sequence[str], samples: Sequence[Sequence[str]], kind: ListKind) -> list[str]:
    """A target for each column: by its head, then by what its cells look like; unknown ones become attributes."""
    headed = has_head(first, kind)
    targets = _targets_by_head(first, kind) if headed else [""] * len(first)
    rows = samples if headed else (first, *samples)
    for column, target in enumerate(targets):
        if not target:
            cells = [row[column].strip() for row in rows if column < len(row) and row[column].strip()]
            targets[column] = _target_by_cells(cells, targets)
    for column, target in enumerate(targets):
        if not target:
            targets[column] = _leftover_target(first[column] if headed else "", column, kind, targets)
    return targets


def check_mapping(targets: Sequence[str], heads: Sequence[str], kind: ListKind) -> tuple[str, ...]:
    """The mapping, found right. Raises FileProblem that says which column to change."""
    known = {field.value for field in _OF_KIND[kind]}
    seen: dict[str, int] = {}
    for column, target in enumerate(targets):
        if target == IGNORE:
            continue
        if not target.startswith(ATTRIBUTE) and target not in known:
            fields = ", ".join(field.value for field in _OF_KIND[kind])
            raise FileProblem(FileReason.UNKNOWN_FIELD, field=target, fields=fields)
        if target in seen:
            columns = f"{_name_column(heads, seen[target])}, {_name_column(heads, column)}"
            raise FileProblem(FileReason.COLUMN_TWICE, field=target, columns=columns)
        seen[target] = column
    if not _NEEDS_ONE_OF[kind] & seen.keys():
        raise FileProblem(FileReason.NO_ADDRESS_COLUMN)
    return tuple(targets)


def override_mapping(targets: Sequence[str], heads: Sequence[str], changes: Mapping[str, str]) -> list[str]:
    """Apply changes by column head or number (from 1): {"Fone": "phone", "3": "attribute:city"}. Raises FileProblem."""
    changed = list(targets)
    by_head = {fold_text(head): column for column, head in reversed(list(enumerate(heads)))}
    for name, target in changes.items():
        column = by_head.get(fold_text(name), -1)
        if column < 0 and name.isdecimal() and 0 < int(name) <= len(changed):
            column = int(name) - 1
        if column < 0:
            raise FileProblem(FileReason.UNKNOWN_COLUMN, column=name, columns=", ".join(heads))
        for other, taken in enumerate(changed):
            if taken == target and not target.startswith(ATTRIBUTE):
                changed[other] = IGNORE
        changed[column] = target
    return changed


def attribute_key(head: str, column: int) -> str:
    """The attribute's name for a head: `Última compra (R$)` becomes `ultima_compra_r`."""
    key = fold_text(head).replace(" ", "_")[:ATTRIBUTE_KEY_CHARACTERS_MAX].strip("_")
    return key or f"column_{column + 1}"


def _targets_by_head(first: Sequence[str], kind: ListKind) -> list[str]:
    targets: list[str] = []
    for head in first:
        field = recognise_head(head, kind)
        targets.append(field.value if field is not None and field.value not in targets else "")
    if Field.NAME in targets and Field.SURNAME not in targets and Field.FULL_NAME in targets:
        # Romanian writes `nume` (surname) beside `prenume` (name); alone `nume` is the whole name.
        targets[targets.index(Field.FULL_NAME)] = Field.SURNAME.value
    elif Field.SURNAME in targets and Field.FULL_NAME in targets and Field.NAME not in targets:
        targets[targets.index(Field.FULL_NAME)] = Field.NAME.value
    return targets


_EMAIL_LIKE = re.compile(r"[^@\s]+@[^@\s]+\.\w+")


def looks_like_data(cell: str) -> bool:
    """Whether a cell holds what people's rows hold, and so is no head: an e-mail address or many digits."""
    return bool(_EMAIL_LIKE.fullmatch(cell.strip())) or sum(map(str.isdigit, cell)) >= 6


def _target_by_cells(cells: Sequence[str], taken: Sequence[str]) -> str:
    if not cells:
        return ""
    if Field.EMAIL not in taken and all(_EMAIL_LIKE.fullmatch(cell) for cell in cells):
        return Field.EMAIL.value
    if Field.PHONE not in taken and all(_looks_like_phone(cell) for cell in cells):
        return Field.PHONE.value
    return ""


def _looks_like_phone(cell: str) -> bool:
    digits = sum(map(str.isdigit, cell))
    return 8 <= digits <= 15 and digits >= len(cell) * 0.6 and not re.search(r"[^\W\d_]|@", cell)


def _leftover_target(head: str, column: int, kind: ListKind, taken: list[str]) -> str:
    if kind is ListKind.OPT_OUTS:
        return IGNORE
    if not head:  # no head at all: the first two columns of text are the name and the surname
        for field in (Field.NAME, Field.SURNAME):
            if field not in taken:
                return field.value
    key = ATTRIBUTE + attribute_key(head, column)
    return key if key not in taken else f"{key}_{column + 1}"


def _name_column(heads: Sequence[str], column: int) -> str:
    return heads[column] if column < len(heads) and heads[column].strip() else str(column + 1)


@cache
def _by_head(kind: ListKind) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for field in _OF_KIND[kind]:
        for head in _HEADS[field].split("|"):
            found.setdefault(fold_text(head), field)
    return found

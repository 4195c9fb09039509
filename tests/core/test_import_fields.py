"""Columns are recognised by their heads in our users' languages, and a wrong mapping is refused in one sentence."""

import pytest

from tertulia.core.country_names import find_country
from tertulia.core.import_fields import (
    Field,
    ListKind,
    check_mapping,
    has_head,
    override_mapping,
    propose_mapping,
    recognise_head,
    targets_of_kind,
)
from tertulia.core.import_reasons import FileProblem, FileReason
from tertulia.core.language_names import find_language

CUSTOMERS = ListKind.CUSTOMERS


@pytest.mark.parametrize(
    "head",
    [
        ["First name", "Last name", "Phone number", "E-mail", "Country", "Birthday"],
        ["Nome", "Sobrenome", "Celular", "E-mail", "País", "Data de nascimento"],
        ["Nome próprio", "Apelido", "Telemóvel", "Correio eletrónico", "Pais", "Aniversário"],
        ["الاسم", "اسم العائلة", "رقم الهاتف", "البريد الإلكتروني", "الدولة", "تاريخ الميلاد"],
        ["Jméno", "Příjmení", "Telefonní číslo", "E-mail", "Země", "Datum narození"],
        ["Prenume", "Nume", "Număr de telefon", "E-mail", "Țară", "Data nașterii"],
        ["名", "姓", "手机号码", "电子邮箱", "国家", "出生日期"],
        ["FIRST_NAME", "last-name", "Mobile #", "email", "COUNTRY CODE", "dob"],
    ],
)
def test_heads_in_six_languages(head: list[str]) -> None:
    """Case, accents, punctuation and language do not matter."""
    assert propose_mapping(head, [], CUSTOMERS) == ["name", "surname", "phone", "email", "country", "birthday"]


def test_one_column_of_names() -> None:
    """Romanian `Nume` alone and Chinese `姓名` are the whole name."""
    assert propose_mapping(["Nume", "Telefon"], [], CUSTOMERS) == ["full_name", "phone"]
    assert propose_mapping(["姓名", "手机"], [], CUSTOMERS) == ["full_name", "phone"]


def test_unknown_heads_become_attributes() -> None:
    """Nothing of the list is lost: a column that we do not know is an attribute of its name."""
    heads = ["Phone", "Última compra (R$)", "Última compra R$", "Mobile"]
    assert propose_mapping(heads, [], CUSTOMERS) == [
        "phone",
        "attribute:ultima_compra_r",
        "attribute:ultima_compra_r_3",
        "attribute:mobile",
    ]


def test_a_list_without_a_head_is_read_by_its_cells() -> None:
    """Its first row is a person, not a head."""
    first, samples = ["Ana", "Silva", "+55 11 98555-0200", "a@example.com"], [["Bo", "Reis", "11985550201", "b@x.org"]]
    assert not has_head(first, CUSTOMERS)
    assert propose_mapping(first, samples, CUSTOMERS) == ["name", "surname", "phone", "email"]
    assert not has_head(["11985550200"], ListKind.OPT_OUTS)
    assert propose_mapping(["11985550200"], [["11985550201"]], ListKind.OPT_OUTS) == ["phone"]


def test_an_unknown_head_is_a_head_when_its_cells_are_words() -> None:
    """`Fornecedor;Cidade` is a head that we do not know, not a person."""
    assert has_head(["Fornecedor", "Cidade"], CUSTOMERS)


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        (["name", "surname"], FileReason.NO_ADDRESS_COLUMN),
        (["phone", "phone"], FileReason.COLUMN_TWICE),
        (["phone", "shoe_size"], FileReason.UNKNOWN_FIELD),
        (["phone", "cause"], FileReason.UNKNOWN_FIELD),
    ],
)
def test_a_wrong_mapping_is_refused(targets: list[str], reason: FileReason) -> None:
    """The sentence names the field or the columns, so that it can be corrected."""
    with pytest.raises(FileProblem) as caught:
        check_mapping(targets, ["A", "B"], CUSTOMERS)
    assert caught.value.reason is reason
    assert any(word in caught.value.sentence for word in ("A, B", "shoe_size", "cause", "phone"))


def test_a_right_mapping_passes() -> None:
    """An e-mail or an id alone is enough."""
    assert check_mapping(["email", "ignore", "ignore"], ["A", "B", "C"], CUSTOMERS) == ("email", "ignore", "ignore")
    assert check_mapping(["external_id"], ["A"], CUSTOMERS) == ("external_id",)


def test_changes_by_head_or_number() -> None:
    """What is chosen by hand wins; the column that had the field before is left out."""
    heads = ["Name", "Fone", "Phone"]
    assert override_mapping(["name", "attribute:fone", "phone"], heads, {"fone": "phone"}) == [
        "name",
        "phone",
        "ignore",
    ]
    assert override_mapping(["name", "phone", "ignore"], heads, {"3": "attribute:x"})[2] == "attribute:x"
    with pytest.raises(FileProblem, match="Nome"):
        override_mapping(["name"], ["Name"], {"Nome": "name"})


def test_every_head_means_one_field() -> None:
    """Each field of a kind is reachable by its own English name."""
    for kind in ListKind:
        for field in targets_of_kind(kind):
            assert recognise_head(field.value, kind) is field


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Brasil", "BR"),
        ("brazil", "BR"),
        ("BRA", "BR"),
        ("br", "BR"),
        ("巴西", "BR"),
        ("البرازيل", "BR"),
        ("Česko", "CZ"),
        ("UK", "GB"),
        ("EUA", "US"),
        ("România", "RO"),
        ("Kosovo", "XK"),
        ("Atlantis", ""),
    ],
)
def test_countries_by_name(text: str, code: str) -> None:
    """Codes and names in our users' languages."""
    assert find_country(text) == code


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("pt_BR", "pt-BR"),
        ("PT", "pt"),
        ("zh-hans", "zh-Hans"),
        ("Čeština", "cs"),
        ("Portuguese", "pt"),
        ("klingon", ""),
    ],
)
def test_languages_by_tag_or_name(text: str, tag: str) -> None:
    """Tags in any spelling become BCP 47."""
    assert find_language(text) == tag


def test_fields_know_their_kind() -> None:
    """A cause is no column of a customer list."""
    assert Field.CAUSE not in targets_of_kind(CUSTOMERS)

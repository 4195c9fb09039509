"""Files become rows: every encoding, delimiter and line end; broken rows are reported and swallow nothing."""

import csv
import io
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tertulia.core import spreadsheets, tabular
from tertulia.core.import_reasons import FileProblem, FileReason, Reason
from tertulia.core.tabular import (
    ROW_CHARACTERS_MAX,
    Broken,
    Plain,
    Record,
    detect_shape,
    iter_csv,
    iter_lines,
    iter_pieces,
    split_pieces,
)
from tertulia.core.text_encodings import guess_code_page

LIMIT = 10_000_000
PEOPLE = {
    "cp1252": ["name,surname", "João,Gonçalves", "Inês,Carvalho", "Jürgen,Groß"],
    "cp1250": ["jméno,příjmení", "Jiří,Dvořák", "Žaneta,Šťastná", "Mădălina,Ştefănescu"],
    "cp1251": ["имя,фамилия", "Сергей,Иванов", "Ольга,Петрова", "Анна,Смирнова"],
    "cp1254": ["ad,soyad", "Ayşe,Yılmaz", "Gökhan,Öztürk", "İbrahim,Doğan"],
    "cp1256": ["الاسم,العائلة", "محمد,العلي", "فاطمة,الزهراء", "أحمد,حسن"],
    "gb18030": ["姓,名", "王,伟", "李,娜", "欧阳,修远"],
}


def read_rows(data: bytes, country: str = "") -> list[Record | Broken]:
    file = io.BytesIO(data)
    shape = detect_shape(file, len(data), LIMIT, country)
    return list(split_pieces(iter_pieces(file, shape), shape.delimiter))


def refuse(data: bytes, limit: int = LIMIT) -> FileReason:
    with pytest.raises(FileProblem) as caught:
        detect_shape(io.BytesIO(data), len(data), limit)
    assert "%(" not in caught.value.sentence
    return caught.value.reason


def make_sheet(cells: str, sheet: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A minimal XLSX with the given rows as XML."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
            f'<Override PartName="/{sheet}" ContentType="{kind}.worksheet+xml"/></Types>',
        )
        rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        package = "http://schemas.openxmlformats.org/package/2006/relationships"
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}">'
            f'<Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets><sheet name="People" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}">'
            f'<Relationship Id="r1" Type="{rel}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="r2" Type="{rel}/styles" Target="styles.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet xmlns="{main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
            "</styleSheet>",
        )
        archive.writestr(sheet, f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>')
    return out.getvalue()


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


@pytest.mark.parametrize("encoding", [*PEOPLE, "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_are_recognised(encoding: str) -> None:
    """The same people come out of every usual encoding."""
    lines = PEOPLE.get(encoding, ["name,surname", "João,Gonçalves", "Łukasz,Wałęsa"])
    rows = read_rows("\r\n".join(lines).encode(encoding))
    assert [",".join(row[1]) for row in rows if not isinstance(row, Broken)] == lines


def test_the_country_tips_a_doubtful_encoding() -> None:
    """One word that reads well in two code pages is read in the list's country's."""
    word = "Erdős,Győző".encode("cp1250")
    assert guess_code_page(word, "HU") == "cp1250"
    assert guess_code_page("José".encode("cp1252"), "BR") == "cp1252"


def test_one_stray_byte_costs_one_row_not_the_reading() -> None:
    """A file of UTF-8 with a single broken byte stays UTF-8; the byte shows as U+FFFD."""
    data = b"name,phone\n" + "José,1\n".encode() * 200 + b"Jos\xe9,2\n" + "João,3\n".encode() * 200
    rows = read_rows(data)
    assert rows[1] == (2, ["José", "1"])
    assert rows[201] == (202, ["Jos\ufffd", "2"])


def test_letters_may_come_late() -> None:
    """Plain ASCII for a long while, then cp1252: the whole file is looked at, not its head."""
    data = b"name,phone\r\n" + b"Ana,11985550200\r\n" * 100_000 + "José,11985550201\r\n".encode("cp1252") * 3
    assert read_rows(data)[-1] == (100_004, ["José", "11985550201"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(delimiter: str, line_end: str) -> None:
    """All four delimiters and all three line ends, with the other signs inside cells."""
    lines = [["name", "note", "phone"], ["Ana", 'says "a, b; c|d"', "1"], ["Bo", "two\nlines, in one", "2"]]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator=line_end, quoting=csv.QUOTE_ALL).writerows(lines)
    assert [row[1] for row in read_rows(out.getvalue().encode()) if not isinstance(row, Broken)] == lines


def test_a_stated_delimiter_is_obeyed() -> None:
    """Excel's `sep=;` line is no row, but it counts as one."""
    assert read_rows(b"sep=;\nname;phone\nAna;1\n") == [(2, ["name", "phone"]), (3, ["Ana", "1"])]


def test_blank_rows_count_but_are_no_rows() -> None:
    """Row numbers are those of a spreadsheet."""
    assert read_rows(b"name,phone\n\nAna,1\n\n") == [(1, ["name", "phone"]), (3, ["Ana", "1"])]


def test_a_quote_never_closed_breaks_one_row() -> None:
    """The row is reported, and the next ones are read."""
    rows = read_rows(b'name,phone\n"Ana,1\nBo,2\n"Ci",3\nDe,4\n')
    assert rows[1] == Broken(2, '"Ana,1', Reason.QUOTE_NEVER_CLOSED, {})
    assert rows[2:] == [(3, ["Bo", "2"]), (4, ["Ci", "3"]), (5, ["De", "4"])]


@pytest.mark.parametrize("tail", ["", "Bo,2\n", "Bo,2\n" * 5_000])
def test_a_quote_open_until_the_end_breaks_one_row(tail: str) -> None:
    """However much follows, only the row with the lost quote is broken."""
    rows = read_rows(f'name,phone\nAda,0\n"Ana,1\n{tail}'.encode())
    broken = [row for row in rows if isinstance(row, Broken)]
    assert [(row.row, row.reason) for row in broken] == [(3, Reason.QUOTE_NEVER_CLOSED)]
    assert len(rows) == 3 + tail.count("\n")


def test_quoted_line_breaks_are_one_row() -> None:
    """An address over three lines is one cell."""
    rows = read_rows(b'name,address,phone\nAna,"Rua A, 1\nap. 2, bloco B\nSP",1\nBo,x,2\n')
    assert rows[1:] == [(2, ["Ana", "Rua A, 1\nap. 2, bloco B\nSP", "1"]), (3, ["Bo", "x", "2"])]


def test_a_row_of_a_megabyte_is_reported() -> None:
    """A line over the limit is cut and named; the next row is read."""
    data = b"name,phone\nAna," + b"1" * 1_500_000 + b"\nBo,2\n"
    rows = read_rows(data)
    assert isinstance(rows[1], Broken)
    assert (rows[1].row, rows[1].reason, len(rows[1].text)) == (2, Reason.ROW_TOO_LONG, 200)
    assert rows[1].params == {"limit": ROW_CHARACTERS_MAX}
    assert rows[2] == (3, ["Bo", "2"])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", FileReason.EMPTY),
        (b"\xef\xbb\xbf \r\n", FileReason.EMPTY),
        (b"%PDF-1.7\n...", FileReason.NOT_A_TABLE),
        (b"\x89PNG\r\n\x1a\n", FileReason.NOT_A_TABLE),
        (b"\xff\xd8\xff\xe0 jpeg", FileReason.NOT_A_TABLE),
        (b"\x1f\x8b\x08 gzip", FileReason.NOT_A_TABLE),
        (b"<!DOCTYPE html><table>", FileReason.NOT_A_TABLE),
        (b"\x00\x01\x02\x03,\x04\n\x05\x06", FileReason.NOT_A_TABLE),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 not really", FileReason.OLD_OR_DAMAGED),
        (b"PK\x03\x04 not really", FileReason.OLD_OR_DAMAGED),
        (",".join(f"c{n}" for n in range(201)).encode(), FileReason.TOO_MANY_COLUMNS),
    ],
)
def test_what_is_no_list_is_refused_in_one_sentence(data: bytes, reason: FileReason) -> None:
    """Nothing that is not a table gets past its first bytes."""
    assert refuse(data) is reason


def test_two_hundred_columns_are_taken() -> None:
    """The limit itself is inside."""
    assert len(read_rows((",".join(["c"] * 200) + "\n").encode())[0][1]) == 200  # type: ignore[index]


def test_a_file_over_the_limit_is_not_even_read() -> None:
    """Four gigabytes are refused by their size, and the sentence names the setting."""
    with pytest.raises(FileProblem, match="IMPORT_BYTES_MAX") as caught:
        detect_shape(io.BytesIO(b""), 4 << 30, 2_000_000_000)
    assert caught.value.reason is FileReason.TOO_LARGE


def test_xlsx_numbers_and_dates_are_text() -> None:
    """A phone in a number cell has no `.0`, a date is ISO, the rows keep the sheet's numbers."""
    cells = (
        f'<row r="1">{text_cell("A1", "name")}{text_cell("B1", "phone")}{text_cell("C1", "born")}</row>'
        f'<row r="2">{text_cell("A2", "José")}<c r="B2"><v>5511985550200</v></c><c r="C2" s="1"><v>32203</v></c></row>'
        f'<row r="4">{text_cell("A4", "Ana")}<c r="B4"><v>0.5</v></c></row>'
    )
    assert read_rows(make_sheet(cells)) == [
        (1, ["name", "phone", "born"]),
        (2, ["José", "5511985550200", "1988-03-01"]),
        (4, ["Ana", "0.5", ""]),
    ]


def test_an_archive_that_is_no_spreadsheet_is_refused() -> None:
    """A ZIP of something else is named as what it is."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("people.csv", "name,phone\n")
    assert refuse(out.getvalue()) is FileReason.NOT_A_TABLE


def test_a_zip_bomb_is_refused_by_what_it_unpacks_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit counts unpacked bytes."""
    monkeypatch.setattr(spreadsheets, "UNPACKED_BYTES_MAX", 1_000_000)
    assert refuse(make_sheet(" " * 5_000_000)) is FileReason.UNPACKS_TOO_LARGE


def test_an_empty_sheet_is_refused() -> None:
    """A workbook without a single row."""
    assert refuse(make_sheet("")) is FileReason.NO_SHEET


@settings(max_examples=300)
@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=20), min_size=3, max_size=3
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    """Any rows, strictly quoted, come back cell for cell (single rows inside a cell that look like rows apart)."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    if any(cell.count("\n") > 1 for row in rows for cell in row):
        return
    lines = iter_lines([out.getvalue().encode()], "utf-8")
    records = split_pieces(iter_csv(lines, ",", 3), ",")
    assert [record[1] for record in records if not isinstance(record, Broken)] == rows


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(1, 50))
@example(b"\xc2\x85\x00\r\x00", 1)
def test_no_bytes_raise_anything_but_a_file_problem(data: bytes, cut: int) -> None:
    """Whatever the bytes are and however they are cut into blocks, there are rows or one clear error."""
    try:
        shape = detect_shape(io.BytesIO(data), len(data), LIMIT)
    except FileProblem:
        return
    if shape.kind == "csv":
        blocks = [data[at : at + cut] for at in range(0, len(data), cut)]
        in_blocks = iter_csv(iter_lines(blocks, shape.encoding), shape.delimiter, shape.width)
        whole = iter_csv(iter_lines([data], shape.encoding), shape.delimiter, shape.width)
        assert list(split_pieces(in_blocks, shape.delimiter)) == list(split_pieces(whole, shape.delimiter))


@settings(max_examples=300)
@given(st.text(st.sampled_from('a1,;"\n\r \t\x00\x0b\x1c\x85\u2028\ufeffé'), max_size=200), st.integers(1, 40))
def test_plain_lines_are_cut_as_the_csv_reader_cuts_them(text: str, cut: int) -> None:
    """Rows, their numbers and broken ones are the same when every line takes the csv reader's way."""
    data = text.encode()
    blocks = [data[at : at + cut] for at in range(0, len(data), cut)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular._Feed, "take_plain", lambda _feed: [])
        read = list(iter_csv(iter_lines(blocks, "utf-8"), ",", 3))
    assert not any(isinstance(piece, Plain) for piece in read)
    assert list(split_pieces(iter_csv(iter_lines(blocks, "utf-8"), ",", 3), ",")) == read


def test_plain_lines_stay_together() -> None:
    """Blank lines, quotes and lines over the limit part them; numbers go on as a spreadsheet counts."""
    long = "x" * (ROW_CHARACTERS_MAX + 1)
    pieces = list(iter_csv(iter_lines([f'a,b\nc,d\n\ne,f\n"g","h"\n{long}\ni,j'.encode()], "utf-8"), ",", 2))
    assert [pieces[at] for at in (0, 1, 2, 4)] == [
        Plain(1, ["a,b", "c,d"]),
        Plain(4, ["e,f"]),
        (5, ["g", "h"]),
        Plain(7, ["i,j"]),
    ]
    assert isinstance(pieces[3], Broken)


def test_what_is_shown_of_a_file_holds_no_nul() -> None:
    """The database refuses NUL in a text; the examples beside the columns show that something stood there."""
    data = b"Nome;Telefone\nA\x00na;+5511999990001\n"
    assert detect_shape(io.BytesIO(data), len(data), LIMIT).samples == (("A\ufffdna", "+5511999990001"),)

"""Whatever is in a file of people or a document, reading it ends, and every row is taken or
rejected for a reason."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from callcenter.documents.campaigns import load_campaign
from callcenter.documents.contact_columns import ATTRIBUTES_MAX, NUMBERS_MAX
from callcenter.documents.contacts_csv import (
    PRIORITY_MAX,
    ContactReading,
    ContactRow,
    ContactsFile,
)
from callcenter.documents.csv_rows import COLUMNS_MAX, ROW_BYTES_MAX, CannotRead
from callcenter.documents.customers_csv import VALUE_MAX, CustomerRow, CustomersFile
from callcenter.documents.flow_scripts import load_scripts
from callcenter.documents.flows import load_flow
from callcenter.documents.people_csv import NAME_CHARS_MAX, NOTE_CHARS_MAX, SHOWN_CHARS_MAX
from callcenter.documents.rejects import Reject, RejectsFile
from callcenter.documents.yaml_lines import DocumentError
from tests.fuzz.mutation import mutate
from tests.fuzz.trials import Bound, Trials, inputs
from tests.workbooks import SHEET, parts_of

PROJECT = Path(__file__).parents[2]
CUSTOMERS = (
    "id,name,phone,tier,value,since,note\r\n"
    "K1,Ana Ólafsdóttir,+354 555 0100,gold,1234.50,2019-05-31,\r\n"
    'K2,"Smith, ""Bob""",(202) 555-0141|+12025550142,Silver,-1,,"two\r\nlines"\r\n'
    "K3,李雷,+86 138 1234 5678,standard,,2020-02-29,'=1+1\r\n"
    ",,,,,,\r\n"
    "K4,Zoë,+442079460000,standard,0,2001-01-01,a note\r\n"
).encode()
CONTACTS = (
    "Phone;Name;Customer ID;Tier;Priority;Zone;Notes;car;last order;mobile;opt in\n"
    "+12025550141;Ana;K1;gold;5;America/New_York;;Volvo;2019;2025550199;yes\n"
    "2025550142;Bob;;;;;call late;;;;\n"
    "+4930123456;Ida;K7;silver;0;;;'+1;;+4915123456789;x\n"
    "\n"
    '+354 555 0100;Zoë;;standard;100;atlantic/reykjavik;"a\nb";;;;1\n'
).encode()
CSV_TOKENS = (
    b",",
    b";",
    b"\t",
    b'"',
    b'""',
    b'"\n"',
    b"\r\n",
    b"\n",
    b"\r",
    b"|",
    b"+",
    b"'=",
    b"\xef\xbb\xbf",
    b"reject_row",
    b"phone",
    b"id,",
    b"tier",
    b"\xff\xfe",
    b"PK\x03\x04",
    "\u0661\u0662\u0663".encode(),
    b"+1202555014" * 30,
    b"1.2E+10",
    "\uff0b81".encode(),
    b"gold",
    b"2019-02-30",
    b"0" * 400,
    b",,,,,,,,,,",
)
YAML_TOKENS = (
    b"&a ",
    b"*a",
    b"!!python/object:os.system ",
    b"<<: ",
    b"- ",
    b": ",
    b"? ",
    b"|\n",
    b">-\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b"#",
    b"---\n",
    b"...\n",
    b"%YAML 9.9\n",
    b"\t",
    b"'",
    b'"',
    b"\n  ",
    b"null",
    b"0o17",
    b".inf",
    b"[" * 300,
    b"{a: " * 300,
    b"- " * 300,
    b"key: 1\nkey: 2\n",
    b"12:30",
    b"1_000",
    b"type: queue\n",
)
E164 = re.compile(r"\+[1-9][0-9]{2,16}", re.ASCII)


@dataclass(frozen=True)
class People:
    """A file of people."""

    content: bytes
    is_of_customers: bool
    region: str


def make_people(rng: Random) -> People:
    """A file with something wrong in it."""
    is_of_customers = rng.random() < 0.5
    good = CUSTOMERS if is_of_customers else CONTACTS
    content = mutate(rng, good, CSV_TOKENS, (CUSTOMERS, CONTACTS))
    return People(content, is_of_customers, rng.choice(("US", "DE", "IS", "CN")))


def judge_people(folder: Path) -> Callable[[People], str]:
    """Read a file, row by row; write what is rejected, and read that again."""
    source, rejected = folder / "people.csv", folder / "rejects.csv"

    def judge(people: People) -> str:
        source.write_bytes(people.content)

        def open_file(path: Path) -> CustomersFile | ContactsFile:
            if people.is_of_customers:
                return CustomersFile(path, people.region)
            return ContactsFile(path, ContactReading(people.region))

        taken: list[CustomerRow | ContactRow] = []
        rejects: list[Reject] = []
        try:
            with open_file(source) as file:
                with RejectsFile(rejected, source, file.header) as out:
                    for row in file:
                        if isinstance(row, Reject):
                            rejects.append(row)
                            out.write(row)
                        else:
                            taken.append(row)
                assert file.rows == len(taken) + len(rejects)
        except CannotRead:
            return "cannot read"
        finally:
            source.unlink()
        check_rows(taken, rejects, file.header)
        if rejects and sum(map(len, file.header)) < ROW_BYTES_MAX // 2:
            with open_file(rejected) as again:
                assert again.header == file.header
                assert len(list(again)) >= 0
            rejected.unlink()
        return "rejects" if rejects else "all taken"

    return judge


def check_rows(
    taken: Sequence[CustomerRow | ContactRow], rejects: Sequence[Reject], header: Sequence[str]
) -> None:
    """Every row is within what the rest of the product counts on."""
    assert len(header) <= COLUMNS_MAX
    for reject in rejects:
        assert reject.reason
        assert reject.mend
        assert len(reject.fields) in (0, len(header))
        assert not reject.column or len(reject.value) <= SHOWN_CHARS_MAX
    numbers: list[str] = []
    for row in taken:
        assert len(row.fields) == len(header)
        assert len(row.name) <= NAME_CHARS_MAX
        if isinstance(row, CustomerRow):
            numbers += row.numbers
            assert row.id
            assert not isinstance(row.value, float) or abs(row.value) <= VALUE_MAX
            assert not isinstance(row.note, str) or len(row.note) <= NOTE_CHARS_MAX
        else:
            numbers += [row.number, *(more.number for more in row.more_numbers)]
            assert row.zones
            assert all(more.zones for more in row.more_numbers)
            assert len(row.more_numbers) < NUMBERS_MAX
            assert row.consent is not False
            assert len(row.attributes) <= ATTRIBUTES_MAX
            assert row.priority is None or 0 <= row.priority <= PRIORITY_MAX
    assert len(dict.fromkeys(numbers)) == len(numbers), "a number twice"
    assert all(E164.fullmatch(number) for number in numbers)
    lines = [row.row for row in (*taken, *rejects)]
    assert len(dict.fromkeys(lines)) == len(lines)


PEOPLE = Trials(
    "CSV of customers and contacts",
    make_people,
    size=lambda people: len(people.content),
    memory=Bound(3_000_000, 30),
    steps=Bound(400_000, 30),
)


@inputs(2_500)
def test_a_file_of_people_is_taken_row_by_row_whatever_is_in_it(count: int, tmp_path: Path) -> None:
    tally = PEOPLE.run(count, judge_people(tmp_path))

    kinds = ("cannot read", "rejects", "all taken")
    assert min(tally.outcomes[one] for one in kinds) > count / 100


# --- workbooks ------------------------------------------------------------------------------------

WORKBOOK = parts_of(
    [
        ["Phone", "Name", "Tier", "mobile", "seen", "opt in"],
        ["+12025550141", "Ana", "gold", 2025550199, 45443.5, True],
        [2025550142, "Bob & Bo", None, None, None, "yes"],
        [None, None],
        ["+4930123456", "=1+1", "silver", "none"],
    ]
)
XML_TOKENS = (
    *(b"<row>", b"</row>", b"<c>", b"</c>", b'<c r="XFD1048576"><v>1</v></c>', b"<v>7</v>"),
    *(b"<f>1+1</f>", b'r="', b't="s"', b's="3"', b"<si>", b"<rPh>", b"</rPh>", b"<!-- ", b"-->"),
    *(b"<![CDATA[", b"]]>", b"<!DOCTYPE x [", b'<!ENTITY a "b">', b"&a;", b"&#0;", b"&#x1F600;"),
    *(b"\xff\xfe", b"\x00", b"<?xml version='1.0' encoding='utf-16'?>", b"9" * 400, b"_x0000_"),
    *(b'Target="../../../etc/passwd"', b"sheets", b"<x:c ", b"1e999", b"PK\x03\x04"),
)


def make_workbook(rng: Random) -> bytes:
    """A workbook of which some parts, or the archive around them, are spoilt."""
    parts: dict[str, bytes] = {name: text.encode() for name, text in WORKBOOK.items()}
    names = list(parts)
    for _ in range(rng.choice((0, 1, 1, 2))):
        name = rng.choice((SHEET, SHEET, *names))
        parts[name] = mutate(rng, parts[name], XML_TOKENS, list(parts.values()))
    if rng.random() < 0.1:
        del parts[rng.choice(names)]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as to:
        for name, content in parts.items():
            to.writestr(zipfile.ZipInfo(name), content)
    whole = packed.getvalue()
    return mutate(rng, whole, XML_TOKENS, (whole,)) if rng.random() < 0.3 else whole


WORKBOOKS = Trials(
    "Excel workbooks of contacts",
    make_workbook,
    size=len,
    memory=Bound(6_000_000, 100),
    steps=Bound(600_000, 60),
)


@inputs(1_000)
def test_a_workbook_is_taken_row_by_row_or_refused_as_a_whole(count: int, tmp_path: Path) -> None:
    path = tmp_path / "people.xlsx"

    def judge(content: bytes) -> str:
        path.write_bytes(content)
        try:
            with ContactsFile(path, ContactReading("US")) as file:
                rows = list(file)
        except CannotRead:
            return "cannot read"
        rejects = [row for row in rows if isinstance(row, Reject)]
        check_rows([row for row in rows if isinstance(row, ContactRow)], rejects, file.header)
        return "read"

    tally = WORKBOOKS.run(count, judge)

    assert min(tally.outcomes[one] for one in ("cannot read", "read")) > count / 20


# --- documents ------------------------------------------------------------------------------------

DOCUMENTS: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    "flow": (
        (PROJECT / "ivr_flows" / "service.yaml").read_bytes(),
        lambda path: load_flow(path, ("service", "sales"), None),
    ),
    "script": ((PROJECT / "ivr_flows" / "tests" / "service.yaml").read_bytes(), load_scripts),
    "campaign": ((PROJECT / "config" / "campaign.example.yaml").read_bytes(), load_campaign),
}


def make_document(rng: Random) -> tuple[str, bytes]:
    """A document of some kind with something wrong in it."""
    kind = rng.choice(list(DOCUMENTS))
    others = [content for content, _ in DOCUMENTS.values()]
    return kind, mutate(rng, DOCUMENTS[kind][0], YAML_TOKENS, others)


YAML = Trials(
    "YAML documents",
    make_document,
    size=lambda document: len(document[1]),
    memory=Bound(8_000_000, 400),
    steps=Bound(400_000, 400),
)


@inputs(500)
def test_a_document_is_taken_or_every_line_that_is_wrong_is_named(
    count: int, tmp_path: Path
) -> None:
    path = tmp_path / "document.yaml"

    def judge(document: tuple[str, bytes]) -> str:
        kind, content = document
        path.write_bytes(content)
        try:
            DOCUMENTS[kind][1](path)
        except DocumentError as error:
            problems = error.problems
        else:
            return "taken"
        lines = content.count(b"\n") + content.count(b"\r") + content.count(b"\xe2\x80\xa8") + 2
        assert problems
        assert all(0 <= problem.line <= lines for problem in problems)
        return "refused"

    tally = YAML.run(count, judge)

    assert min(tally.outcomes[one] for one in ("taken", "refused")) > count / 50


@pytest.mark.parametrize("kind", list(DOCUMENTS))
def test_the_documents_that_are_spoilt_are_good_before(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "document.yaml"
    content, load = DOCUMENTS[kind]
    path.write_bytes(content)

    assert load(path)

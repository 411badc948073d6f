"""Portfolios to try a journey on: the very file that `tahsil place` takes.

A row is good if the API would place it: plain ones are seen to be good at a glance, all others are
put to the API's own schema. What is kept of a row is what a simulation needs: no names, no
addresses.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from api.upload import LONGEST_LINE, MARK, Judge, Reader, csv_reader, read_json
from cli.glance import Glance, glance
from cli.portfolio_faults import Faults, PortfolioError, RowError, header, other_kind, refuse
from compliance import PersonFacts
from compliance.facts import Actor, Sector
from domain.accounts import Placement, opaque_id
from domain.contracts import Contract
from simulation.people import Account, Person
from simulation.placing import facts_of
from simulation.portfolio import people_of

CREDITOR = "portfolio"
"""Stands for the creditor, who is not in the file: ids, and with them all draws, hang on it."""

PLAYED = "journey-under-test"
"""What accounts ask for, whatever their row says: each variant plays its own journey for it."""

CSV, JSON_LINES = ".csv", (".jsonl", ".ndjson")
"""Names of files end in these."""

REPORTED = 2_000
"""Lines between two reports of how far the reading has come."""


@dataclass(frozen=True)
class Terms:
    """What is not in the file: whose accounts these are, and on which day they are placed."""

    today: date
    actor: Actor = Actor.AGENCY
    sector: Sector | None = None
    contract: Contract = field(default_factory=Contract)


@dataclass(slots=True)
class _Known:
    """A person so far: what a later row says of them counts, as on record."""

    facts: PersonFacts
    accounts: list[Account]


@dataclass
class Portfolio:
    """People and what they owe, kept small: facts are shared by all who are alike."""

    name: str
    currency: str = ""
    accounts: int = 0
    placed: int = 0
    """Minor units in all."""
    digest: str = ""
    """The SHA-256 of the file; empty if there is none."""
    _people: dict[str, _Known] = field(default_factory=dict)
    """By the consumer's reference."""

    def __len__(self) -> int:
        """How many people there are."""
        return len(self._people)

    def __iter__(self) -> Iterator[Person]:
        for reference, known in self._people.items():
            person_id = opaque_id("per", CREDITOR, reference)
            yield Person(person_id, known.facts, tuple(known.accounts))

    def add(self, consumer: str, facts: PersonFacts, account: Account) -> None:
        """Add an account of the consumer with that reference."""
        known = self._people.setdefault(consumer, _Known(facts, []))
        known.facts = facts
        known.accounts.append(account)
        self.currency = account.currency
        self.accounts += 1
        self.placed += account.balance


def read_portfolio(
    file: Path, terms: Terms, on_progress: Callable[[int], None] = lambda _: None
) -> Portfolio:
    """Read a file of accounts; PortfolioError names line, column and what was expected of each.

    `on_progress` hears how many more bytes have been read.
    """
    try:
        if not file.stat().st_size:
            raise PortfolioError(f"{file.name}: the file has no bytes; expected one account a line")
        with file.open("rb") as opened:
            portfolio = _read(file, opened, terms, on_progress)
    except OSError as error:
        raise PortfolioError(f"{file}: cannot be read: {error.strerror}") from None
    except RowError as error:
        raise PortfolioError(f"{file.name}: {error}") from None
    if not portfolio.accounts:
        raise PortfolioError(f"{file.name}: the portfolio is empty; expected one account a line")
    return portfolio


def _read(
    file: Path, lines: Iterable[bytes], terms: Terms, on_progress: Callable[[int], None]
) -> Portfolio:
    portfolio, seen, done = Portfolio(file.name), dict[str, int](), 0
    digest = hashlib.sha256()
    hashed, faults = _hashed(lines, digest), Faults(file.name)
    desk, rows = _desk(file, hashed, terms)
    for number, line in rows:
        done += len(line)
        if number % REPORTED == 0:
            on_progress(done)
            done = 0
        if text := line.strip():
            try:
                _take(portfolio, desk.row(number, text), number, seen, terms)
            except RowError as error:
                faults.add(error)
    faults.refuse()
    portfolio.digest = digest.hexdigest()
    return portfolio


def _hashed(lines: Iterable[bytes], digest: "hashlib._Hash") -> Iterator[bytes]:
    for line in lines:
        digest.update(line)
        yield line


def generated(accounts: int, seed: int, terms: Terms) -> Portfolio:
    """A portfolio of fictional people, the same for the same seed; see `simulation.portfolio`."""
    portfolio = Portfolio("generated")
    alike: dict[int, PersonFacts] = {}
    said = {"creditor": CREDITOR, "actor": terms.actor, "sector": terms.sector}
    for person in people_of(seed, accounts=accounts, today=terms.today):
        facts = alike.get(id(person.facts))
        if facts is None:
            facts = alike[id(person.facts)] = person.facts.model_copy(update=said)
        for account in person.accounts:
            played = replace(account, journey=PLAYED, contract=terms.contract)
            portfolio.add(person.reference, facts, played)
    return portfolio


def _take(
    portfolio: Portfolio, row: "_Row", number: int, seen: dict[str, int], terms: Terms
) -> None:
    first = seen.setdefault(row.plain.reference, number)
    if first != number:
        raise RowError(
            f"line {number}, reference: stands on line {first} already; expected each account"
            " once: leave one of the two out"
        )
    if portfolio.currency not in {"", row.plain.currency}:
        raise RowError(
            f"line {number}, currency: {row.plain.currency} beside {portfolio.currency}; expected"
            " one currency: a report adds amounts up, so give each currency a file of its own"
        )
    account = Account(
        account_id=opaque_id("acc", CREDITOR, row.plain.reference),
        journey=PLAYED,
        balance=row.plain.minor,
        currency=portfolio.currency or row.plain.currency,
        due_on=row.plain.due_on,
        contract=terms.contract,
        has_card=row.has_card,
    )
    portfolio.add(row.plain.consumer, row.facts, account)


def _desk(
    file: Path, lines: Iterator[bytes], terms: Terms
) -> tuple["_Desk", Iterator[tuple[int, bytes]]]:
    """Where the rows of that file are judged, and the lines that are rows, with their numbers."""
    kind = file.suffix.lower()
    if kind not in {CSV, *JSON_LINES}:
        expected = ", ".join((CSV, *JSON_LINES))
        raise RowError(f"expected a file whose name ends in one of {expected}")
    first = next(lines, b"")
    other_kind(first)
    if kind in JSON_LINES:
        desk = _Desk(read_json, _read_quickly, terms)
        return desk, enumerate(chain([first], lines), start=1)
    reader = csv_reader(header(first))
    return _Desk(reader, reader, terms, is_csv=True), enumerate(lines, start=2)


def _read_quickly(line: bytes) -> Any:  # noqa: ANN401 -- any JSON
    return orjson.loads(line.removeprefix(MARK))


@dataclass(frozen=True, slots=True)
class _Row:
    """A good row."""

    plain: Glance
    facts: PersonFacts
    has_card: bool = False


class _Desk:
    """Where rows are judged: at a glance, or by the API's own schema."""

    def __init__(
        self, reader: Reader, quick: Reader, terms: Terms, *, is_csv: bool = False
    ) -> None:
        self._judge = Judge(reader, CREDITOR, terms.today, by_column=is_csv)
        self._is_csv = is_csv
        self._quick = quick
        self._terms = terms
        self._alike: dict[tuple[object, ...], PersonFacts] = {}

    def row(self, number: int, line: bytes) -> _Row:
        """What a line says; RowError if the API would refuse it."""
        plain = self._glance(line)
        if plain is not None and (facts := self._alike.get(plain.alike)) is not None:
            return _Row(plain, facts)
        judged = self._judge.rows([(number, line if len(line) <= LONGEST_LINE else None)])[0]
        if judged.placement is None:
            refuse(number, judged.errors, line, is_csv=self._is_csv)
        row = self._placed(judged.placement)
        if plain is not None:
            self._alike[plain.alike] = row.facts
        return row

    def _glance(self, line: bytes) -> Glance | None:
        try:
            return glance(self._quick(line), self._terms.today)
        except (ValueError, KeyError, TypeError, AttributeError):
            return None

    def _placed(self, placement: Placement) -> _Row:
        consumer, terms = placement.consumer, self._terms
        facts = facts_of(consumer).model_copy(
            update={"creditor": CREDITOR, "actor": terms.actor, "sector": terms.sector}
        )
        plain = Glance(
            placement.reference,
            consumer.reference,
            placement.balance.minor,
            placement.balance.currency,
            placement.due_on,
            (),
        )
        return _Row(plain, facts, consumer.stored_card is not None)

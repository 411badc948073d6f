"""Portfolios: what the API would place is read as the record would have it; the rest is told."""

import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.problems import Invalid
from api.upload import COLUMNS as OURS
from api.upload import Judge, UnreadableLine, columns_of, read_json
from cli.glance import glance
from cli.portfolio_faults import MOST_TOLD, PortfolioError
from cli.portfolios import CREDITOR, PLAYED, Terms, generated, read_portfolio
from compliance.facts import Actor
from domain.area_codes import REGIONS
from domain.contacts import Channel
from domain.contracts import Contract, PlanTerms
from simulation.placing import person_placed

from .portfolio_rows import COLUMNS, LINE, csv, jsonl, many, row

TODAY = date(2026, 11, 22)
TERMS = Terms(TODAY)
UTF_16 = "line 1: the text is in UTF-16; expected UTF-8: save it as UTF-8"


def read(file, terms=TERMS):
    return list(read_portfolio(file, terms))


def refused(file, terms=TERMS):
    with pytest.raises(PortfolioError) as told:
        read_portfolio(file, terms)
    (line,) = str(told.value).splitlines()
    return line


def test_accounts_of_one_consumer_are_one_person_wherever_they_stand(tmp_path):
    rows = [
        row(),
        row(reference="B-1", consumer__reference="C-2"),
        row(reference="A-2", balance={"minor": 99, "currency": "USD"}, due_on="2026-11-01"),
    ]
    first, second = read(jsonl(tmp_path, *rows))

    assert [each.balance for each in first.accounts] == [18750, 99]
    assert [each.due_on for each in first.accounts] == [date(2026, 10, 31), date(2026, 11, 1)]
    assert len(second.accounts) == 1
    assert {each.journey for each in first.accounts} == {PLAYED}


def test_csv_and_json_lines_say_the_same(tmp_path):
    assert read(csv(tmp_path, LINE)) == read(jsonl(tmp_path, row()))


def test_facts_are_those_that_the_record_would_have(tmp_path):
    upstate = row(consumer__email=..., consumer__phone="+15185550123")
    (person,) = read(jsonl(tmp_path, upstate))

    assert person.facts.zones == ("America/New_York",)
    assert person.facts.regions == ("US-NY",)
    assert person.facts.actor is Actor.AGENCY
    assert person.facts.addresses == {Channel.SMS: "phone", Channel.VOICE: "phone"}
    assert Channel.EMAIL in person.facts.unreachable


def test_what_a_later_row_says_of_a_person_counts(tmp_path):
    rows = [row(), row(reference="A-2", consumer__locale="ar", consumer__phone="+13055550100")]
    (person,) = read(jsonl(tmp_path, *rows))

    assert person.facts.language == "ar"
    assert person.facts.regions == ("US-FL",)


def test_terms_that_are_not_in_the_file_are_given(tmp_path):
    contract = Contract(plans=PlanTerms(grace_days=9))
    terms = Terms(TODAY, Actor.CREDITOR, contract=contract)
    (person,) = read(jsonl(tmp_path, row()), terms)

    assert person.facts.actor is Actor.CREDITOR
    assert person.accounts[0].contract is contract


def test_a_stored_card_is_known(tmp_path):
    card = {"customer": "cus_1", "payment_method": "pm_1"}
    (person,) = read(jsonl(tmp_path, row(consumer__stored_card=card)))

    assert person.accounts[0].has_card


def test_a_portfolio_knows_its_sums_and_its_file(tmp_path):
    portfolio = read_portfolio(jsonl(tmp_path, *many(30)), TERMS)

    assert (portfolio.accounts, portfolio.currency) == (30, "USD")
    assert portfolio.placed == sum(each["balance"]["minor"] for each in many(30))
    assert len(portfolio) == len(list(portfolio)) == 20
    assert len(portfolio.digest) == 64


def test_blank_lines_and_the_mark_of_spreadsheets_are_passed_over(tmp_path):
    assert len(read(csv(tmp_path, "", LINE, "", columns="\ufeff" + COLUMNS))) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"due_on": "2026-02-30"}, "line 2, due_on: is not valid; expected a date such as"),
        ({"due_on": "1926-10-31"}, "line 2, due_on: is too far away; expected a date from 1996-"),
        ({"balance__currency": "XQX"}, "line 2, balance.currency: is not valid; expected an ISO"),
        ({"balance__minor": -5}, "line 2, balance.minor: is not above zero; expected what is owed"),
        ({"balance__minor": "12"}, "line 2, balance.minor: is not an integer; expected"),
        ({"journey": "nope"}, "line 2, journey: is no journey of ours; expected one of hardship,"),
        ({"consumer__phone": "0123"}, "line 2, consumer.phone: is not valid; expected an internat"),
        ({"consumer__country": "XX"}, "line 2, consumer.country: is not valid; expected an ISO 31"),
        ({"consumer__phone": ..., "consumer__email": ...}, "line 2, consumer: a consumer needs a"),
        ({"consumer__name": "a\tb"}, "line 2, consumer.name: holds control characters; expected"),
        ({"reference": ...}, "line 2, reference: is missing; expected 1 to 64 letters"),
        ({"reference": "A-1"}, "line 2, reference: stands on line 1 already; expected each"),
        ({"balance__currency": "EUR"}, "line 2, currency: EUR beside USD; expected one currency"),
    ],
)
def test_a_bad_row_is_told_in_one_line(tmp_path, change, says):
    told = refused(jsonl(tmp_path, row(), row(**{"reference": "A-2", **change})))

    assert told.startswith(f"portfolio.jsonl: {says}")
    assert "Jo Doe" not in told


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (LINE.replace("2026-10-31", "31.10.2026"), "line 2, due_on: is not valid; expected a date"),
        (LINE.replace("18750", "-18750"), "line 2, balance_minor: is not above zero; expected"),
        (LINE.replace("18750", "0"), "line 2, balance_minor: is not above zero; expected what is"),
        (LINE.replace("18750", "187.50"), "line 2, balance_minor: is not an integer; expected"),
        (LINE.replace("18750", "18 750"), "line 2, balance_minor: is not an integer; expected"),
        (LINE.replace("18750", '"18,750"'), "line 2, balance_minor: is not an integer; expected"),
        (LINE.replace("18750", "18,750"), "line 2: cannot be read; expected 12 values, separated"),
        (LINE.replace(",", ";"), "line 2: values are separated by semicolons; expected commas"),
        (LINE.replace("USD", "DOLLAR"), "line 2, currency: is too long; expected an ISO 4217"),
        (LINE + ",x", "line 2: cannot be read; expected 12 values, separated by commas"),
        ('"' + LINE, "line 2: cannot be read; expected CSV whose quotes are closed"),
    ],
)
def test_of_csv_the_column_is_told(tmp_path, line, says):
    assert refused(csv(tmp_path, line)).startswith(f"portfolio.csv: {says}")


def test_amounts_with_separators_are_told_what_to_do(tmp_path):
    spaced = refused(csv(tmp_path, LINE.replace("18750", "18 750")))
    parted = refused(csv(tmp_path, LINE.replace("18750", "18,750")))

    assert spaced.endswith("18750 stands for USD 187.50, without points, commas or spaces")
    assert parted.endswith("stands in quotes, and amounts have no separators")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.csv", b"", "the file has no bytes; expected one account a line"),
        ("x.jsonl", b"", "the file has no bytes; expected one account a line"),
        (
            "x.csv",
            f"{COLUMNS}\n{LINE}\n".replace(",", ";").encode(),
            "line 1: values are separated by semicolons; expected commas: save it as CSV in UTF-8",
        ),
        (
            "x.csv",
            f"{COLUMNS}\n".replace(",", "\t").encode(),
            "line 1: values are separated by tabs; expected commas",
        ),
        (
            "x.csv",
            f"{COLUMNS}\n{LINE.replace('Jo', 'Jö')}\n".encode("latin-1"),
            "line 2: cannot be read; expected text in UTF-8: save it as CSV in UTF-8, with commas",
        ),
        *(
            (name, text.encode(encoding), UTF_16)
            for name, text in (("x.csv", COLUMNS), ("x.jsonl", json.dumps(row()) + "\n"))
            for encoding in ("utf-16", "utf-16-le", "utf-16-be")
        ),
        ("x.csv", f"{COLUMNS}\r{LINE}\r".encode(), "line 1: lines end in CR alone; expected LF"),
        ("x.csv", b"PK\x03\x04\xff\n", "line 1: that is a spreadsheet or an archive; expected"),
        ("x.csv", COLUMNS.replace("name", "nöm").encode("latin-1"), "line 1: cannot be read; exp"),
        ("x.jsonl", f"[{json.dumps(row())}]".encode(), "line 1: a list begins; expected one JSON"),
    ],
)
def test_files_as_other_programs_write_them_are_told_what_to_do(tmp_path, name, content, says):
    file = tmp_path / name
    file.write_bytes(content)

    assert refused(file).startswith(f"{name}: {says}")


def test_a_line_in_another_encoding_is_no_account_that_is_placed():
    with pytest.raises(UnreadableLine, match="text in UTF-8"):
        read_json(json.dumps(row()).encode("utf-16"))
    assert read_json(b"\xef\xbb\xbf" + json.dumps(row()).encode()) == row()


def test_line_ends_of_windows_are_passed_over(tmp_path):
    file = tmp_path / "x.csv"
    file.write_bytes(f"\ufeff{COLUMNS}\r\n{LINE}\r\n\r\n".encode())

    assert read(file) == read(csv(tmp_path, LINE))


def test_the_first_ten_lines_that_are_wrong_are_told_and_how_many_more(tmp_path):
    good = [row(reference=f"A-{each}") for each in range(3)]
    bad = [row(reference=f"B-{each}", due_on="2026-02-30") for each in range(MOST_TOLD + 2)]
    with pytest.raises(PortfolioError) as told:
        read_portfolio(jsonl(tmp_path, *good, *bad, row(reference="A-0")), TERMS)

    assert str(told.value) == (
        "portfolio.jsonl: 13 lines cannot be used (and 3 more than are told): correct them, or"
        " leave them out"
    )
    assert [each.partition(",")[0] for each in told.value.faults] == [
        f"line {number}" for number in range(4, 4 + MOST_TOLD)
    ]
    with pytest.raises(PortfolioError, match=r"2 lines cannot be used: correct them") as told:
        read_portfolio(jsonl(tmp_path, *bad[:2]), TERMS)
    assert len(told.value.faults) == 2


def test_a_column_that_is_missing_or_unknown_is_told(tmp_path):
    lacking = csv(tmp_path, LINE, columns=COLUMNS.replace("due_on,", ""))
    assert refused(lacking).startswith(
        "portfolio.csv: line 1, due_on: this column is missing; expected the columns reference,"
    )
    unknown = csv(tmp_path, LINE, columns=COLUMNS.replace("due_on", "dueOn"))
    assert "line 1, dueOn: is no column of ours" in refused(unknown)


def test_of_a_file_that_begins_with_an_account_instead_of_columns_nothing_is_repeated(tmp_path):
    assert refused(csv(tmp_path, LINE, columns=LINE)) == (
        f"portfolio.csv: line 1: no column of ours; expected a first line with {','.join(OURS)}"
    )
    with pytest.raises(Invalid) as told:
        columns_of(LINE.encode())
    (error,) = told.value.members["errors"]
    assert (error["pointer"], error["detail"]) == ("", "no column of ours")


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.csv"])
def test_an_empty_portfolio_is_told(tmp_path, name):
    rows = [COLUMNS] if name.endswith("csv") else ["", ""]
    told = refused(jsonl(tmp_path, *rows, name=name))

    assert told == f"{name}: the portfolio is empty; expected one account a line"


def test_a_file_without_columns_of_another_kind_or_not_there_is_told(tmp_path):
    assert "line 1: no column of ours; expected" in refused(jsonl(tmp_path, "", name="x.csv"))
    assert ".csv, .jsonl, .ndjson" in refused(jsonl(tmp_path, row(), name="x.xlsx"))
    assert "cannot be read: No such file" in refused(tmp_path / "nothing.csv")


def test_lines_that_are_no_json_are_told(tmp_path):
    assert "line 2: cannot be read; expected a JSON object" in refused(
        jsonl(tmp_path, row(), "{nope")
    )


def test_a_generated_portfolio_is_the_same_for_the_same_seed():
    one, same, other = (list(generated(40, seed, TERMS)) for seed in (7, 7, 8))

    assert one == same != other
    assert sum(len(each.accounts) for each in one) == 40
    assert {each.facts.creditor for each in one} == {CREDITOR}


PHONES = st.one_of(
    st.builds(
        lambda area, rest: f"+1{area}{rest:07d}",
        st.sampled_from(sorted(REGIONS)),
        st.integers(0, 9_999_999),
    ),
    st.from_regex(r"\+[0-9]{6,16}", fullmatch=True),
    st.sampled_from(
        [
            *("+447700900123", "+966500000001", "+96512345678", "+18005550199", "+19005550199"),
            *("+12685550100", "+1 212 555 0123", "12125550123", "+12125550123 ", "+4930123456", ""),
        ]
    ),
)
MAILBOXES = st.one_of(
    st.from_regex(r"[a-z0-9._+-]{1,8}@[a-z0-9.-]{1,12}", fullmatch=True),
    st.sampled_from(["jo@example.com", "JO@example.com", "a@test", "a@b.test", "ü@example.com"]),
)
CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "reference": st.sampled_from(["A-1", "", "-", "A b", "x" * 65, 7]),
        "journey": st.sampled_from(["invoice", "nope", None, ...]),
        "due_on": st.sampled_from(
            ["2026-10-31", "2026-02-30", "20261031", "2026-10-31T00:00:00", "1990-01-01", 5]
        ),
        "balance__minor": st.sampled_from([1, 0, -1, 10**12, 10**12 + 1, 1.0, True, "5"]),
        "balance__currency": st.sampled_from(["USD", "KWD", "usd", "XQX", None]),
        "balance__more": st.just(1),
        "consumer__reference": st.sampled_from(["C-1", "", "é"]),
        "consumer__name": st.sampled_from(["Jo", " Jo ", "", "a\x00b", "محمد", "x" * 201]),
        "consumer__country": st.sampled_from(["US", "CA", "GB", "XX", "us"]),
        "consumer__locale": st.sampled_from(["en", "ar", "de", None, ...]),
        "consumer__time_zone": st.sampled_from(["America/Chicago", "Mars/Base", None]),
        "consumer__phone": st.one_of(PHONES, st.just(...), st.none()),
        "consumer__email": st.one_of(MAILBOXES, st.just(...), st.none()),
        "consumer__region": st.sampled_from(["US-NY", None]),
    },
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, PHONES)
def test_what_passes_at_a_glance_is_what_the_api_would_place(changes, phone):
    made = row(**{"consumer__phone": phone, **changes})
    judge = Judge(read_json, CREDITOR, TODAY, by_column=False)
    (judged,) = judge.rows([(1, json.dumps(made).encode())])
    try:
        seen = glance(made, TODAY)
    except (ValueError, KeyError, TypeError, AttributeError):
        seen = None
    if seen is None:
        return
    assert judged.placement is not None
    (account,) = person_placed([judged.placement]).accounts
    assert (seen.minor, seen.currency, seen.due_on) == (
        *(account.balance, account.currency),
        account.due_on,
    )
    consumer = judged.placement.consumer
    country, locale, zone, zones, area, has_email = seen.alike
    assert (country, locale, zone) == (consumer.country, consumer.locale, consumer.time_zone)
    assert isinstance(zones, tuple)
    assert set(consumer.zones) == {*zones, *filter(None, [consumer.time_zone])}
    assert has_email is (consumer.email is not None)
    if (consumer.phone or "").startswith("+1"):
        assert area == (consumer.phone or "")[:5]


def test_a_usual_row_passes_at_a_glance():
    assert glance(row(), TODAY) is not None
    assert glance(row(consumer__phone="+442071234567", consumer__country="GB"), TODAY) is not None
    assert glance(row(consumer__stored_card={}), TODAY) is None

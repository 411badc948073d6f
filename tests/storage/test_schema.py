"""The migrated database is the one that the tables describe."""

import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url, text

from domain.transfers import reference_of
from storage.migrate import upgrade
from storage.tables import Base

pytestmark = pytest.mark.stack


@pytest.fixture
def connection(database_url):
    engine = create_engine(database_url)
    with engine.connect() as connected:
        yield connected
    engine.dispose()


def test_the_migrations_lead_to_the_tables_and_nothing_else(connection):
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    assert compare_metadata(context, Base.metadata) == []


@pytest.mark.parametrize("table", ["decisions", "laws", "law_changes"])
def test_what_is_proof_can_only_be_added_to(connection, table):
    guards = connection.execute(
        text("select tgname from pg_trigger where tgrelid = cast(:table as regclass)"),
        {"table": table},
    )
    assert f"{table}_append_only" in set(guards.scalars())


def test_who_is_on_record_already_is_bound_by_their_regions_law_and_is_told_of_without_reasons(
    database_url,
):
    """And they can pay by transfer, and what many were paused by is known of them."""
    url = make_url(database_url).set(database="before")
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("create database before"))
    server.dispose()
    named = url.render_as_string(hide_password=False)
    upgrade(named, "0001")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("insert into creditors (id, name) values ('acme', 'Acme')"))
        connection.execute(PERSON)
        connection.execute(ACCOUNT, {"placement": json.dumps({"consumer": CONSUMER})})
        connection.execute(MOVED)
    upgrade(named, "0009")
    with engine.begin() as connection:
        for each in PAUSED:
            connection.execute(each)
    upgrade(named)

    with engine.connect() as connection:
        found = connection.execute(text("select regions, residence_zones from people")).one()
        reference = connection.execute(text("select payment_reference from accounts")).scalar_one()
        moved = text("select detail from journal where what = 'told to move'")
        told = connection.execute(moved).scalar_one()
        paused_by = connection.execute(text("select instruction_id from holds")).scalar_one()
    engine.dispose()
    assert tuple(found) == (["US-MA"], ["America/New_York"])
    assert reference == reference_of("acc_1")
    assert told == {"instruction": "move_1"}
    assert paused_by == "bulk_1"


CONSUMER = {
    "reference": "C1",
    "name": "Alex Morgan",
    "country": "US",
    "phone": "+16175550123",
    "time_zone": "America/New_York",
}
PERSON = text(
    "insert into people (id, creditor_id, reference, name, locale, country, zones) values"
    " ('per_1', 'acme', 'C1', 'Alex Morgan', 'en', 'US', '{America/New_York}')"
)
ACCOUNT = text(
    "insert into accounts (id, creditor_id, reference, workflow_id, person_id, currency, due_on,"
    " journey, placement, at) values ('acc_1', 'acme', 'A1', 'account/acme/A1', 'per_1', 'USD',"
    " '2026-10-01', 'standard', cast(:placement as jsonb), now())"
)
MOVED = text(
    "insert into journal (account_id, what, detail) values ('acc_1', 'told to move',"
    """ '{"instruction": "move_1", "reason": "Alex is ill"}')"""
)
PAUSED = (
    text(
        "insert into instructions (id, verb, detail, reason, given_by) values"
        " ('bulk_1', 'pause', '{}', 'a flood', 'kim')"
    ),
    text("insert into holds (account_id, hold, reason) values ('acc_1', 'pause', 'a flood')"),
    text(
        "insert into journal (account_id, what, detail) values ('acc_1', 'hold placed',"
        """ '{"hold": "pause", "instruction": "bulk_1"}')"""
    ),
)

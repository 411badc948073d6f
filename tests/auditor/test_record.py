"""The auditor on the real record and the providers' own list of what they got."""

import json

import pytest
from rich.console import Console
from sqlalchemy import text

from auditor import audit
from auditor.provider import read_file, read_sandbox
from auditor.record import read_book, read_provider_ids
from cli.auditing import audit_record

pytestmark = [pytest.mark.stack, pytest.mark.anyio]


def audited(house, account, sends=None):
    """What the auditor says of one account; others share the record."""
    addresses = house.stack.addresses
    book = read_book(addresses.database_url)
    book.sends = read_sandbox(addresses.sandbox_url) if sends is None else sends
    return [each for each in audit(book).violations if each.account == account.id]


async def test_what_an_account_was_sent_stands_up_to_the_audit_and_a_contact_at_night_does_not(
    house, tmp_path
):
    account = await house.place()
    await house.forward(account, days=12)
    await account.says("STOP")
    await house.forward(account, days=6)
    contacts = account.contacts()
    assert len(contacts) > 1

    assert audited(house, account) == []

    addresses = house.stack.addresses
    exported = tmp_path / "sends.jsonl"
    mine = {each.key for each in contacts}
    lines = [
        {"id": send.id, "channel": send.channel, "to": send.to, "text": send.text}
        | {"at": send.at.isoformat()}
        for send in read_sandbox(addresses.sandbox_url)
        if send.key in mine
    ]
    exported.write_text("".join(json.dumps(line) + "\n" for line in lines))
    listed = read_file(exported, read_provider_ids(addresses.database_url))
    assert {send.key for send in listed} == {
        each.key for each in contacts if each.provider_id is not None
    }
    assert audited(house, account, listed) == []

    moved = contacts[0].key
    with house.database.transaction() as session:
        night = "(at at time zone 'America/New_York')::date + time '03:00'"
        session.execute(
            text(
                f"update contacts set at = ({night}) at time zone 'America/New_York'"
                " where key = :key"
            ),
            {"key": moved},
        )

    found = audited(house, account)
    assert {each.sends[0] for each in found} == {moved}
    assert "US-T1" in {each.rule for each in found}

    console = Console(record=True, width=200)
    assert not audit_record(addresses, console)
    assert moved in console.export_text()

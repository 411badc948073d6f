"""What is on record of a person is shown to them, and to nobody else, and goes when they ask."""

import pytest
from sqlalchemy import text

from domain.accounts import Closure
from domain.bulk import BulkInstruction
from storage import accounts, bulk, inbox, people
from storage.subjects import ERASED, erase_rest, erase_spare, everything, find
from storage.tables import InboxRow, Instruction
from tests.api.record import NOW, contact, placement, record

STORED = {
    "stripe_customer": "cus_1",
    "payment_method": "pm_1",
    "method_kind": "card",
    "card": "print",
    "network": "visa",
    "funding": "credit",
    "mandate": "mandate_1",
}


def test_all_that_is_known_of_a_means_of_payment_is_shown_and_then_erased(database):
    made = placement()
    record(database, made)
    with database.transaction() as session:
        person = find(session, made.creditor, made.consumer.reference)
        people.store_card(
            session,
            person.id,
            customer=STORED["stripe_customer"],
            payment_method=STORED["payment_method"],
            kind=STORED["method_kind"],
            fingerprint=STORED["card"],
            network=STORED["network"],
            funding=STORED["funding"],
            mandate=STORED["mandate"],
            at=NOW,
        )
    with database.transaction() as session:
        person = find(session, made.creditor, made.consumer.reference)
        [shown] = everything(session, person)["people"]
        assert STORED.items() <= shown.items()

        assert erase_spare(session, person)["people"] == 1
        [left] = everything(session, person)["people"]
        assert not STORED.keys() & {name for name, value in left.items() if value is not None}
        assert "people" not in erase_spare(session, person)


GERMAN = {"country": "DE", "time_zone": "Europe/Berlin"}
ANN = GERMAN | {"name": "Ann", "phone": "+491760406903", "email": "ann@example.com"}
JO = GERMAN | {"name": "Jo", "phone": "+4917604069031", "email": "joann@example.com"}
WHY = "Ann A is in hospital"


@pytest.fixture
def two(database):
    """Ann, and Jo, whose number and mailbox have Ann's within them."""
    made = [placement(consumer=of) for of in (ANN, JO)]
    for each in made:
        record(database, each)
    return made


def seen(database, whose, table):
    with database.transaction() as session:
        person = find(session, whose.creditor, whose.consumer.reference)
        return everything(session, person).get(table, [])


def comes(database, provider, event_id, payload):
    with database.transaction() as session:
        inbox.store(session, provider, event_id, "topic", payload)
        inbox.applied(session, f"{provider}:{event_id}")


def write(database, ann, jo):
    """Messages of every kind of each of them; gives the ids of Ann's."""
    contact(database, ann, "account/acme/Ann#1")
    contact(database, jo, "account/acme/Ann#11")
    for event_id, mailbox in (
        ("ann", "ann@example.com"),
        ("shouts", "Ann A <ANN@Example.com>"),
        ("quoted", '"<joann@example.com>" <ann@example.com>'),
        ("jo", "joann@example.com"),
        ("jo writes of her", "Jo <joann@example.com>"),
    ):
        said = {"from": mailbox, "to": "us@example.org", "text": "ann@example.com"}
        comes(database, "sendgrid-mail", event_id, said)
    for event_id, number in (("ann", ANN["phone"]), ("jo", JO["phone"])):
        comes(database, "twilio-message", event_id, {"From": number, "Body": ANN["phone"]})
    comes(database, "twilio-status", "ann", {"contact": "account/acme/Ann#1", "To": "+1"})
    comes(database, "twilio-status", "jo", {"contact": "account/acme/Ann#11", "To": "+1"})
    for event_id, whose, typed in (("ann", ann, JO["email"]), ("jo", jo, ANN["email"])):
        paid = {"metadata": {"account_id": whose.account_id}, "details": {"email": typed}}
        comes(database, "stripe", event_id, {"data": {"object": paid}})
    mails = {f"sendgrid-mail:{each}" for each in ("ann", "shouts", "quoted")}
    return mails | {f"{each}:ann" for each in ("twilio-message", "twilio-status", "stripe")}


def test_messages_of_somebody_whose_address_holds_ones_own_are_not_shown(database, two):
    hers = write(database, *two)

    assert {row["id"] for row in seen(database, two[0], "inbox")} == hers
    assert len(seen(database, two[1], "inbox")) == 5


def test_messages_of_somebody_whose_address_holds_ones_own_outlive_an_erasure(database, two):
    hers = write(database, *two)
    with database.transaction() as session:
        erase_spare(session, find(session, "acme", two[0].consumer.reference))

        left = {row.id: row.payload for row in session.query(InboxRow)}
        assert {key for key, payload in left.items() if payload == {}} == hers


def test_messages_are_found_by_an_index_however_many_there_are(database, two):
    with database.transaction() as session:
        session.execute(text("set local enable_seqscan = off"))
        plan = session.scalars(
            text("explain select id from inbox where inbox_names(payload) && array['a', 'b']")
        ).all()
    assert "ix_inbox_names" in "".join(plan)


def test_what_comes_is_kept_however_long_a_word_of_it_is(database, two):
    comes(database, "sendgrid-mail", "long", {"from": "ann@example.com", "x": "y" * 100_000})

    assert [row["id"] for row in seen(database, two[0], "inbox")] == ["sendgrid-mail:long"]


def told(database, instruction_id, *whom):
    """An instruction to single accounts."""
    order = BulkInstruction(instruction_id=instruction_id, verb="resume", reason=WHY, by="kim")
    with database.transaction() as session:
        for each in whom:
            bulk.take_part(session, each.account_id, order)


def test_why_an_instruction_was_given_is_shown_to_whom_alone_it_concerns(database, two):
    ann, jo = two
    told(database, "hers", ann)
    told(database, "both", ann, jo)

    shown = seen(database, ann, "instructions")
    assert [(row["id"], row["reason"]) for row in shown] == [("hers", WHY)]
    assert "given_by" not in shown[0]
    assert seen(database, jo, "instructions") == []


def test_why_an_instruction_was_given_goes_with_the_only_one_it_concerned(database, two):
    ann, jo = two
    told(database, "hers", ann)
    told(database, "both", ann, jo)
    with database.transaction() as session:
        accounts.close(session, ann.account_id, Closure.RECALLED, at=NOW)
        erased = erase_rest(session, find(session, "acme", ann.consumer.reference))

        assert erased["instructions"] == 1
        assert session.get_one(Instruction, "hers").reason == ERASED
        assert session.get_one(Instruction, "both").reason == WHY

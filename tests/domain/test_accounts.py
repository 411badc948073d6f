"""Placing: what is taken, what is refused, and that a refusal repeats nothing personal."""

import re
from datetime import date

import phonenumbers
import pytest
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA
from pydantic import ValidationError

from domain.accounts import Consumer, Placement, StoredCard, differences, opaque_id
from domain.area_codes import REGIONS
from domain.time import zone

SECRETS = {"name": "Noor Zebdawi", "phone": "+12125550123", "email": "noor.zebdawi@example.com"}


def placement(*, consumer=None, **changes):
    person = {"reference": "c-1", "country": "US", **SECRETS, **(consumer or {})}
    whole = {
        "creditor": "acme",
        "reference": "INV-1",
        "balance": {"minor": 200_00, "currency": "USD"},
        "due_on": "2026-03-01",
        "consumer": person,
        **changes,
    }
    return Placement.model_validate(whole)


def test_an_account_is_placed_with_its_phone_in_international_form():
    taken = placement(consumer={"phone": "+1 (212) 555-0123"})

    assert taken.journey == "standard"
    assert taken.due_on == date(2026, 3, 1)
    assert taken.consumer.phone == "+12125550123"
    assert taken.consumer.zones == ("America/New_York",)


@pytest.mark.parametrize(
    ("where", "changes", "expected"),
    [
        ("balance.currency", {"balance": {"minor": 1, "currency": "ABC"}}, "such as USD"),
        ("balance.minor", {"balance": {"minor": 0, "currency": "USD"}}, "above zero"),
        ("balance.minor", {"balance": {"minor": -5, "currency": "USD"}}, "above zero"),
        ("balance.minor", {"balance": {"minor": 10**15, "currency": "USD"}}, "less than or equal"),
        ("balance.minor", {"balance": {"minor": 12.5, "currency": "USD"}}, "valid integer"),
        ("creditor", {"creditor": "Acme & Sons"}, "match pattern"),
        ("reference", {"reference": "a/b"}, "match pattern"),
        ("reference", {"reference": "x" * 65}, "match pattern"),
        ("journey", {"journey": "Standard!"}, "match pattern"),
        ("due_on", {"due_on": "soon"}, "valid date"),
        ("surprise", {"surprise": 1}, "Extra inputs are not permitted"),
        ("consumer.phone", {"consumer": {"phone": "2125550123"}}, "such as +12125550123"),
        ("consumer.phone", {"consumer": {"phone": "+1212555"}}, "not a possible phone number"),
        ("consumer.phone", {"consumer": {"phone": "+999123456"}}, "international form"),
        ("consumer.email", {"consumer": {"email": "noor.zebdawi"}}, "valid email"),
        ("consumer.email", {"consumer": {"email": "noor zebdawi@x.com"}}, "valid email"),
        ("consumer.email", {"consumer": {"email": "noor.zebdawi@nowhere"}}, "valid email"),
        ("consumer.time_zone", {"consumer": {"time_zone": "Mars/Olympus"}}, "America/Chicago"),
        ("consumer.country", {"consumer": {"country": "USA"}}, "such as US, SA or GB"),
        ("consumer.country", {"consumer": {"country": "ZZ"}}, "such as US, SA or GB"),
        ("consumer.country", {"consumer": {"country": "us"}}, "such as US, SA or GB"),
        ("consumer.locale", {"consumer": {"locale": "fr"}}, "match pattern"),
        ("consumer.name", {"consumer": {"name": "   "}}, "at least 1 character"),
        ("consumer.name", {"consumer": {"name": "Noor Zebdawi " * 20}}, "at most 200"),
        ("consumer.region", {"consumer": {"region": "New York"}}, "match pattern"),
        ("consumer", {"consumer": {"region": "GB-SCT"}}, "not in US"),
        ("consumer.locality", {"consumer": {"locality": "US NYC"}}, "match pattern"),
        ("consumer", {"consumer": {"region": "US-NY", "locality": "GBLON"}}, "not in US"),
        ("consumer", {"consumer": {"locality": "USNYC"}}, "needs its region"),
        ("consumer.nickname", {"consumer": {"nickname": "Zebdawi"}}, "Extra inputs"),
        ("consumer", {"consumer": {"phone": None, "email": None}}, "phone or an email"),
        ("consumer", {"consumer": {"phone": None}}, "give time_zone"),
        ("consumer", {"consumer": {"phone": "+88212345678"}}, "give time_zone"),
        (
            "consumer.stored_card.customer",
            {"consumer": {"stored_card": {"customer": "4242424242424242", "payment_method": "x"}}},
            "match pattern",
        ),
    ],
)
def test_a_bad_placement_is_refused_with_what_was_expected_and_nothing_personal(
    where, changes, expected
):
    with pytest.raises(ValidationError) as refused:
        placement(**changes)

    told = str(refused.value)
    assert where in told
    assert expected in told
    for secret in ("Zebdawi", "zebdawi", "2125550123", "1212555", "999123456", "4242"):
        assert secret not in told.replace("+12125550123", "")


def test_a_mobile_from_one_coast_and_an_address_on_the_other_point_to_both():
    assert placement(consumer={"time_zone": "America/Los_Angeles"}).consumer.zones == (
        "America/Los_Angeles",
        "America/New_York",
    )


def test_a_number_from_a_zone_border_points_to_both_sides():
    assert placement(consumer={"phone": "+12082095555"}).consumer.zones == (
        "America/Boise",
        "America/Los_Angeles",
    )


def test_every_zone_that_a_phone_may_point_to_is_in_the_time_zone_database():
    names = {name for several in TIMEZONE_DATA.values() for name in several}

    for name in names - {"Etc/Unknown"}:
        assert zone(name).key == name


@pytest.mark.parametrize(
    ("said", "regions"),
    [
        ({"region": "US-MA"}, ("US-MA",)),
        ({"region": "US-NY", "locality": "USNYC"}, ("US-NY", "USNYC")),
        ({}, ("US-NY", "USNYC")),
        ({"region": "US-NY"}, ("US-NY", "USNYC")),
        ({"region": "US-NY", "locality": "USALB"}, ("US-NY", "USALB")),
        ({"region": "US-NY", "phone": "+15185550123"}, ("US-NY",)),
        ({"region": "US-CT"}, ("US-CT",)),
        ({"phone": "+16175550123"}, ("US-MA",)),
        ({"phone": "+18005550123"}, ()),
        ({"phone": "+14165550123"}, ()),
        ({"country": "CA", "phone": "+14165550123"}, ("CA-ON",)),
        ({"country": "CA", "phone": "+19025550123"}, ("CA-NS", "CA-PE")),
        ({"country": "CA"}, ()),
        ({"country": "GB", "phone": "+442079460000"}, ()),
        ({"phone": None, "time_zone": "America/Chicago"}, ()),
    ],
)
def test_a_region_is_stated_or_follows_from_the_area_code(said, regions):
    assert placement(consumer=said).consumer.regions == regions


def test_area_codes_point_where_the_telephone_library_points():
    names = {"US-MA": "Massachusetts", "US-WA": "Washington State", "CA-MB": "Manitoba"}

    for region, name in names.items():
        codes = {code for code, regions in REGIONS.items() if region in regions}
        known = {
            prefix[1:]
            for prefix, said in GEOCODE_DATA.items()
            if re.fullmatch(r"1\d{3}", prefix) and said.get("en", "").split(", ")[-1] == name
        }
        assert codes == known


def test_only_a_stated_zone_is_that_of_the_residence():
    assert placement().consumer.residence_zones == ()
    stated = placement(consumer={"time_zone": "America/Los_Angeles"}).consumer
    assert stated.residence_zones == ("America/Los_Angeles",)


def test_a_placement_without_a_region_is_written_as_it_was_before_there_were_regions():
    assert not {"region", "locality"} & placement().model_dump(mode="json")["consumer"].keys()
    with_region = placement(consumer={"region": "US-NY"})
    assert differences(with_region, placement()) == ("consumer.region",)
    assert differences(placement(), with_region) == ("consumer.region",)


def test_without_a_phone_the_given_zone_is_the_only_one():
    person = placement(consumer={"phone": None, "time_zone": "Asia/Riyadh"}).consumer

    assert person.zones == ("Asia/Riyadh",)


def test_ids_are_the_same_for_the_same_account_and_say_nothing_of_it():
    first, again = placement(), placement(consumer={"name": "N. Zebdawi"})

    assert first.account_id == again.account_id
    assert first.person_id == again.person_id
    assert first.account_id != placement(reference="INV-2").account_id
    assert first.account_id != placement(creditor="other").account_id
    assert first.person_id != placement(consumer={"reference": "c-2"}).person_id
    assert "INV" not in first.account_id
    assert opaque_id("acc", "a", "b") == "acc_" + opaque_id("per", "a", "b").removeprefix("per_")


def test_placing_the_same_again_differs_in_nothing():
    assert differences(placement(), placement()) == ()


def test_differences_name_the_fields_and_not_their_values():
    card = StoredCard(customer="cus_1", payment_method="pm_1")
    other = placement(
        journey="subscription",
        balance={"minor": 199_00, "currency": "USD"},
        due_on="2026-03-02",
        consumer={"phone": "+13125550123", "stored_card": card},
    )

    assert differences(other, placement()) == (
        "balance.minor",
        "consumer.phone",
        "consumer.stored_card",
        "due_on",
        "journey",
    )


def test_the_telephone_library_knows_the_countries_that_we_name():
    assert {"US", "SA", "GB", "KW", "JP"} <= set(phonenumbers.SUPPORTED_REGIONS)
    assert Consumer(reference="c", name="n", country="SA", phone="+966501234567").zones == (
        "Asia/Riyadh",
    )

from datetime import UTC, datetime, timedelta

import pytest

from domain.contracts import RetryTerms
from domain.orders import DeclineKind
from domain.retries import Debit, DeclineCodes, Try, decline_kind, next_try, retry_at
from domain.time import days, hours

NEVER, FIX, PERSON, LATER = (
    DeclineKind.NEVER,
    DeclineKind.FIX,
    DeclineKind.PERSON,
    DeclineKind.LATER,
)
NOW = datetime(2026, 11, 21, 15, tzinfo=UTC)
TERMS = RetryTerms()

BY_STRIPE = {
    "account_closed": NEVER,
    "approve_with_id": LATER,
    "authentication_required": PERSON,
    "bank_account_closed": NEVER,
    "call_issuer": LATER,
    "card_declined": LATER,
    "card_not_supported": NEVER,
    "card_velocity_exceeded": LATER,
    "currency_not_supported": NEVER,
    "debit_not_authorized": NEVER,
    "do_not_honor": LATER,
    "do_not_try_again": NEVER,
    "duplicate_transaction": LATER,
    "expired_card": FIX,
    "fraudulent": NEVER,
    "generic_decline": LATER,
    "incorrect_cvc": FIX,
    "incorrect_number": NEVER,
    "incorrect_zip": FIX,
    "insufficient_funds": LATER,
    "invalid_account": NEVER,
    "invalid_expiry_year": FIX,
    "issuer_not_available": LATER,
    "lost_card": NEVER,
    "new_account_information_available": FIX,
    "no_account": NEVER,
    "no_action_taken": LATER,
    "pickup_card": NEVER,
    "processing_error": LATER,
    "reenter_transaction": LATER,
    "requires_action": PERSON,
    "resource_missing": NEVER,
    "restricted_card": NEVER,
    "revocation_of_authorization": NEVER,
    "stolen_card": NEVER,
    "stop_payment_order": NEVER,
    "transaction_not_allowed": NEVER,
    "try_again_later": LATER,
    "withdrawal_count_limit_exceeded": LATER,
    "something_new": LATER,
}
BY_NETWORK = {
    "04": NEVER,
    "05": LATER,
    "12": NEVER,
    "14": NEVER,
    "41": NEVER,
    "43": NEVER,
    "46": NEVER,
    "51": LATER,
    "57": NEVER,
    "61": LATER,
    "R0": NEVER,
    "R1": NEVER,
    "R01": LATER,
    "R02": NEVER,
    "R03": NEVER,
    "R09": LATER,
    "R10": NEVER,
}
BY_MASTERCARD = {"01": FIX, "02": LATER, "03": NEVER, "21": NEVER, "25": LATER, None: LATER}
BY_ADVICE = {"do_not_try_again": NEVER, "confirm_card_data": FIX, "try_again_later": LATER}


@pytest.mark.parametrize(("code", "kind"), BY_STRIPE.items())
def test_a_code_asks_for_the_same_wherever_it_stands(code, kind):
    assert decline_kind(DeclineCodes(code=code)) is kind
    assert decline_kind(DeclineCodes(code="card_declined", decline_code=code)) is kind


@pytest.mark.parametrize(("code", "kind"), BY_NETWORK.items())
def test_what_the_network_says_decides_where_the_bank_says_little(code, kind):
    said = DeclineCodes(code="card_declined", decline_code="do_not_honor")
    assert decline_kind(said.model_copy(update={"network_decline_code": code})) is kind


@pytest.mark.parametrize(("code", "kind"), BY_MASTERCARD.items())
def test_mastercards_advice_is_kept(code, kind):
    said = DeclineCodes(decline_code="insufficient_funds", network_advice_code=code)
    assert decline_kind(said) is kind


@pytest.mark.parametrize(("advice", "kind"), BY_ADVICE.items())
def test_stripes_advice_is_kept(advice, kind):
    assert decline_kind(DeclineCodes(decline_code="generic_decline", advice_code=advice)) is kind


@pytest.mark.parametrize(
    "said",
    [
        {"decline_code": "expired_card", "advice_code": "do_not_try_again"},
        {"decline_code": "authentication_required", "network_advice_code": "03"},
        {"decline_code": "try_again_later", "network_decline_code": "R1"},
    ],
)
def test_the_hardest_word_decides(said):
    assert decline_kind(DeclineCodes(**said)) is NEVER


# when it may be tried again


def debit(account="acc_1", instalment=1, minor=5_000, method="pm_1", network="visa"):
    return Debit(account, instalment, minor, method, network)


def declined(at, of=None, **codes):
    codes = codes or {"decline_code": "generic_decline"}
    return Try(of or debit(), at, DeclineCodes(**codes))


def elsewhere(at, number=0, network="visa"):
    return declined(at, debit(f"acc_{number + 2}", method=f"pm_{number}", network=network))


def test_what_was_never_tried_may_be_tried_at_once():
    assert next_try(debit(), [], TERMS, NOW) == NOW
    assert retry_at(debit(), [], TERMS, NOW) is None


def test_one_debit_is_tried_once_a_day():
    tries = [declined(NOW)]
    assert next_try(debit(), tries, TERMS, NOW + hours(1)) == NOW + days(1)
    assert next_try(debit(), tries, TERMS, NOW + days(2)) == NOW + days(2)
    assert next_try(debit(instalment=2), tries, TERMS, NOW) == NOW


def test_the_default_is_eight_tries_in_fourteen_days_and_then_no_more():
    tried = [declined(NOW)]
    while (at := retry_at(debit(), tried, TERMS, tried[-1].at)) is not None:
        tried.append(declined(at))
    assert [(each.at - NOW).days for each in tried] == [0, 2, 4, 6, 8, 10, 12, 14]
    assert next_try(debit(), tried, TERMS, NOW + days(14) - hours(1)) == NOW + days(15)


def test_a_contract_may_ask_for_less():
    terms = RetryTerms(tries=2, within_days=5)
    first = declined(NOW)
    again = retry_at(debit(), [first], terms, NOW)
    assert again == NOW + days(5)
    assert retry_at(debit(), [first, declined(again)], terms, again) is None
    assert retry_at(debit(), [first], RetryTerms(tries=1), NOW) is None


def test_many_tries_in_few_days_are_one_a_day():
    assert retry_at(debit(), [declined(NOW)], RetryTerms(tries=8, within_days=3), NOW) == (
        NOW + days(1)
    )


def test_after_a_rest_as_long_as_the_schedule_it_may_begin_anew():
    tries = [declined(NOW + days(day)) for day in range(8)]
    assert next_try(debit(), tries, TERMS, NOW + days(8)) == NOW + days(14)


def test_missing_funds_are_tried_for_on_payday():
    tries = [declined(NOW, decline_code="insufficient_funds")]
    assert retry_at(debit(), tries, TERMS, NOW, payday=NOW + days(5)) == NOW + days(5)
    assert retry_at(debit(), tries, TERMS, NOW, payday=NOW + hours(9)) == NOW + days(1)
    assert retry_at(debit(), tries, TERMS, NOW, payday=NOW + days(20)) == NOW + days(2)
    assert retry_at(debit(), [declined(NOW)], TERMS, NOW, payday=NOW + days(5)) == NOW + days(2)


@pytest.mark.parametrize(
    ("advice", "wait"), [("24", days(1)), ("26", days(2)), ("27", days(4)), ("30", days(10))]
)
def test_the_networks_own_waiting_time_is_kept(advice, wait):
    tries = [declined(NOW, decline_code="insufficient_funds", network_advice_code=advice)]
    assert next_try(debit(), tries, TERMS, NOW) == NOW + wait


def test_a_hard_decline_ends_every_try_on_the_card_whoever_it_is_for():
    tries = [declined(NOW - days(400), debit("acc_9", 3, method="pm_9"), decline_code="lost_card")]
    assert next_try(debit(), tries, TERMS, NOW) is None
    assert retry_at(debit(), [*tries, declined(NOW)], TERMS, NOW) is None


def test_wrong_data_end_tries_until_the_card_is_given_anew():
    tries = [declined(NOW - days(9), debit("acc_9"), decline_code="expired_card")]
    assert next_try(debit(), tries, TERMS, NOW) is None
    assert next_try(debit(method="pm_2"), tries, TERMS, NOW) == NOW


def test_a_debit_that_needs_the_person_is_not_tried_again_without_them():
    tries = [declined(NOW - days(9), decline_code="authentication_required")]
    assert next_try(debit(), tries, TERMS, NOW) is None
    assert next_try(debit(instalment=2), tries, TERMS, NOW) == NOW
    assert next_try(debit(method="pm_2"), tries, TERMS, NOW) == NOW


@pytest.mark.parametrize("network", ["visa", "amex", "unheard of", None])
def test_a_card_is_tried_fifteen_times_in_thirty_days_over_all_accounts(network):
    tries = [elsewhere(NOW + hours(each), each, network) for each in range(15)]
    asked = debit(network=network)
    assert next_try(asked, tries[:14], TERMS, NOW + days(2)) == NOW + days(2)
    assert next_try(asked, tries, TERMS, NOW + days(2)) == NOW + days(30)
    assert next_try(
        asked,
        tries,
        TERMS,
        NOW
        + days(
            30,
        )
        + hours(1),
    ) == NOW + days(30) + hours(1)


def test_a_mastercard_is_tried_ten_times_a_day_and_thirty_five_times_in_thirty_days():
    asked = debit(network="mastercard")
    today = [elsewhere(NOW + timedelta(minutes=each), each) for each in range(10)]
    month = [elsewhere(NOW - days(29) + hours(each), each) for each in range(35)]
    assert next_try(asked, today[:9], TERMS, NOW + hours(1)) == NOW + hours(1)
    assert next_try(asked, today, TERMS, NOW + hours(1)) == NOW + days(1)
    assert next_try(asked, month[:34], TERMS, NOW) == NOW
    assert next_try(asked, month, TERMS, NOW) == NOW + days(1)


def test_what_is_not_known_yet_counts_as_a_try():
    tries = [Try(debit(f"acc_{each}"), NOW) for each in range(2, 17)]
    assert next_try(debit(), tries, TERMS, NOW) == NOW + days(30)


def test_a_bank_debit_without_funds_is_presented_again_twice():
    asked, funds = debit(network="ach"), {"code": "insufficient_funds"}
    tries = [declined(NOW + days(4 * each), asked, **funds) for each in range(3)]
    later = NOW + days(20)
    assert next_try(asked, tries[:2], TERMS, later) == later
    assert next_try(asked, tries, TERMS, later) is None
    assert next_try(debit(network="ach", instalment=2), tries, TERMS, later) == later
    assert next_try(asked, tries, TERMS, NOW + days(190)) == NOW + days(190)


def test_cards_limits_do_not_bind_bank_debits():
    tries = [elsewhere(NOW, each, "ach") for each in range(50)]
    assert next_try(debit(network="ach"), tries, TERMS, NOW) == NOW

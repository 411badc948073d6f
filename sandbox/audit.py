"""The sandbox's own count of what happened, for somebody who checks the product's books."""

from sandbox.store import Store
from sandbox.webhooks import standing
from sandbox.world import Json

CHARGES = ("succeeded", "failed", "pending")
DISPUTES = ("needs_response", "under_review", "won", "lost")


def counts(store: Store) -> Json:
    """Return the counts an outside audit compares with the product's record.

    Amounts are sums by currency, in the smallest unit. `balance` is what all balance
    transactions come to: it is the only one of them that knows fees and reinstatements.
    """
    return {
        "sms": _messages(store, "twilio"),
        "email": _messages(store, "sendgrid"),
        "checkout": {"by_status": _checkout(store)},
        "charges": {status: _sums(store, "charge", status) for status in CHARGES},
        "refunds": _sums(store, "refund", "succeeded"),
        "refunds_pending": _sums(store, "refund", "pending"),
        "refunds_failed": _sums(store, "refund", "failed"),
        "disputes": {status: _sums(store, "dispute", status) for status in DISPUTES},
        "balance": _balance(store),
        "network_cap_breaches": store.count("SELECT count(*) FROM card_tries WHERE breach"),
        "opted_out": store.count("SELECT count(*) FROM opted_out"),
        "suppressed": store.count("SELECT count(*) FROM suppressed"),
        "webhooks": standing(store),
    }


def _messages(store: Store, provider: str) -> Json:
    by_status = store.tally(
        "SELECT status, count(*) FROM messages WHERE provider = ?"
        " AND direction != 'inbound' AND NOT own GROUP BY status",
        provider,
    )
    own = store.count("SELECT count(*) FROM messages WHERE provider = ? AND own", provider)
    inbound = store.count(
        "SELECT count(*) FROM messages WHERE provider = ? AND direction = 'inbound'", provider
    )
    accepted = sum(by_status.values())
    return {"accepted": accepted, "by_status": by_status, "provider_own": own, "inbound": inbound}


def _checkout(store: Store) -> Json:
    return store.tally(
        "SELECT json_extract(body, '$.status'), count(*) FROM objects"
        " WHERE kind = 'checkout.session' GROUP BY 1"
    )


def _sums(store: Store, kind: str, status: str) -> Json:
    rows = store.rows(
        "SELECT json_extract(body, '$.currency'), count(*), sum(json_extract(body, '$.amount'))"
        " FROM objects WHERE kind = ? AND json_extract(body, '$.status') = ? GROUP BY 1",
        kind,
        status,
    )
    return {"count": sum(row[1] for row in rows), "amount": {row[0]: row[2] for row in rows}}


def _balance(store: Store) -> Json:
    """Return what came and went by currency, with Stripe's fees, and what is left of it."""
    rows = store.rows(
        "SELECT json_extract(body, '$.currency') AS currency,"
        " json_extract(body, '$.reporting_category') AS category,"
        " sum(json_extract(body, '$.amount')) AS amount, sum(json_extract(body, '$.fee')) AS fee"
        " FROM objects WHERE kind = 'balance_transaction' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    balance: Json = {}
    for row in rows:
        told = balance.setdefault(row["currency"], {"by_category": {}, "fees": 0, "net": 0})
        told["by_category"][row["category"]] = row["amount"]
        told["fees"] += row["fee"]
        told["net"] += row["amount"] - row["fee"]
    return balance

"""The sandbox's own count of what happened, for somebody who checks the product's books."""

from sandbox.store import Store
from sandbox.webhooks import standing
from sandbox.world import Json


def counts(store: Store) -> Json:
    """Return the counts an outside audit compares with the product's record."""
    return {
        "sms": _messages(store, "twilio"),
        "email": _messages(store, "sendgrid"),
        "checkout": {"by_status": _checkout(store)},
        "charges": {status: _sums(store, "charge", status) for status in ("succeeded", "failed")},
        "refunds": _sums(store, "refund", "succeeded"),
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

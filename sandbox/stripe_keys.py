"""Idempotency keys: the first answer under a key is the answer to every later use of it."""

import hashlib
import json
from http import HTTPStatus

from sandbox import clock
from sandbox.door import Answer, Call, Operation, Perform, Refusal
from sandbox.store import Store
from sandbox.stripe_books import new_id
from sandbox.stripe_errors import NOT_KEPT, error_body

KEPT_FOR = 24 * 60 * 60


def operation(name: str, method: str, path: str, perform: Perform) -> Operation:
    """Return a Stripe operation: numbered, and replayed under its key when it changes anything."""

    def numbered(call: Call) -> Answer:
        request = new_id("req")
        answer = _once(call, perform, request) if method == "POST" else _tried(call, perform)
        headers = {name: value for name, value in answer.headers.items() if name != NOT_KEPT}
        return Answer(answer.status, answer.body, {"Request-Id": request, **headers})

    return Operation(name, method, "/v1" + path, numbered)


def expire_keys(store: Store, key: str | None) -> int:
    """Forget one key, or all, as Stripe may after a day; return how many there were.

    A call under a forgotten key runs again.
    """
    known = store.count("SELECT count(*) FROM kept_answers WHERE key = coalesce(?, key)", key)
    store.run("DELETE FROM kept_answers WHERE key = coalesce(?, key)", key)
    return known


def _tried(call: Call, perform: Perform) -> Answer:
    try:
        with call.world.store.savepoint():
            return perform(call)
    except Refusal as refusal:
        return refusal.answer


def _once(call: Call, perform: Perform, request: str) -> Answer:
    kept = _kept(call)
    if kept is not None:
        return kept
    answer = _tried(call, perform)
    if call.key is not None and NOT_KEPT not in answer.headers:
        _keep(call, answer, request)
    return answer


def _kept(call: Call) -> Answer | None:
    row = call.world.store.row(
        "SELECT * FROM kept_answers WHERE key = ? AND at > ?", call.key, clock.seconds() - KEPT_FOR
    )
    if row is None:
        return None
    if row["fingerprint"] != _fingerprint(call):
        message = (
            "Keys for idempotent requests can only be used with the same parameters they were"
            f" first used with. Try using a key other than '{call.key}' if you meant to execute"
            " a different request."
        )
        return Answer(HTTPStatus.BAD_REQUEST, error_body("idempotency_error", message))
    headers = {"Idempotent-Replayed": "true", "Original-Request": row["request"]}
    return Answer(row["status"], json.loads(row["body"]), headers)


def _keep(call: Call, answer: Answer, request: str) -> None:
    call.world.store.run(
        "INSERT OR REPLACE INTO kept_answers VALUES (?, ?, ?, ?, ?, ?)",
        call.key,
        _fingerprint(call),
        answer.status,
        json.dumps(answer.body),
        request,
        clock.seconds(),
    )


def _fingerprint(call: Call) -> str:
    asked = json.dumps([call.method, call.path, sorted(call.form)])
    return hashlib.sha256(asked.encode()).hexdigest()

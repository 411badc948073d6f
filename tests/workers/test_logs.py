import io
import json
import logging

import pytest
import structlog
from pydantic import BaseModel

from storage.master_keys import MasterKeyError, new_master_key
from workers.logs import formatter, last_words, processors, scrubbed

NAME, PHONE, EMAIL = "Zephyrine Quillfeather", "+14045550987", "zephyrine.q@example.org"
SECRETS = (NAME, "Zephyrine", PHONE, "4045550987", EMAIL)


class Person(BaseModel):
    age: int


@pytest.fixture
def foreign():
    """A logger of somebody else's, and what it has written."""
    written, logger = io.StringIO(), logging.getLogger("temporalio.activity.test")
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter())
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)


@pytest.fixture
def ours():
    """A logger of ours; gives the lines that were written."""
    written = io.StringIO()
    log = structlog.wrap_logger(structlog.PrintLogger(written), processors=processors())
    return log, lambda: [json.loads(line) for line in written.getvalue().splitlines()]


def fails(error):
    raise error


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("call +14045550987 now", "call [phone] now"),
        ("To=%2B14045550987&Body=x", "To=[phone]&Body=x"),
        ("on (404) 555-0987 or 404.555.0987", "on [phone] or [phone]"),
        ("dial 14045550987.", "dial [number]."),
        ("at 00442079460987", "at [phone]"),
        ("write to jo.doe+x@mail.example.com!", "write to [email]!"),
        ("u=jo%40example.com", "u=[email]"),
        ("card 4242424242424242", "card [number]"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer [token]"),
        ("key tahsil_0123456789abcdefghij", "key [token]"),
        ("sk_test_51Habc and whsec_9xyz", "[token] and [token]"),
        ("pi_3Abc_secret_9Xyz", "[token]"),
        ("SG.abc-1.def_2", "[token]"),
        ("GET /p/Ab3-_9 failed", "GET /p/[link] failed"),
        (
            "postgresql://tahsil:pass@127.0.0.1:5433/x",
            "postgresql://[credentials]@127.0.0.1:5433/x",
        ),
        ("DETAIL:  Key (phone)=(x) exists.\nnext", "DETAIL: [hidden]\nnext"),
        (
            "[type=x, input_value='Jo\nDoe', input_type=str]",
            "[type=x, input_value=[hidden], input_type=str]",
        ),
    ],
)
def test_what_says_who_somebody_is_or_lets_somebody_in_is_masked(said, told):
    assert scrubbed(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "2026-11-21T15:00:00.123456+00:00",
        "account/acme/INV-2026-0042#3",
        "acc_0123456789abcdef0123",
        "key_92be17e9cc60d45511ce",
        "SM0123456789abcdef0123456789abcdef",
        "attempt 3 of 12 in 1.5 s at 127.0.0.1:7233 by 4711@worker-1",
        "12 CFR 1006.14(b)(2)(i)(A)",
    ],
)
def test_what_operators_look_for_stays(said):
    assert scrubbed(said) == said


def test_a_master_key_is_masked():
    assert scrubbed(f"TAHSIL_MASTER_KEYS={new_master_key()}") == "TAHSIL_MASTER_KEYS=[key]"


def test_fields_that_hold_names_and_words_are_hidden_at_every_depth(ours):
    log, lines = ours
    log.warning(
        "placed",
        name=NAME,
        account="acc_1",
        consumer={"reference": "C1"},
        row=[{"Phone": PHONE, "to": NAME, "minor": 5}],
        odd=ValueError(EMAIL),
        raw=NAME.encode(),
    )

    (line,) = lines()
    assert line | {"timestamp": ""} == {
        "event": "placed",
        "level": "warning",
        "timestamp": "",
        "name": "[hidden]",
        "account": "acc_1",
        "consumer": "[hidden]",
        "row": [{"Phone": "[hidden]", "to": "[hidden]", "minor": 5}],
        "odd": "[email]",
        "raw": "[hidden]",
    }


def test_a_failing_activity_is_told_by_its_kinds_and_places(foreign):
    logger, written = foreign
    try:
        try:
            fails(ValueError(f"{NAME} is not known at {PHONE}"))
        except ValueError as cause:
            raise LookupError(NAME) from cause
    except LookupError:
        logger.warning("Completing activity as failed (%s)", {"to": PHONE}, exc_info=True)

    line = json.loads(written.getvalue())
    assert [each["error"] for each in line["error_chain"]] == ["LookupError", "ValueError"]
    assert line["error_chain"][1]["where"][-1].endswith(" fails")
    assert line["logger"] == "temporalio.activity.test"
    assert not any(secret in written.getvalue() for secret in SECRETS)


def test_what_pydantic_says_of_a_bad_message_is_not_repeated(foreign):
    logger, written = foreign
    with pytest.raises(ValueError, match=NAME) as refused:
        Person.model_validate({"age": NAME})

    logger.warning("dropping the signal: %s", refused.value, exc_info=refused.value)

    assert "dropping the signal" in written.getvalue()
    assert not any(secret in written.getvalue() for secret in SECRETS)


def test_errors_of_ours_say_what_to_do(ours):
    log, lines = ours
    log.error("failed", exc_info=MasterKeyError(f"add it; ask {EMAIL}"))

    (line,) = lines()
    assert line["error_chain"][0]["says"] == "add it; ask [email]"


def test_what_ends_a_process_is_logged_with_what_it_says(capsys):
    structlog.configure(processors=processors())
    try:
        last_words(RuntimeError, RuntimeError(f"no answer from {EMAIL}"), None)
        last_words(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        structlog.reset_defaults()

    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["says"] == "no answer from [email]"

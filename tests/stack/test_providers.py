import json

import pytest

from stack.errors import IncompleteKeys, StackError
from stack.providers import modes, provider_environment

CREDENTIALS = {
    "twilio": {
        "account_sid": "AC1",
        "auth_token": "t",
        "messaging_service_sid": "MG1",
        "from_number": "+15005550006",
    },
    "sendgrid": {"api_key": "SG.1", "webhook_public_key": "MFk="},
    "stripe": {"api_key": "sk_test_1", "webhook_secret": "whsec_1"},
}
LIVE_STRIPE = {"STRIPE_API_KEY": "sk_live_1", "STRIPE_WEBHOOK_SECRET": "whsec_live"}


@pytest.fixture
def credentials(tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text(json.dumps(CREDENTIALS))
    return file


def test_without_keys_every_provider_is_the_sandbox(credentials):
    assert set(modes({}).values()) == {"sandbox"}
    assert provider_environment({}, credentials, "http://127.0.0.1:8090") == {
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "t",
        "TWILIO_MESSAGING_SERVICE_SID": "MG1",
        "TWILIO_FROM_NUMBER": "+15005550006",
        "TWILIO_BASE_URL": "http://127.0.0.1:8090/twilio",
        "SENDGRID_API_KEY": "SG.1",
        "SENDGRID_WEBHOOK_PUBLIC_KEY": "MFk=",
        "SENDGRID_FROM": "collections@sandbox.example",
        "SENDGRID_BASE_URL": "http://127.0.0.1:8090/sendgrid",
        "STRIPE_API_KEY": "sk_test_1",
        "STRIPE_WEBHOOK_SECRET": "whsec_1",
        "STRIPE_BASE_URL": "http://127.0.0.1:8090/stripe",
    }


def test_a_provider_with_all_its_keys_is_live_and_its_variables_are_left_alone(credentials):
    variables = provider_environment(LIVE_STRIPE, credentials, "http://127.0.0.1:8090")
    assert modes(LIVE_STRIPE) == {"twilio": "sandbox", "sendgrid": "sandbox", "stripe": "live"}
    assert not [name for name in variables if name.startswith("STRIPE")]


def test_some_of_a_providers_keys_are_an_error_that_names_the_missing_ones():
    with pytest.raises(IncompleteKeys, match=r"twilio.*TWILIO_AUTH_TOKEN") as raised:
        modes({"TWILIO_ACCOUNT_SID": "AC9", "TWILIO_MESSAGING_SERVICE_SID": "MG9"})
    assert raised.value.missing == ("TWILIO_AUTH_TOKEN",)
    assert "AC9" not in str(raised.value)


def test_live_sendgrid_needs_a_sender():
    keys = {"SENDGRID_API_KEY": "SG.9", "SENDGRID_WEBHOOK_PUBLIC_KEY": "MFk="}
    with pytest.raises(IncompleteKeys, match="SENDGRID_FROM"):
        modes(keys)


def test_a_variable_that_is_set_empty_is_not_set():
    assert modes({"STRIPE_API_KEY": ""})["stripe"] == "sandbox"


def test_credentials_that_lack_one_are_an_error_that_names_the_file(tmp_path):
    file = tmp_path / "credentials.json"
    file.write_text("{}")
    with pytest.raises(StackError, match=r"credentials.json has no 'twilio'"):
        provider_environment({}, file, "http://127.0.0.1:8090")


def test_credentials_that_are_not_there_are_an_error(tmp_path):
    with pytest.raises(StackError, match="cannot read the sandbox's credentials"):
        provider_environment({}, tmp_path / "none.json", "http://127.0.0.1:8090")

"""Settings of the providers: what is missing is named, what is secret stays so."""

import pytest

from providers.settings import (
    SendGridSettings,
    SettingsError,
    StripeSettings,
    TwilioSettings,
    from_environment,
)

COMPLETE = {
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "hush-1",
    "TWILIO_MESSAGING_SERVICE_SID": "MG1",
    "SENDGRID_API_KEY": "hush-2",
    "SENDGRID_WEBHOOK_PUBLIC_KEY": "public",
    "SENDGRID_FROM": "Acme <accounts@example.com>",
    "STRIPE_API_KEY": "hush-3",
    "STRIPE_WEBHOOK_SECRET": "hush-4",
}
KINDS = (TwilioSettings, SendGridSettings, StripeSettings)


@pytest.fixture
def environment(monkeypatch):
    for name in ("TWILIO", "SENDGRID", "STRIPE"):
        monkeypatch.delenv(f"{name}_BASE_URL", raising=False)
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_complete_environment_gives_all_settings(environment):
    environment.setenv("STRIPE_BASE_URL", "http://127.0.0.1:8400/stripe")
    twilio = from_environment(TwilioSettings)
    sendgrid = from_environment(SendGridSettings)
    stripe = from_environment(StripeSettings)

    assert (twilio.account_sid, twilio.base_url, twilio.timeout_seconds) == ("AC1", None, 20)
    assert sendgrid.sender == COMPLETE["SENDGRID_FROM"]
    assert stripe.base_url == "http://127.0.0.1:8400/stripe"
    assert stripe.webhook_secret.get_secret_value() == "hush-4"


@pytest.mark.parametrize("missing", COMPLETE)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_or_empty_variable_is_named(environment, missing, value):
    environment.delenv(missing) if value is None else environment.setenv(missing, value)
    kind = next(kind for kind in KINDS if missing.startswith(kind.model_config["env_prefix"]))

    with pytest.raises(SettingsError, match=f"set {missing}:") as error:
        from_environment(kind)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_secrets_do_not_show(environment, kind):
    assert "hush" not in repr(from_environment(kind))


def test_a_base_url_ends_without_a_slash(environment):
    environment.setenv("TWILIO_BASE_URL", "http://127.0.0.1:8400/")

    with pytest.raises(SettingsError, match="TWILIO_BASE_URL"):
        from_environment(TwilioSettings)


def test_another_programs_variables_are_not_ours(environment):
    environment.delenv("STRIPE_API_KEY")
    environment.setenv("API_KEY", "somebody's")

    with pytest.raises(SettingsError, match="STRIPE_API_KEY"):
        from_environment(StripeSettings)

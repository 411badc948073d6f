"""A record that was restored: what left between the backup and the restoring is not sent again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from activities.channels import (
    Emails,
    EmailsAfterGap,
    Envelope,
    Gap,
    Texts,
    TextsAfterGap,
)
from providers.messages import Rendered
from providers.outcomes import Accepted, Found, Missing, NotSent, Unknown

GAP = "2026-11-20T08:00:00+00:00/2026-11-20T09:00:00+00:00"
DOWN = Unknown(reason="nobody answers")


@dataclass
class Provider:
    """Twilio and SendGrid, as far as they remember."""

    left: object
    sent: list[str] = field(default_factory=list)
    asked: tuple[datetime, datetime] | None = None

    def sent_sms(self, to, since, until):
        self.asked = since, until
        return self.left

    def find_email(self, key):
        return self.left

    def send_sms(self, to, body, back):
        self.sent.append(body)
        return Accepted(provider_id="SM-new")

    def send_email(self, to, subject, text, html, key):
        self.sent.append(text)
        return Accepted(provider_id="SM-new")


def sent(provider, *, by=TextsAfterGap, known=()):
    envelope = Envelope(
        "account/acme/A1#3", "+14045550123", Rendered(subject="s", text="t", html="h")
    )
    if by is EmailsAfterGap:
        return EmailsAfterGap.over(Emails(provider, timedelta())).send(envelope)

    def unknown(ids):
        return [each for each in ids if each not in known]

    texts = Texts(provider, timedelta(), "https://tahsil.test")
    return TextsAfterGap.over(texts, Gap.read(GAP), unknown).send(envelope)


def test_the_oldest_text_of_the_gap_that_is_not_on_record_counts_for_the_next_contact():
    provider = Provider(["SM-1", "SM-2", "SM-3"])

    assert sent(provider, known={"SM-1"}) == Accepted(provider_id="SM-2")
    assert provider.sent == []
    assert provider.asked == (
        datetime(2026, 11, 20, 8, tzinfo=UTC),
        datetime(2026, 11, 20, 9, tzinfo=UTC),
    )


def test_a_text_leaves_once_all_of_the_gap_are_on_record():
    provider = Provider(["SM-1"])

    assert sent(provider, known={"SM-1"}) == Accepted(provider_id="SM-new")
    assert provider.sent == ["t"]


@pytest.mark.parametrize("by", [TextsAfterGap, EmailsAfterGap])
def test_nothing_leaves_while_the_provider_cannot_say_what_left(by):
    provider = Provider(DOWN)

    assert sent(provider, by=by) == NotSent(reason=DOWN.reason)
    assert provider.sent == []


def test_an_email_that_left_in_the_gap_is_found_by_its_key():
    provider = Provider(Found(provider_id="SG-1"))

    assert sent(provider, by=EmailsAfterGap) == Accepted(provider_id="SG-1")
    assert provider.sent == []


def test_an_email_leaves_if_it_did_not_before():
    provider = Provider(Missing())

    assert sent(provider, by=EmailsAfterGap) == Accepted(provider_id="SM-new")
    assert provider.sent == ["t"]


def test_a_gap_that_is_no_span_of_time_is_refused():
    with pytest.raises(ValueError, match="Invalid isoformat"):
        Gap.read("yesterday")

"""What creditors send and get about a person: wishes, dated facts, refusals, holds and calls."""

from datetime import date, datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from api.problems import field_error
from api.schemas import Reason
from domain.accounts import PERSONAL_HOLDS, Hold, Reference
from domain.contacts import Channel, ContactStatus, Dial, Place, Purpose
from domain.money import Money
from domain.people import WEEK, Milestone, MilestoneKind, Wish

MOST_WISHES = 20

YEARS = range(1970, 2101)
"""Years in which anything of a debt can happen. At the ends of the calendar no zone has a local
time, and there is no day before or after."""

AHEAD = frozenset({MilestoneKind.DUE, MilestoneKind.VALIDATION_ENDS, MilestoneKind.TIME_BARRED})
"""Facts that may be known before their day. All others have happened."""

CALLED = frozenset(
    {
        ContactStatus.NOT_IN_SERVICE,
        ContactStatus.BUSY,
        ContactStatus.NO_ANSWER,
        ContactStatus.NO_MESSAGE,
        ContactStatus.MAILBOX_FULL,
        ContactStatus.VOICEMAIL,
        ContactStatus.WRONG_PARTY,
        ContactStatus.DROPPED,
        ContactStatus.CONVERSATION,
        ContactStatus.UNAVAILABLE,
    }
)
"""What may become of a call of ours; unavailable: it was not dialled after all."""

RECEIVED = frozenset(
    {
        ContactStatus.VOICEMAIL,
        ContactStatus.WRONG_PARTY,
        ContactStatus.DROPPED,
        ContactStatus.CONVERSATION,
    }
)
"""What may become of a call that we receive."""


CALLED_FOR = (
    *(Purpose.DEMAND, Purpose.REPLY, Purpose.VALIDATION, Purpose.NOTICE),
    *(Purpose.REMEDY, Purpose.CONSENT),
)
"""What a permit may be asked for: calls to the consumer. Others have bounds of their own or none,
and would free a call from those of these."""

NOT_CALLED_FOR = {
    Purpose.LOCATION: "cannot be permitted yet: a permit cannot name whom it reaches, and nobody"
    " asks the consumer where they are",
    Purpose.CONFIRMATION: "is no reason to call: an opt-out is confirmed once, in writing",
}


class Wishes(BaseModel):
    """How the person wants to be contacted. All of it binds, for every debt of theirs."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"wishes": [{"opens": "12:00"}, {"never": ["sun"], "only": ["email"]}]}]
        },
    )

    wishes: tuple[Wish, ...] = Field(max_length=MOST_WISHES)

    def faults(self) -> list[dict[str, str]]:
        """Wishes that leave no moment open, or whose times are no wall-clock times."""
        return [
            fault
            for number, wish in enumerate(self.wishes)
            for fault in _faults(f"/wishes/{number}", wish)
        ]


def _far(pointer: str, day: date | datetime | None) -> list[dict[str, str]]:
    """A fault if the day, or the instant, lies outside of all years that can be meant."""
    if day is None or day.year in YEARS:
        return []
    return [field_error(pointer, "is too far away", f"a year from {YEARS[0]} to {YEARS[-1]}")]


def _faults(pointer: str, wish: Wish) -> list[dict[str, str]]:
    opens, closes = wish.opens, wish.closes
    if far := _far(f"{pointer}/until", wish.until):
        return far
    zoned = [
        name
        for name in ("opens", "closes")
        if getattr(wish, name, None) is not None and getattr(wish, name).tzinfo is not None
    ]
    if zoned:
        expected = "a time by the person's own clock, without a zone, such as 12:00"
        return [field_error(f"{pointer}/{name}", "has a zone", expected) for name in zoned]
    if opens is not None and closes is not None and closes <= opens:
        expected = "a time after opens; take two wishes for two parts of a day"
        return [field_error(f"{pointer}/closes", "leaves no moment open", expected)]
    if {*wish.never} == {*WEEK} and wish.until is None:
        expected = "at least one day, or until; see opt-outs for a refusal of all contact"
        return [field_error(f"{pointer}/never", "leaves no day open", expected)]
    return []


class NewMilestone(BaseModel):
    """Something that happened on a day and matters to rules: a consent, a check, a notice."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "key": "consent-0042",
                    "kind": "consent",
                    "at": "2026-11-01T10:15:00Z",
                    "channels": ["sms"],
                    "direct": True,
                }
            ]
        },
    )

    key: Reference
    """Your own key of the fact. The same again changes nothing, but `until` may be added."""
    kind: MilestoneKind
    at: AwareDatetime
    channels: tuple[Channel, ...] = ()
    """The channels it concerns; empty concerns all."""
    direct: bool | None = None
    """Given to whoever collects: what a creditor was given before does not travel. A consent has to
    say it; of other facts, left out means true."""
    until: AwareDatetime | None = None
    """It counts before this instant only: a consent for less time, or one that was taken back."""
    about: Literal["account", "person"] = "account"
    """Whether it concerns this debt, or the person and so all of them."""

    def of(self, account_id: str) -> Milestone:
        """The fact as rules ask for it."""
        return Milestone(
            kind=self.kind,
            at=self.at,
            account_id=account_id if self.about == "account" else None,
            channels=tuple(sorted({*self.channels})),
            direct=self.direct is not False,
            until=self.until,
        )

    def faults(self, present: datetime) -> list[dict[str, str]]:
        """What cannot be: it has not happened yet, or is over before it began."""
        if faults := [*_far("/at", self.at), *_far("/until", self.until)]:
            return faults
        if self.kind not in AHEAD and self.at > present:
            faults.append(field_error("/at", "is in the future", "when it happened"))
        if self.until is not None and self.until < self.at:
            faults.append(field_error("/until", "is before at", "an instant from at on"))
        if self.kind is MilestoneKind.CONSENT and self.direct is None:
            expected = "true if it was given to whoever collects, false if to a creditor before"
            faults.append(field_error("/direct", "is missing", expected))
        if self.kind is MilestoneKind.CREDIT_CARD:
            faults.append(field_error("/kind", "is for Stripe to say", "another kind"))
        return faults


class MilestoneView(BaseModel):
    """A dated fact as it is on record."""

    key: str | None
    """Your own key; null for a fact that we noted ourselves."""
    kind: MilestoneKind
    at: datetime
    channels: tuple[Channel, ...]
    direct: bool
    until: datetime | None
    about: Literal["account", "person"]
    recorded_at: datetime


class MilestoneList(BaseModel):
    """Dated facts about the account and its person, oldest first."""

    milestones: list[MilestoneView]


class OptOutRequest(BaseModel):
    """A refusal: of an address, of a medium, or of all contact."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"channel": "voice", "scope": "medium"}]}
    )

    channel: Channel | Literal["all"]
    scope: Literal["address", "medium", "all"] | None = None
    """`address`: the number or mailbox on record, whoever shares it in your book. `medium`: the
    person, at any address. Left out: `medium`, or `all` for all channels."""

    @model_validator(mode="after")
    def _all_of_all(self) -> Self:
        if self.scope is None:
            self.scope = "all" if self.channel == "all" else "medium"
        return self

    def faults(self) -> list[dict[str, str]]:
        """A channel and a scope that do not go together."""
        if (self.channel == "all") == (self.scope == "all"):
            return []
        expected = "all for channel all; address or medium for one channel"
        return [field_error("/scope", "does not fit the channel", expected)]


class OptOutView(BaseModel):
    """Channels on which the person is not contacted any more."""

    opted_out: tuple[Channel, ...]
    by_address: tuple[Channel, ...]
    """Among them those whose number or mailbox is opted out, whoever shares it."""
    stays: tuple[str, ...] = ()
    """After an opt-in: what it does not lift, in words."""


class NewHold(BaseModel):
    """A reason to stop the clock, from a day, to a day, or for a part of the debt."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"hold": "breathing space", "starts": "2026-11-22", "ends": "2027-01-20"},
                {"hold": "dispute", "part": {"minor": 20000, "currency": "USD"}},
            ]
        },
    )

    hold: Hold
    starts: date | None = None
    """Its first day where the person is; left out: it stands at once."""
    ends: date | None = None
    """Its last day; left out: until it is lifted."""
    part: Money | None = None
    """The part of the debt that it concerns; left out: all of it."""
    scope: Literal["account", "person"] | None = None
    """Left out: the person for holds that concern one, such as a breathing space."""
    reason: Reason = ""
    """Kept with the hold. No personal data."""
    written: bool = True
    """Of a dispute: whether it came in writing."""
    received: AwareDatetime | None = None
    """Of a dispute: when it came; left out: now."""

    @property
    def of_person(self) -> bool:
        """Whether it stands on every open account of the person."""
        return self.scope == "person" if self.scope else self.hold in PERSONAL_HOLDS

    def faults(self, currency: str, owed: int, present: datetime) -> list[dict[str, str]]:
        """What cannot be: days in the wrong order, a part that is no part of this debt."""
        faults = [
            *_far("/starts", self.starts),
            *_far("/ends", self.ends),
            *_far("/received", self.received),
        ]
        if self.starts and self.ends and self.ends < self.starts:
            faults.append(field_error("/ends", "is before starts", "a day from starts on"))
        if self.received is not None and self.received > present:
            faults.append(field_error("/received", "is in the future", "when it came"))
        if self.part is None:
            return faults
        if self.of_person:
            expected = "no part, or scope account"
            faults.append(field_error("/part", "is of one debt, the hold of a person", expected))
        if self.part.currency != currency:
            faults.append(field_error("/part/currency", "is not the account's currency", currency))
        elif not 0 < self.part.minor <= owed:
            expected = f"from 1 to {owed} minor units: what is owed"
            faults.append(field_error("/part/minor", "is no part of the debt", expected))
        return faults


class DisputeRequest(BaseModel):
    """Why the person disputes the debt, if that is to be kept, and how they said so."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "letter of 3 March"}]}
    )

    reason: Reason = ""
    written: bool = True


CallKey = Annotated[Reference, Field(description="Your own key of the call.")]


class PermitRequest(BaseModel):
    """A call that is about to be dialled."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"key": "dial-77", "place": "mobile", "dial": "manual"}]},
    )

    key: CallKey
    place: Place = Place.UNKNOWN
    dial: Dial = Dial.MANUAL
    purpose: Purpose = Purpose.DEMAND
    """One of demand, validation notice, notice, remedy notice, consent request; or reply, if
    something of theirs waits to be answered. For a listed call: the purpose that the list says."""

    def faults(self) -> list[dict[str, str]]:
        """A purpose for which nobody is called."""
        if self.purpose in CALLED_FOR:
            return []
        what = NOT_CALLED_FOR.get(self.purpose, "is no reason to call")
        return [field_error("/purpose", what, f"one of {', '.join(CALLED_FOR)}")]


class Permit(BaseModel):
    """The call may be dialled until it expires, and counts until its outcome is reported."""

    permit: str
    """Your key: report the outcome under it."""
    expires: datetime


class NewCall(BaseModel):
    """A call that was made or received, and what became of it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "key": "dial-77",
                    "direction": "outbound",
                    "status": "conversation",
                    "at": "2026-11-20T15:04:00Z",
                    "debts": ["INV-2026-0043"],
                }
            ]
        },
    )

    key: CallKey
    """The same again corrects what became of the call."""
    direction: Literal["inbound", "outbound"]
    status: ContactStatus
    at: AwareDatetime
    """When it was dialled, or came in; not when it ended. Before its permit no call was dialled:
    then it counts from the permit on."""
    debts: tuple[Reference, ...] = Field(default=(), max_length=50)
    """References of further accounts of the person that were talked about."""
    place: Place | None = None
    """Left out: as permitted, or unknown."""
    dial: Dial | None = None
    """Left out: as permitted, or manual."""
    solicited: bool = False
    """The person asked for the call, or agreed to it, beforehand."""

    def faults(self, present: datetime) -> list[dict[str, str]]:
        """An outcome that no such call can have, or a time that has not come."""
        faults = _far("/at", self.at)
        possible = RECEIVED if self.direction == "inbound" else CALLED
        if self.status not in possible:
            expected = "one of " + ", ".join(sorted(possible))
            faults.append(field_error("/status", "is no outcome of such a call", expected))
        if self.at > present:
            faults.append(field_error("/at", "is in the future", "when the call began"))
        return faults


class CallView(BaseModel):
    """A call as it is on record."""

    key: str
    direction: Literal["inbound", "outbound"]
    status: ContactStatus
    at: datetime
    """When it counts."""
    reported_at: datetime
    """As you reported it. It is another time than `at` if that came before the permit, or the call
    was reported before: a correction does not move it."""
    debts: list[str]
    """Ids of the further accounts that were talked about."""
    place: Place
    dial: Dial
    permitted: bool | None
    """Whether it was dialled under a valid permit; null for a call that came in."""

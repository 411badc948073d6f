"""What goes wrong, and when: a function of the seed and of nothing else."""

import random
from dataclasses import dataclass, field

PARTS = ("workers", "api", "sandbox", "temporal", "postgres")
"""What is killed. Each is killed once before any is killed again."""

KILLED_ON = 0.5
"""Share of days on which a part is killed."""
AND_ANOTHER = 0.3
"""Share of those on which another one is, too."""
FAULTY_ON = 0.7
"""Share of days on which providers fail."""
WITHIN = 4.0
"""Seconds of a day within which its kill comes: about as long as a day takes."""

CALLS = (
    ("twilio", "create_message"),
    ("twilio", "list_messages"),
    ("sendgrid", "send_mail"),
    ("sendgrid", "find_activity"),
    ("stripe", "create_payment"),
    ("stripe", "confirm_payment"),
    ("stripe", "create_session"),
    ("stripe", "create_refund"),
    ("stripe", None),
)
"""Which calls fail: a provider's operation, or all of them."""

FAILURES = (
    {"status": 429},
    {"status": 500},
    {"status": 503},
    {"status": 500, "when": "after"},
    {"delay_seconds": 4.0},
    {"delay_seconds": 4.0, "when": "after"},
    {"drop": True},
    {"drop": True, "when": "after"},
)
"""How calls fail, before they took effect or after it. A delay is longer than anybody listens."""

LATE = (
    {"webhook": "duplicate"},
    {"webhook": "reorder"},
    {"webhook": "delay", "delay_seconds": 2.0},
    {"webhook": "lose_first"},
)
"""How webhooks go astray."""

PROVIDERS = ("twilio", "sendgrid", "stripe")


@dataclass(frozen=True)
class Kill:
    """A part that gets SIGKILL."""

    part: str
    after: float
    """Seconds after the day began."""

    def __str__(self):
        return f"kill -9 {self.part} after {self.after:.1f} s"


@dataclass(frozen=True)
class Fault:
    """What a provider does wrong, as the sandbox's switch takes it."""

    said: dict[str, object] = field(hash=False)

    def __str__(self):
        said = dict(self.said)
        what = f"{said.pop('provider')} {said.pop('operation', None) or 'everything'}"
        how = ", ".join(f"{name} {value}" for name, value in said.items())
        return f"{what}: {how}"


Trouble = Kill | Fault


def schedule(seed, days, *, kills=PARTS):
    """The troubles of each day."""
    dice, deck, plan = random.Random(seed), list[str](), []
    for day in range(days):
        today: list[Trouble] = []
        chance = 1.0 if day == 0 else KILLED_ON
        while dice.random() < chance:
            deck = deck or dice.sample(kills, len(kills))
            today.append(Kill(deck.pop(), round(dice.uniform(0, WITHIN), 1)))
            chance = AND_ANOTHER
        if dice.random() < FAULTY_ON:
            today += (_call(dice), _webhook(dice))
        plan.append(today)
    return plan


def _call(dice):
    provider, operation = dice.choice(CALLS)
    named = {"operation": operation} if operation else {}
    return Fault(
        {"provider": provider, **named, **dice.choice(FAILURES), "times": dice.choice((1, 2, 3))}
    )


def _webhook(dice):
    return Fault(
        {"provider": dice.choice(PROVIDERS), **dice.choice(LATE), "times": dice.choice((1, 3, 6))}
    )

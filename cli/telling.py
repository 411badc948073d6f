"""An account as a person reads it: how it stands, what comes next and why, and its story so far."""

from collections.abc import Iterable
from datetime import datetime

from rich.markup import escape
from rich.table import Table

from api.schemas import AccountView, DecisionLine, JournalLine
from domain.money import Money
from workflows.messages import NextStep

UNNAMED = frozenset({"stage", "hold", "closure", "reason", "message", "amount"})
"""Details that need no name before them."""
LEFT_OUT = frozenset({"contact"})
"""Details that are keys for programs."""


def standing_of(view: AccountView, creditor: str, step: NextStep | None) -> Table:
    """How the account stands. `step` is what its workflow does next; None while nobody can say."""
    table = Table.grid(padding=(0, 2))
    table.add_row("account", f"{creditor}/{view.reference}  ({view.id})")
    table.add_row("owes", f"{view.balance}, due {view.due_on}")
    if view.plan is not None:
        instalment = view.plan.next_due(view.balance.minor)
        if instalment is not None:
            each = Money(minor=instalment.minor, currency=view.balance.currency)
            table.add_row("plan", f"instalment {instalment.number}: {each} on {instalment.due}")
    table.add_row("journey", f"{view.journey}, stage {view.stage}")
    if view.holds:
        table.add_row("on hold", ", ".join(view.holds))
    if view.closure is not None:
        table.add_row("closed", f"{view.closure}, {view.closed_at:%Y-%m-%d %H:%M} UTC")
    else:
        table.add_row("next", escape(_next(step)))
    return table


def _next(step: NextStep | None) -> str:
    if step is None:
        return "its workflow does not answer: is a worker running?"
    return f"{step.until:%Y-%m-%d %H:%M} UTC, {step.why}" if step.until else step.why


def story_of(lines: Iterable[JournalLine | DecisionLine], currency: str) -> Table:
    """What happened, oldest first. News from outside has no time of the account's, so none stands.

    Of the gate's decisions those are told that kept a message back.
    """
    table = Table("account's time (UTC)", "what", "detail")
    for line in lines:
        if isinstance(line, JournalLine):
            table.add_row(_time(line.at), escape(line.what), escape(_detail(line, currency)))
        elif line.verdict != "allow":
            table.add_row(_time(line.at), *map(escape, _kept_back(line)))
    return table


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def _detail(line: JournalLine, currency: str) -> str:
    parts = []
    for name, value in line.detail.items():
        if value is None or name in LEFT_OUT:
            continue
        shown = str(Money(minor=value, currency=currency)) if name == "balance" else str(value)
        parts.append(shown if name in UNNAMED else f"{name} {shown}")
    return ", ".join(parts)


def _kept_back(line: DecisionLine) -> tuple[str, str]:
    why = "; ".join(f"{reason.says} ({reason.rule})" for reason in line.reasons)
    if line.until is None:
        return f"{line.channel} not sent", f"{line.message}: {why}"
    return f"{line.channel} put off", f"{line.message} until {_time(line.until)}: {why}"

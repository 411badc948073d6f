"""What consumers told of income and essentials. Nothing of it goes into the journal."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.affordability import Means, monthly_of
from storage import accounts, journal, ledger, plans
from storage.tables import Account, MeansRow


def record(
    session: Session, account: Account, means_id: str, told: Means, *, source: str, at: datetime
) -> bool:
    """Write what was told about a person, once per id; False if it is written already."""
    if session.get(MeansRow, means_id) is not None:
        return False
    session.add(
        MeansRow(
            id=means_id,
            person_id=account.person_id,
            account_id=account.id,
            currency=told.currency,
            figures=told.model_dump(mode="json"),
            disposable=told.disposable,
            source=source,
            at=at,
        )
    )
    session.flush()
    journal.note(session, account.id, "means stated", at=at, source=source)
    return True


def committed(session: Session, account: Account) -> int:
    """Minor units a month that plans on the person's other open accounts take already."""
    return sum(
        _taken(session, other)
        for other in accounts.open_of_person(session, account.person_id)
        if other.id != account.id and other.currency == account.currency
    )


def _taken(session: Session, account: Account) -> int:
    plan = plans.current(session, account.id)
    upcoming = plan and plan.next_due(ledger.balance(session, account.id))
    return monthly_of(upcoming.minor, plan.rhythm) if plan and upcoming else 0

"""What `tahsil operator` does: who of the house uses the API, as what, and what they did."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from api.roles import Role
from cli.records import open_record
from domain.accounts import Slug
from stack import Addresses
from storage import operators


def add(addresses: Addresses, name: str, roles: Sequence[str], creditors: Sequence[str]) -> str:
    """Add an operator; their key, which is shown only now."""
    unknown = set(roles) - set(Role)
    if unknown:
        raise ValueError(f"no role {min(unknown)!r}: there are {', '.join(Role)}")
    try:
        TypeAdapter(Slug).validate_python(name)
    except ValidationError:
        raise ValueError(
            f"{name!r}: expected small letters, digits and dashes, 40 at most"
        ) from None
    with open_record(addresses) as database, database.transaction() as session:
        return operators.add(session, name, roles, creditors)


def show(addresses: Addresses, console: Console) -> None:
    """Print everybody, those revoked too; never a key."""
    with open_record(addresses) as database, database.transaction() as session:
        rows = operators.everyone(session)
    table = Table("operator", "roles", "acts for", "added", "key since", "revoked")
    for row in rows:
        acts_for = "every creditor" if row.creditor_ids is None else ", ".join(row.creditor_ids)
        since = _day(row.rotated_at or row.recorded_at)
        table.add_row(
            row.name,
            ", ".join(row.roles),
            acts_for,
            _day(row.recorded_at),
            since,
            _day(row.revoked_at),
        )
    console.print(table)


def rotate(addresses: Addresses, name: str) -> str:
    """A new key in place of the old one; it is shown only now."""
    with open_record(addresses) as database, database.transaction() as session:
        return operators.rotate(session, name)


def revoke(addresses: Addresses, name: str) -> None:
    """Let an operator in no more."""
    with open_record(addresses) as database, database.transaction() as session:
        operators.revoke(session, name)


def show_acts(
    addresses: Addresses, name: str | None, account_id: str | None, limit: int, console: Console
) -> None:
    """Print what operators did, the latest first."""
    with open_record(addresses) as database, database.transaction() as session:
        rows = operators.acts(session, operator=name, account_id=account_id, limit=limit)
    for row in rows:
        about = row.account_id or row.person_id or row.creditor_id or ""
        came = row.status or "no answer"
        line = f"{row.recorded_at:%Y-%m-%d %H:%M:%S} {row.operator}: {row.what} {about} -> {came}"
        why = f" ({row.reason})" if row.reason else ""
        console.print(line + why, highlight=False, markup=False, soft_wrap=True)


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""

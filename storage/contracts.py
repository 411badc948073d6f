"""Contracts of creditors: the newest binds new accounts, an account keeps the one it came under."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.contracts import Contract
from storage.tables import Account, ContractRow


def agree(session: Session, creditor_id: str, contract: Contract) -> int:
    """Write what a creditor agrees with us from now on; its id."""
    row = ContractRow(creditor_id=creditor_id, terms=contract.model_dump(mode="json"))
    session.add(row)
    session.flush()
    return row.id


def current_id(session: Session, creditor_id: str) -> int | None:
    """The id of the contract that binds a creditor's new accounts; None if there is none."""
    return session.scalar(
        select(ContractRow.id)
        .where(ContractRow.creditor_id == creditor_id)
        .order_by(ContractRow.id.desc())
        .limit(1)
    )


def current(session: Session, creditor_id: str) -> Contract:
    """The contract that binds a creditor's new accounts; without one, every term's default."""
    return by_id(session, current_id(session, creditor_id))


def of_account(session: Session, account_id: str) -> Contract:
    """The contract that an account came under."""
    account = session.get(Account, account_id)  # asked for again and again in one transaction
    return by_id(session, account.contract_id if account else None)


def by_id(session: Session, contract_id: int | None) -> Contract:
    """The contract of that id; None means that there is none, and every term is its default."""
    if contract_id is None:
        return Contract()
    return Contract.model_validate(session.get_one(ContractRow, contract_id).terms)

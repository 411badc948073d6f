"""Data keys: each person's payloads have a key of their own, wrapped by their creditor's.

Three levels: master keys (not in the database) wrap a key for each creditor, and one for what is
nobody's; a creditor's key wraps those of its people; a person's key encrypts all that Temporal
holds of their accounts. Payloads name the key they need, so a key that is replaced goes on to open
what it closed. To erase a person's key is to make everything it closed unreadable, in every history
and every backup of Temporal.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from storage.master_keys import SIZE, MasterKeys, seal, unseal
from storage.session import Database, run
from storage.tables import DataKey

HOUSE, CREDITOR, PERSON = "house", "creditor", "person"
"""Whose a key is: nobody's in particular, a creditor's, a person's."""
KEPT = 300.0
"""Seconds for which a process knows a key without asking again: so long it can still read what was
erased elsewhere."""
MOST = 100_000
"""Keys that a process knows at most; beyond, it forgets all and asks again."""


class UnreadableError(RuntimeError):
    """What was encrypted cannot be read, for good; says why."""


class ErasedError(UnreadableError):
    """The key was erased with the person's data."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the key {key_id} was erased, and what it closed cannot be read any more")


class UnknownKeyError(UnreadableError):
    """No such key is on record."""

    def __init__(self, key_id: str) -> None:
        super().__init__(
            f"no key {key_id} is on record: this is encrypted data of another database; point"
            " TAHSIL_DATABASE_URL to the one that belongs to this Temporal server"
        )


@dataclass(frozen=True)
class Key:
    """A key, ready to be used."""

    id: str
    cipher: AESGCM

    def seal(self, plain: bytes) -> bytes:
        """Encrypt; only this key opens it."""
        return seal(self.cipher, plain, self.id.encode())

    def unseal(self, sealed: bytes) -> bytes:
        """Decrypt; InvalidTag if it was changed."""
        return unseal(self.cipher, sealed, self.id.encode())


@dataclass(frozen=True)
class _Wrapped:
    """A key as it is on record."""

    id: str
    kind: str
    owner: str
    wrapped: bytes | None
    wrapped_by: str

    @property
    def about(self) -> str:
        """What it was wrapped for: a row's key does not open as another row's."""
        return f"the {self.kind} key {self.id}"


Asked = TypeVar("Asked")

COLUMNS = "id, kind, owner, wrapped, wrapped_by"
BY_ID = f"select {COLUMNS} from data_keys where id = %s"  # noqa: S608 -- a constant
STANDING = f"""
select {COLUMNS} from data_keys
where kind = %s and owner = %s and retired_at is null and erased_at is null
"""  # noqa: S608 -- a constant
OWNER = """
select creditor_id, person_id from payload_owners where workflow_id = %(id)s
union all
select creditor_id, person_id from accounts where workflow_id = %(id)s
limit 1
"""
OWNERS_KEY = f"""
select {COLUMNS} from data_keys
where kind = 'person' and owner = (select person_id from payload_owners where workflow_id = %s)
and retired_at is null and erased_at is null
"""  # noqa: S608 -- a constant
OWN = f"""
with owned as (
    insert into payload_owners (workflow_id, creditor_id, person_id) values (%s, %s, %s)
    on conflict do nothing
), made as (
    insert into data_keys (id, kind, owner, wrapped, wrapped_by) values (%s, %s, %s, %s, %s)
    on conflict (kind, owner) where retired_at is null and erased_at is null do nothing
    returning {COLUMNS}
)
select {COLUMNS} from made
union all
select {COLUMNS} from data_keys
where kind = 'person' and owner = %s and retired_at is null and erased_at is null
limit 1
"""  # noqa: S608 -- a constant
MAKE = f"""
insert into data_keys (id, kind, owner, wrapped, wrapped_by) values (%s, %s, %s, %s, %s)
on conflict (kind, owner) where retired_at is null and erased_at is null do nothing
returning {COLUMNS}
"""  # noqa: S608 -- a constant

RETIRE = """
update data_keys set retired_at = now()
where kind = %s and owner = %s and retired_at is null and erased_at is null
returning id
"""
WRAPPED = "update data_keys set wrapped = %s, wrapped_by = %s where id = %s"
OUTER = f"""
select {COLUMNS} from data_keys
where kind <> 'person' and wrapped is not null and wrapped_by <> %s for update
"""  # noqa: S608 -- a constant
INNER = """
select inside.id, inside.kind, inside.owner, inside.wrapped, inside.wrapped_by, above.owner
from data_keys inside join data_keys above on above.id = inside.wrapped_by
where inside.kind = 'person' and inside.wrapped is not null and above.retired_at is not null
limit %s for update of inside
"""
PAGE = 500
"""People's keys that are wrapped anew in one transaction."""


class Keys:
    """The keys on record, opened by the master keys. Asks the database: not for an event loop."""

    def __init__(
        self,
        database: Database,
        masters: MasterKeys,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use these; nothing is read or made before the first question."""
        self._database, self._masters, self._clock = database, masters, clock
        self._known: dict[str, tuple[Key, float]] = {}

    def known(self, name: str | None) -> Key | None:
        """The key of that id, or of that workflow, if it is known without asking."""
        found = self._known.get(name or HOUSE)
        return found[0] if found and found[1] > self._clock() else None

    def called(self, key_id: str) -> Key:
        """The key of that id. UnreadableError if it was erased, or never was."""
        return self.known(key_id) or self._ask(lambda look: look.called(key_id))

    def for_workflow(self, workflow_id: str | None) -> Key:
        """The key for what is written of that workflow: its person's, or nobody's."""
        return self.known(workflow_id) or self._ask(lambda look: look.for_workflow(workflow_id))

    def belongs(self, workflow_id: str, creditor_id: str, person_id: str) -> Key:
        """Say whose account a workflow is before it starts, so that its payloads get their key."""
        return self.known(workflow_id) or self._ask(
            lambda look: look.own(workflow_id, creditor_id, person_id)
        )

    def check(self) -> None:
        """MasterKeyError unless the master keys open what is on record."""
        self._ask(lambda look: look.for_workflow(None))

    def replace(self, creditor_id: str) -> None:
        """Give a creditor a new key. The old one goes on to open what it closed.

        LookupError if the creditor has none: it gets one with its first account.
        """
        self._ask(lambda look: look.replace(creditor_id))
        self._known.clear()

    def rewrap(self) -> int:
        """Wrap anew what an old master key, or a creditor's replaced key, has wrapped.

        Gives how many keys that were. May be stopped anywhere, and run again at any time.
        """
        outer = self._ask(lambda look: look.rewrap_outer())
        return outer + sum(iter(lambda: self._ask(lambda look: look.rewrap_people()), 0))

    def _ask(self, ask: "Callable[[_Look], Asked]") -> Asked:
        """Look at the record; what was found or made is known only once it is committed.

        A key that is used before it is on record for good may never be: what it closed were lost.
        """
        with self._database.quick() as line:
            look = _Look(line, self._masters, self.known)
            answer = ask(look)
        if len(self._known) >= MOST:
            self._known.clear()
        until = self._clock() + KEPT
        self._known.update({name: (key, until) for name, key in look.found.items()})
        return answer


class _Look:
    """One transaction in which keys are looked up, made, or wrapped anew."""

    def __init__(
        self,
        line: Connection[Any],
        masters: MasterKeys,
        known: Callable[[str | None], Key | None],
    ) -> None:
        self._line, self._masters, self._known = line, masters, known
        self.found: dict[str, Key] = {}
        """By id, and by whatever else they are asked for by."""

    def own(self, workflow_id: str, creditor_id: str, person_id: str) -> Key:
        """Write whose a workflow is, and make that person's key unless there is one."""
        made = self._fresh(PERSON, person_id, self._of_creditor(creditor_id))
        row = self._row(OWN, (workflow_id, creditor_id, person_id, *made, person_id))
        if row is None:  # another process was making it, and is done
            return self._keep(workflow_id, self._of_person(creditor_id, person_id))
        return self._keep(workflow_id, self._open(row))

    def for_workflow(self, workflow_id: str | None) -> Key:
        """The key of whoever owns it; the house's if nobody does."""
        row = self._row(OWNERS_KEY, (workflow_id,)) if workflow_id else None
        if row is not None:
            return self._keep(str(workflow_id), self._open(row))
        owner = run(self._line, OWNER, {"id": workflow_id}).fetchone() if workflow_id else None
        if owner is not None:
            return self._keep(str(workflow_id), self._of_person(owner[0], owner[1]))
        # Not kept under the workflow's id: it may be somebody's by the next time.
        return self._known(HOUSE) or self._keep(HOUSE, self._standing(HOUSE, HOUSE, None))

    def called(self, key_id: str) -> Key:
        """The key of that id."""
        row = self._row(BY_ID, (key_id,))
        if row is None:
            raise UnknownKeyError(key_id)
        return self._open(row)

    def replace(self, creditor_id: str) -> None:
        """Retire a creditor's key, and make another."""
        if run(self._line, RETIRE, (CREDITOR, creditor_id)).fetchone() is None:
            raise LookupError(f"the creditor {creditor_id} has no key: nothing to replace")
        self._row(MAKE, self._fresh(CREDITOR, creditor_id, None))

    def rewrap_outer(self) -> int:
        """Wrap what another master key has wrapped with the current one."""
        rows = self._line.execute(OUTER, (self._masters.current,)).fetchall()
        for row in rows:
            self._rewrap(_Wrapped(*row), None)
        return len(rows)

    def rewrap_people(self) -> int:
        """Wrap some of what a creditor's replaced key has wrapped with their present one."""
        rows = self._line.execute(INNER, (PAGE,)).fetchall()
        for *row, creditor_id in rows:
            self._rewrap(_Wrapped(*row), self._standing(CREDITOR, creditor_id, None))
        return len(rows)

    def _rewrap(self, row: _Wrapped, above: Key | None) -> None:
        wrapped, by = self._wrap(row.about, self._secret(row), above)
        run(self._line, WRAPPED, (wrapped, by, row.id))

    def _row(self, statement: str, values: tuple[object, ...]) -> _Wrapped | None:
        row = run(self._line, statement, values).fetchone()
        return None if row is None else _Wrapped(*row)

    def _of_person(self, creditor_id: str, person_id: str) -> Key:
        return self._standing(PERSON, person_id, self._of_creditor(creditor_id))

    def _of_creditor(self, creditor_id: str) -> Key:
        name = f"{CREDITOR} {creditor_id}"
        known = self._known(name)
        return known or self._keep(name, self._standing(CREDITOR, creditor_id, None))

    def _standing(self, kind: str, owner: str, above: Key | None) -> Key:
        """The key that is used for whom at present; made if there is none."""
        row = self._row(STANDING, (kind, owner))
        row = row or self._row(MAKE, self._fresh(kind, owner, above))
        row = row or self._row(STANDING, (kind, owner))  # another process was making it
        if row is None:
            raise UnreadableError(f"the {kind} key of {owner} was erased at this moment: try again")
        return self._open(row)

    def _fresh(self, kind: str, owner: str, above: Key | None) -> tuple[object, ...]:
        made = _Wrapped(f"key_{os.urandom(10).hex()}", kind, owner, None, "")
        wrapped, by = self._wrap(made.about, os.urandom(SIZE), above)
        return made.id, kind, owner, wrapped, by

    def _wrap(self, about: str, secret: bytes, above: Key | None) -> tuple[bytes, str]:
        if above is None:
            return self._masters.wrap(secret, about), self._masters.current
        return seal(above.cipher, secret, about.encode()), above.id

    def _open(self, row: _Wrapped) -> Key:
        return self._keep(row.id, Key(row.id, AESGCM(self._secret(row))))

    def _secret(self, row: _Wrapped) -> bytes:
        if row.wrapped is None:
            raise ErasedError(row.id)
        if row.kind != PERSON:
            return self._masters.unwrap(row.wrapped_by, row.wrapped, row.about)
        above = self._known(row.wrapped_by) or self.called(row.wrapped_by)
        try:
            return unseal(above.cipher, row.wrapped, row.about.encode())
        except InvalidTag:
            raise UnreadableError(
                f"{row.about} was changed on record since it was wrapped: restore its row"
            ) from None

    def _keep(self, name: str, key: Key) -> Key:
        self.found[name] = key
        return key


def erase(session: Session, person_id: str) -> int:
    """Destroy a person's keys: what they closed is unreadable for good. Gives how many there were.

    The rows stay, empty, so that whoever meets such a payload is told why.
    """
    erased = session.execute(
        update(DataKey)
        .where(DataKey.kind == PERSON, DataKey.owner == person_id, DataKey.wrapped.is_not(None))
        .values(wrapped=None, erased_at=func.now())
        .returning(DataKey.id)
    )
    return len(erased.all())


def counted(session: Session) -> list[tuple[str, str, int]]:
    """How many keys there are, by whose they are and by what wraps them, sorted."""
    by = case((DataKey.kind == PERSON, "its creditor's key"), else_=DataKey.wrapped_by)
    by = case((DataKey.wrapped.is_(None), "nothing: erased"), else_=by)
    rows = session.execute(
        select(DataKey.kind, by, func.count()).group_by(DataKey.kind, by).order_by(DataKey.kind, by)
    )
    return [(kind, wrapped_by, number) for kind, wrapped_by, number in rows]

"""Who may do what: the one table of roles and rights, and how a route says what it needs.

A creditor's key has the creditor's own rights, over the creditor's own accounts. An operator of the
house acts for a creditor, named in the header `Tahsil-Creditor` (one who acts for a single creditor
may leave it out), as far as the roles reach. What an operator asks for is written down before it is
done: who, what, for whom, and the reason that came in the header `Tahsil-Reason`.

A route takes the creditor as what it needs it for: `creditor: ToInstruct`. So none can be written
that forgets to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import NoKey, NotFound, Problem
from api.services import Served, Services, bearer
from domain.accounts import opaque_id
from storage import Database, accounts, creditors, operators
from storage.operators import Act
from storage.tables import Creditor, OperatorRow


class Role(StrEnum):
    """What somebody of the house is."""

    ADMIN = "admin"
    OPERATOR = "operator"
    ANALYST = "analyst"
    """Reads figures and stories, which name nobody; changes nothing."""
    AUDITOR = "auditor"
    """Reads everything, people's data too; changes nothing."""
    CODEC = "codec"
    """A program, such as Temporal's UI, that opens payloads and does nothing else."""


class Right(StrEnum):
    """A group of things that may be done."""

    READ = "read"
    """Accounts, their stories, tasks, plans, promises and payments: none names the consumer."""
    EXPLAIN = "explain"
    REPORT = "report"
    """Statements, the contract, evidence, and what operators did."""
    INSTRUCT = "instruct"
    """Pause, resume, dispute, hold, recall, switch the journey, wishes, opt-outs, tasks done."""
    CONTACT = "contact"
    """Lists of calls, permits to call, letters, what consumers told of their means."""
    MONEY = "money"
    """Payments and refunds by hand, plans, promises, settlements, transfers."""
    PLACE = "place"
    BULK = "bulk"
    """Instructions for many accounts at once."""
    PERSON = "person"
    """All that is held of a person, and its erasure."""
    DECRYPT = "decrypt"
    """What Temporal holds, of every creditor."""
    MANAGE = "manage"
    """Operators and their keys, of every creditor. Laws and contracts: `tahsil`, on the machine."""


_READING = frozenset({Right.READ, Right.EXPLAIN, Right.REPORT})
_WORKING = frozenset({Right.INSTRUCT, Right.CONTACT, Right.MONEY, Right.PLACE, Right.BULK})

RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.OPERATOR: _READING | _WORKING | {Right.DECRYPT},
    Role.ANALYST: _READING,
    Role.AUDITOR: _READING | {Right.DECRYPT},
    Role.CODEC: frozenset({Right.DECRYPT}),
}
"""What each role may do."""

CREDITORS = _READING | _WORKING | {Right.PERSON}
"""What a creditor may do, about their own accounts alone."""

OF_THE_HOUSE = frozenset({Right.DECRYPT, Right.MANAGE})
"""Rights that reach over all creditors: only who acts for all of them has any use of one."""

READS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_WORDS = 200
"""Characters of a reason."""


@dataclass(frozen=True)
class Caller:
    """Whoever sent a request."""

    name: str
    """The operator's, or the creditor's slug."""
    rights: frozenset[Right]
    roles: tuple[Role, ...] = ()
    """None: a creditor."""
    creditor_ids: frozenset[str] | None = None
    """Those they act for; None: every one."""

    @property
    def is_operator(self) -> bool:
        """Of the house, and not a creditor."""
        return bool(self.roles)

    def must(self, right: Right) -> None:
        """Forbidden unless they may do that."""
        if right not in self.rights:
            raise Forbidden(right, self)
        if right in OF_THE_HOUSE and self.creditor_ids is not None:
            raise Forbidden(right, self, why="It reaches over all creditors; you act for some.")


class Forbidden(Problem):
    """Who asks is known, and may not do that."""

    status, slug, title = HTTPStatus.FORBIDDEN, "forbidden", "Your role does not allow this"

    def __init__(self, right: Right, caller: Caller, *, why: str = "") -> None:
        roles = [role.value for role, rights in RIGHTS.items() if right in rights]
        yours = ", ".join(caller.roles) or "a creditor"
        super().__init__(
            f"It needs the right {right.value}, which {_listed(roles)} has; you are {yours}. {why}"
            f"{' ' if why else ''}An admin gives roles: `tahsil operator add`.",
            right=right.value,
            roles=roles,
            yours=list(caller.roles),
        )


class NotYourCreditor(Problem):
    """An operator, or a creditor, asks for another creditor's accounts."""

    status, slug = HTTPStatus.FORBIDDEN, "not-your-creditor"
    title = "You do not act for this creditor"

    def __init__(self, caller: Caller) -> None:
        mine = sorted(caller.creditor_ids or ())
        super().__init__(f"Tahsil-Creditor may be {_listed(mine)} with this key.", creditors=mine)


class WhichCreditor(Problem):
    """An operator acts for several creditors, and did not say for which one now."""

    status, slug, title = HTTPStatus.BAD_REQUEST, "which-creditor", "The creditor is not named"

    def __init__(self) -> None:
        super().__init__("Send the header `Tahsil-Creditor` with the slug of the one you act for.")


def _listed(names: list[str]) -> str:
    return " or ".join(names) or "nobody"


def of_operator(row: OperatorRow) -> Caller:
    """An operator as their row has them; a role that this version does not know gives nothing."""
    roles = tuple(role for role in Role if role.value in row.roles)
    rights = frozenset[Right]().union(*(RIGHTS[role] for role in roles))
    acts_for = None if row.creditor_ids is None else frozenset(row.creditor_ids)
    return Caller(row.name, rights, roles, acts_for)


def known(database: Database, key: str) -> Caller | None:
    """Whose key it is; None if it is nobody's, or revoked."""
    with database.transaction() as session:
        if key.startswith(operators.PREFIX):
            row = operators.owner_of(session, key)
            return of_operator(row) if row else None
        slug = creditors.owner_of(session, key)
        return Caller(slug, CREDITORS, creditor_ids=frozenset({slug})) if slug else None


async def caller_of(
    services: Served, given: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
) -> Caller:
    """Whoever's key came with the request; NoKey if it is nobody's."""
    found = await run_in_threadpool(known, services.database, given.credentials) if given else None
    if found is None:
        raise NoKey
    return found


Who = Annotated[Caller, Depends(caller_of)]
Named = Annotated[
    str | None,
    Header(
        alias="Tahsil-Creditor",
        max_length=40,
        pattern=r"^[\x21-\x7e]+$",
        description="For operators: the slug of the creditor they act for.",
    ),
]
Reason = Annotated[
    str | None,
    Header(
        alias="Tahsil-Reason",
        max_length=9 * MOST_WORDS,
        description="For operators: why. At most 200 characters, percent-encoded if not ASCII;"
        " name no consumer. It is kept with who asked and what for.",
    ),
]


class Needs:
    """A dependency: the creditor that a request is about, whom the caller may act for like this."""

    def __init__(self, right: Right) -> None:
        self.right = right

    async def __call__(
        self,
        request: Request,
        services: Served,
        caller: Who,
        named: Named = None,
        reason: Reason = None,
    ) -> str:
        """The creditor's slug. Forbidden, NotYourCreditor or WhichCreditor if it may not be."""
        caller.must(self.right)
        creditor = _acted_for(caller, named)
        if caller.is_operator:
            act = _act(request, caller, self.right, creditor, reason)
            await run_in_threadpool(_admit, request, services.database, creditor, act)
        return creditor


class NeedsHouse:
    """A dependency: the operator who asks for something that concerns no single creditor."""

    def __init__(self, right: Right) -> None:
        self.right = right

    async def __call__(
        self, request: Request, services: Served, caller: Who, reason: Reason = None
    ) -> Caller:
        """The caller. Forbidden if they may not."""
        caller.must(self.right)
        act = _act(request, caller, self.right, None, reason)
        await run_in_threadpool(_admit, request, services.database, None, act)
        return caller


ToRead = Annotated[str, Depends(Needs(Right.READ))]
ToExplain = Annotated[str, Depends(Needs(Right.EXPLAIN))]
ToReport = Annotated[str, Depends(Needs(Right.REPORT))]
ToInstruct = Annotated[str, Depends(Needs(Right.INSTRUCT))]
ToContact = Annotated[str, Depends(Needs(Right.CONTACT))]
ToMoveMoney = Annotated[str, Depends(Needs(Right.MONEY))]
ToPlace = Annotated[str, Depends(Needs(Right.PLACE))]
ToInstructMany = Annotated[str, Depends(Needs(Right.BULK))]
ToServePerson = Annotated[str, Depends(Needs(Right.PERSON))]
ToManage = Annotated[Caller, Depends(NeedsHouse(Right.MANAGE))]


def _acted_for(caller: Caller, named: str | None) -> str:
    mine = caller.creditor_ids
    if named is not None:
        if mine is not None and named not in mine:
            raise NotYourCreditor(caller)
        return named
    if mine is None or len(mine) != 1:
        raise WhichCreditor
    (only,) = mine
    return only


def _act(
    request: Request, caller: Caller, right: Right, creditor: str | None, reason: str | None
) -> Act | None:
    """What is written down; None for mere reading, unless it is all that is held of a person."""
    if request.method in READS and right is not Right.PERSON:
        return None
    asked, path = request.path_params, request.scope["route"].path
    of_person = right is Right.PERSON and creditor is not None and "reference" in asked
    return Act(
        operator=caller.name,
        right=right,
        what=f"{request.method} {path}",
        creditor_id=creditor,
        account_id=_clean(asked.get("account_id")),
        person_id=opaque_id("per", str(creditor), asked["reference"]) if of_person else None,
        reason=(_clean(unquote(reason or "")) or "").strip()[:MOST_WORDS],
    )


def _clean(value: str | None) -> str | None:
    """Without the zero character, which Postgres cannot keep, and cut to what an id may be."""
    return None if value is None else value.replace("\0", "")[:MOST_WORDS]


def _admit(request: Request, database: Database, creditor: str | None, act: Act | None) -> None:
    """Look whether there is such a creditor, and write down what is asked for."""
    with database.transaction() as session:
        if creditor is not None and not _is_there(session, creditor):
            raise NotFound("creditor")
        if act is not None:
            request.state.act = operators.note(session, _about_theirs(session, act))


def _about_theirs(session: Session, act: Act) -> Act:
    """The act, without an account that is none of the creditor's: it is nobody's story."""
    if act.creditor_id is None or act.account_id is None:
        return act
    theirs = accounts.of_creditor(session, act.creditor_id, act.account_id)
    return act if theirs else replace(act, account_id=None)


def _is_there(session: Session, creditor: str) -> bool:
    return session.get(Creditor, creditor) is not None


class NoteAnswers:
    """Writes down beside an operator's act what came of it, before the answer leaves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and look at the status of its answer."""

        async def sending(message: Message) -> None:
            number = scope.get("state", {}).get("act")
            if message["type"] == "http.response.start" and number is not None:
                services: Services = scope["app"].state.services
                await run_in_threadpool(_answered, services.database, number, message["status"])
            await send(message)

        await self._app(scope, receive, sending if scope["type"] == "http" else send)


def _answered(database: Database, number: int, status: int) -> None:
    with database.transaction() as session:
        operators.answered(session, number, status)

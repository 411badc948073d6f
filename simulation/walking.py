"""Walk through the code of a stage, and of what it calls, without any account.

Every way through the code is taken. Loops over what is known are walked once for each element, so
that each message keeps its own patience; other loops are walked round once. Functions that a stage
calls are walked in its place, whatever they are called and wherever they stand.
"""

import ast
import builtins
import inspect
import sysconfig
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from enum import EnumType
from pathlib import Path as File
from types import FunctionType
from typing import Any

from pydantic import BaseModel

from domain.contacts import Message
from domain.money import Money
from engine import Next, Stage
from simulation.charts import (
    OFFERS,
    Assumes,
    Call,
    Does,
    Ends,
    Flow,
    Hands,
    Lead,
    Sends,
    Slip,
    Waits,
    Way,
)
from simulation.computing import (
    FRESH,
    PURE,
    SUMS,
    compared,
    compares,
    computed,
    elements_of,
    is_outside,
    is_pure,
    name_of,
    result,
    row,
)
from simulation.sources import Source, source_of
from simulation.values import (
    ACCOUNT,
    NOTHING,
    Either,
    Known,
    Later,
    Moment,
    Open,
    Row,
    Sent,
    TheAccount,
    Value,
    alternatives,
    attribute,
    one_of,
    settled,
    shifted,
    span_of,
    text_of,
    truth,
)
from simulation.vocabulary import AWAITED, NAMES, VERBS, kinds_of, misfit, names_of, nearest

WAITS = {
    "answer": "within",
    "response": "within",
    "quiet": "until",
    "may_contact": "within",
    "promise_kept": "by",
    "next_try": "by",
    "paid": "by",
}
"""Verbs of an account that may take time, each with the argument that says how much."""

IN_PEACE = "in_peace"
"""What `hand_over` takes where quiet is kept until it is done: the longest that it is kept."""

SEES = frozenset({"morning_of", "earlier", "visits", "covered", "slipped"})
"""Verbs that look at the account, and change nothing."""

MOVES = {"back": Lead(Way.BACK), "stay": Lead(Way.STAYS)}
"""Verbs that name the stage that follows."""


DEEPEST = 20
"""Functions inside functions that are walked; deeper ones are left to the account."""

LIBRARIES = frozenset(
    sysconfig.get_path(each) for each in ("stdlib", "platstdlib", "purelib", "platlib")
)
"""Where Python keeps what is nobody's journey."""

OURS = PURE | {"journeys"}
"""Packages that are walked wherever they are installed."""


@dataclass(frozen=True)
class Path:
    """How far a walk has come, and what the names of the function are by then."""

    ends: Ends
    names: Mapping[str, Value]

    def at(self, step: int) -> "Path":
        """The same after one more step."""
        return Path(frozenset({step}), self.names)

    def knowing(self, name: str, value: Value) -> "Path":
        """The same with a name for something."""
        return Path(self.ends, {**self.names, name: value})


Ways = list[tuple[Value, Path]]
"""What an expression comes to on each way through it."""


@dataclass
class Loop:
    """The ways out of a loop, and the ways to its next round."""

    breaks: list[Path] = field(default_factory=list)
    rounds: list[Path] = field(default_factory=list)


def joined(paths: Iterable[Path]) -> Path:
    """Several ways as one: a name is what it is on any of them."""
    alive = [path for path in paths if path.ends]
    if len(alive) == 1:
        return alive[0]
    ends = frozenset(end for path in alive for end in path.ends)
    names = dict.fromkeys(name for path in alive for name in path.names)
    return Path(
        ends,
        {name: one_of(path.names[name] for path in alive if name in path.names) for name in names},
    )


class Walk:
    """One function, walked with these arguments."""

    def __init__(self, flow: Flow, source: Source, above: tuple[Source, ...] = ()) -> None:
        """Note the steps in `flow`; `above` are the functions that led here."""
        flow.sources[source] = None
        self._flow = flow
        self._source = source
        self._above = (*above, source)
        self._loops: list[Loop] = []
        self._returns: Ways = []

    def through(self, arguments: Mapping[str, Value], ends: Ends) -> Ways:
        """All that the function returns, and where each comes from."""
        path = self._block(self._source.body, Path(ends, arguments))
        if path.ends:
            self._returns.append((NOTHING, path))
        return self._returns

    # statements

    def _block(self, statements: Sequence[ast.stmt], path: Path) -> Path:
        for statement in statements:
            if not path.ends:
                break
            path = self._statement(statement, path)
        return path

    def _statement(self, statement: ast.stmt, path: Path) -> Path:
        known: Callable[[Any, Path], Path] | None = getattr(
            self, f"_do_{type(statement).__name__.lower()}", None
        )
        return known(statement, path) if known else path

    def _do_expr(self, statement: ast.Expr, path: Path) -> Path:
        value, path = self._value(statement.value, path)
        for each in alternatives(value):
            if isinstance(each, Known) and isinstance(each.value, Next | Lead):
                said = ast.unparse(statement.value)
                says = f"{said} stands there, and nothing comes of it"
                self._slip("J104", statement, says, f"write `return {said}`")
        return path

    def _do_return(self, statement: ast.Return, path: Path) -> Path:
        self._returns += self._ways(statement.value, path) if statement.value else [(NOTHING, path)]
        return _over(path)

    def _do_raise(self, _: ast.Raise, path: Path) -> Path:
        return _over(path)

    def _do_assign(self, statement: ast.Assign, path: Path) -> Path:
        value, path = self._value(statement.value, path)
        for target in statement.targets:
            path = self._kept(target, value, path)
        return path

    def _do_annassign(self, statement: ast.AnnAssign, path: Path) -> Path:
        if statement.value is None:
            return path
        value, path = self._value(statement.value, path)
        return self._kept(statement.target, value, path)

    def _kept(self, target: ast.expr, value: Value, path: Path) -> Path:
        """The path with a value under its names; what is kept elsewhere may be awaited there."""
        if any(isinstance(each, ast.Subscript) for each in ast.walk(target)):
            self._taken(value)
        return _bound(target, value, path)

    def _do_augassign(self, statement: ast.AugAssign, path: Path) -> Path:
        sum_of = ast.BinOp(_read(statement.target), statement.op, statement.value)
        value, path = self._value(sum_of, path)
        return _bound(statement.target, value, path)

    def _do_if(self, statement: ast.If, path: Path) -> Path:
        so, not_so = self._test(statement.test, path)
        return joined([self._block(statement.body, so), self._block(statement.orelse, not_so)])

    def _do_match(self, statement: ast.Match, path: Path) -> Path:
        value, path = self._value(statement.subject, path)
        outs = []
        for case in statement.cases:
            inside = path
            for name in _captured(case.pattern):
                inside = inside.knowing(name, Open(f"{text_of(value)}.{name}"))
            if case.guard is not None:
                inside, _ = self._test(case.guard, inside)
            outs.append(self._block(case.body, inside))
        last = statement.cases[-1]
        takes_all = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        return joined([*outs, *([] if takes_all and last.guard is None else [path])])

    def _do_with(self, statement: ast.With | ast.AsyncWith, path: Path) -> Path:
        for item in statement.items:
            if _awaits(statement.body) and self._suppresses_all(item.context_expr, path):
                says = "it suppresses what the engine says"
                self._slip("J111", item.context_expr, says, NO_TRY.format("suppress"))
            _, path = self._value(item.context_expr, path)
        return self._block(statement.body, path)

    _do_asyncwith = _do_with

    def _suppresses_all(self, context: ast.expr, path: Path) -> bool:
        if not (isinstance(context, ast.Call) and _takes_all(context.args)):
            return False
        callee, _ = self._value(context.func, path)
        return callee == Known(suppress)

    def _do_try(self, statement: ast.Try, path: Path) -> Path:
        for handler in statement.handlers:
            if _catches_all(handler) and _awaits(statement.body):
                says = "it catches what the engine says"
                self._slip("J111", handler, says, NO_TRY.format("try"))
        after = self._block([*statement.body, *statement.orelse], path)
        caught = [self._block(each.body, joined([path, after])) for each in statement.handlers]
        return self._block(statement.finalbody, joined([after, *caught]))

    def _do_break(self, _: ast.Break, path: Path) -> Path:
        self._loops[-1].breaks.append(path)
        return _over(path)

    def _do_continue(self, _: ast.Continue, path: Path) -> Path:
        self._loops[-1].rounds.append(path)
        return _over(path)

    def _do_for(self, statement: ast.For | ast.AsyncFor, path: Path) -> Path:
        loop = Loop()
        self._loops.append(loop)
        outs = [
            self._each(statement, elements, loop, way)
            for elements, way in self._ways(statement.iter, path)
        ]
        self._loops.pop()
        return joined([self._block(statement.orelse, joined(outs)), *loop.breaks])

    _do_asyncfor = _do_for

    def _each(
        self, statement: ast.For | ast.AsyncFor, elements: Value, loop: Loop, path: Path
    ) -> Path:
        known = elements_of(elements)
        if known is None:
            return self._round(statement, loop, path)
        for element in known:
            after = self._block(statement.body, _bound(statement.target, element, path))
            path = joined([after, *loop.rounds])
            loop.rounds.clear()
        return path

    def _round(self, statement: ast.For | ast.AsyncFor, loop: Loop, path: Path) -> Path:
        """The body of a loop over what is not known: not at all, or again and again."""
        head = self._flow.add(None, path.ends)
        self._flow.steps[head].ends_by_itself = True
        start = _forgetting(statement.body, path.at(head))
        inside = _bound(statement.target, Open(ast.unparse(statement.target)), start)
        after = joined([self._block(statement.body, inside), *loop.rounds])
        loop.rounds.clear()
        self._flow.link(after.ends, head)
        return start

    def _do_while(self, statement: ast.While, path: Path) -> Path:
        loop = Loop()
        self._loops.append(loop)
        head = self._flow.add(None, path.ends, self._source.file, statement.lineno)
        start = _forgetting([statement], path.at(head))
        so, not_so = self._test(statement.test, start)
        after = joined([self._block(statement.body, so), *loop.rounds])
        self._flow.link(after.ends, head)
        self._loops.pop()
        return joined([self._block(statement.orelse, not_so), *loop.breaks])

    # conditions

    def _test(self, test: ast.expr, path: Path) -> tuple[Path, Path]:
        """The ways on if a condition is met, and if it is not."""
        match test:
            case ast.UnaryOp(ast.Not(), inner):
                so, not_so = self._test(inner, path)
                return not_so, so
            case ast.BoolOp(operator, values):
                return self._test_several(operator, values, path)
            case ast.Compare(left, [ast.Is() | ast.IsNot() as operator], [ast.Constant(None)]):
                there, nothing = self._test_value(left, path)
                is_none = isinstance(operator, ast.Is)
                return (nothing, there) if is_none else (there, nothing)
            case _:
                return self._test_value(test, path)

    def _test_several(
        self, operator: ast.boolop, tests: Sequence[ast.expr], path: Path
    ) -> tuple[Path, Path]:
        all_of_them, outs = isinstance(operator, ast.And), []
        for each in tests:
            so, not_so = self._test(each, path)
            path, out = (so, not_so) if all_of_them else (not_so, so)
            outs.append(out)
        return (path, joined(outs)) if all_of_them else (joined(outs), path)

    def _test_value(self, test: ast.expr, path: Path) -> tuple[Path, Path]:
        so, not_so = [], []
        for found, way in self._ways(test, path):
            value = settled(found)
            if kinds_of(value) == (Money,):
                self._is_money(test, "is money, and always counts as true")
            answer = truth(value)
            if answer is not False:
                so.append(self._assuming(value, way, holds=True))
            if answer is not True:
                not_so.append(self._assuming(value, way, holds=False))
        return joined(so or [_over(path)]), joined(not_so or [_over(path)])

    def _assuming(self, value: Value, path: Path, *, holds: bool) -> Path:
        if not isinstance(value, Open):
            return path
        assumed = Assumes(value.text, holds, value.before, value.verb)
        return path.at(self._flow.add(assumed, path.ends))

    # expressions

    def _value(self, expression: ast.expr, path: Path) -> tuple[Value, Path]:
        """What an expression comes to, whichever way is taken."""
        ways = self._ways(expression, path)
        return one_of(value for value, _ in ways), joined([way for _, way in ways])

    def _ways(self, expression: ast.expr, path: Path) -> Ways:
        known: Callable[[Any, Path], Ways] | None = getattr(
            self, f"_see_{type(expression).__name__.lower()}", None
        )
        return known(expression, path) if known else [(Open(ast.unparse(expression)), path)]

    def _see_constant(self, expression: ast.Constant, path: Path) -> Ways:
        return [(Known(expression.value), path)]

    def _see_name(self, expression: ast.Name, path: Path) -> Ways:
        name = expression.id
        if name in path.names:
            return [(path.names[name], path)]
        found = self._source.names.get(name, _UNKNOWN)
        if found is _UNKNOWN:
            found = getattr(builtins, name, _UNKNOWN)
        if found is not _UNKNOWN:
            return [(Known(found), path)]
        if name not in self._source.own:
            known = {*self._source.own, *self._source.names}
            self._slip("J108", expression, f"there is no {name}", _meant(nearest(name, known)))
        return [(Open(name), path)]

    def _see_attribute(self, expression: ast.Attribute, path: Path) -> Ways:
        name, ways = expression.attr, self._ways(expression.value, path)
        if name not in NAMES and any(isinstance(value, TheAccount) for value, _ in ways):
            self._no_such(expression, NAMES - VERBS.keys())
        for value, _ in ways:
            if (known := _has_not(settled(value), name)) is not None:
                says = f"there is no {ast.unparse(expression)}"
                listed = f"there are {', '.join(sorted(known))}"
                self._slip("J108", expression, says, _meant(nearest(name, known), listed))
        return [(attribute(value, name), way) for value, way in ways]

    def _see_await(self, expression: ast.Await, path: Path) -> Ways:
        awaited = expression.value
        of = awaited.func if isinstance(awaited, ast.Call) else awaited
        if isinstance(of, ast.Attribute) and of.attr in NAMES - AWAITED:
            owner = path.names.get(of.value.id) if isinstance(of.value, ast.Name) else None
            if isinstance(owner, TheAccount):
                says = f"{ACCOUNT}.{of.attr} is there at once: there is nothing to await"
                self._slip("J109", expression, says, "leave out `await`")
        return [(self._awaited(value), way) for value, way in self._ways(awaited, path)]

    def _awaited(self, value: Value) -> Value:
        """What a value comes to when it is awaited."""
        if isinstance(value, Either):
            return one_of(self._awaited(each) for each in value.of)
        if not isinstance(value, Later):
            return value
        self._flow.calls[value.call] = True
        return value.of

    def _taken(self, value: Value) -> None:
        """Whoever takes a call, alone or among others, may await it."""
        if isinstance(value, Either | Row):
            for each in value.of:
                self._taken(each)
        else:
            self._awaited(value)

    def _see_ifexp(self, expression: ast.IfExp, path: Path) -> Ways:
        so, not_so = self._test(expression.test, path)
        return [
            *(self._ways(expression.body, so) if so.ends else []),
            *(self._ways(expression.orelse, not_so) if not_so.ends else []),
        ]

    def _see_boolop(self, expression: ast.BoolOp, path: Path) -> Ways:
        """`and` and `or`: the last one looked at."""
        stops_at = isinstance(expression.op, ast.Or)
        done: Ways = []
        ways = self._ways(expression.values[0], path)
        for following in expression.values[1:]:
            done += [(value, way) for value, way in ways if truth(value) in {stops_at, None}]
            more = [way for value, way in ways if truth(value) in {not stops_at, None}]
            ways = self._ways(following, joined(more)) if more else []
        return [*done, *ways]

    def _see_tuple(self, expression: ast.Tuple | ast.List, path: Path) -> Ways:
        values, path = self._several(expression.elts, path)
        return [(row(values), path)]

    _see_list = _see_tuple

    def _see_binop(self, expression: ast.BinOp, path: Path) -> Ways:
        left, path = self._value(expression.left, path)
        right, path = self._value(expression.right, path)
        match left, right, expression.op:
            case Known(one), Known(other), _:
                return [(computed(lambda: SUMS[type(expression.op)](one, other)), path)]
            case _, _, ast.Add() | ast.Sub():
                sign = 1 if isinstance(expression.op, ast.Add) else -1
                moved = shifted(left, right, sign)
                if moved is not None:
                    return [(moved, path)]
        return [(Open(f"{text_of(left)} ? {text_of(right)}"), path)]

    def _see_unaryop(self, expression: ast.UnaryOp, path: Path) -> Ways:
        value, path = self._value(expression.operand, path)
        said = truth(value)
        if isinstance(expression.op, ast.Not) and said is not None:
            return [(Known(not said), path)]
        return [(Open(f"not {text_of(value)}"), path)]

    def _see_compare(self, expression: ast.Compare, path: Path) -> Ways:
        written = [expression.left, *expression.comparators]
        sides, path = self._several(written, path)
        if any(isinstance(each, Known) and isinstance(each.value, int) for each in sides):
            for side, value in zip(written, sides, strict=False):
                if kinds_of(value) == (Money,):
                    self._is_money(side, "is money, and no number")
        known = [each.value for each in sides if isinstance(each, Known)]
        if len(known) == len(sides):
            return [(computed(lambda: compares(expression.ops, known)), path)]
        signs = [type(sign).__name__ for sign in expression.ops]
        said = " ".join(
            part
            for sign, side in zip(["", *signs], sides, strict=True)
            for part in (sign, text_of(side))
        )
        return [(Open(said.strip(), compared(expression.ops, sides)), path)]

    def _see_joinedstr(self, expression: ast.JoinedStr, path: Path) -> Ways:
        """A text, with "…" for what only the account can tell."""
        said = ""
        for part in expression.values:
            inner = part.value if isinstance(part, ast.FormattedValue) else part
            value, path = self._value(inner, path)
            said += str(value.value) if isinstance(value, Known) else "…"
        return [(Known(said), path)]

    def _see_listcomp(self, expression: ast.expr, path: Path) -> Ways:
        if _awaits([expression]):
            says = "reading does not follow an `await` inside brackets"
            self._slip("J303", expression, says, "write a loop: for each in …")
        return [(Open(ast.unparse(expression)), path)]

    _see_setcomp = _see_dictcomp = _see_generatorexp = _see_listcomp

    def _see_subscript(self, expression: ast.Subscript, path: Path) -> Ways:
        value, path = self._value(expression.value, path)
        key, path = self._value(expression.slice, path)
        self._taken(value)
        if isinstance(value, Known) and isinstance(key, Known):
            return [(computed(lambda: value.value[key.value]), path)]
        return [(Open(f"{text_of(value)}[{text_of(key)}]"), path)]

    def _see_namedexpr(self, expression: ast.NamedExpr, path: Path) -> Ways:
        return [
            (value, _bound(expression.target, value, way))
            for value, way in self._ways(expression.value, path)
        ]

    def _several(self, expressions: Sequence[ast.expr], path: Path) -> tuple[list[Value], Path]:
        values = []
        for each in expressions:
            value, path = self._value(each.value if isinstance(each, ast.Starred) else each, path)
            spread = elements_of(value) if isinstance(each, ast.Starred) else None
            values += spread if spread is not None else [value]
        return values, path

    # calls

    def _see_call(self, call: ast.Call, path: Path) -> Ways:
        given, path = self._several(call.args, path)
        named: dict[str, Value] = {}
        for keyword in call.keywords:
            value, path = self._value(keyword.value, path)
            named[keyword.arg or "**"] = value
        if isinstance(call.func, ast.Attribute):
            owner, path = self._value(call.func.value, path)
            if isinstance(owner, TheAccount):
                return self._verb(call, call.func, given, named, path)
            callee = attribute(owner, call.func.attr)
        else:
            callee, path = self._value(call.func, path)
        ways = self._called(call, callee, given, named, path)
        return [(self._told(call, callee, value), way) for value, way in ways]

    def _called(
        self,
        call: ast.Call,
        callee: Value,
        given: Sequence[Value],
        named: Mapping[str, Value],
        path: Path,
    ) -> Ways:
        function = callee.value if isinstance(callee, Known) else None
        if isinstance(function, Stage):
            says = f"{function.name}(…) calls a stage"
            self._slip("J104", call, says, f"return {function.name}: the engine plays it")
            return [(callee, path)]
        outside = is_outside(function)
        if callable(function) and is_pure(function) and not outside:
            return [(result(function, given, named), path)]
        for each in (*given, *named.values()):
            self._taken(each)
        inside = None
        if outside:
            says = f"{ast.unparse(call.func)}(…) asks a clock, dice, or the world outside"
            self._slip("J110", call, says, "account.now is the time, account.quiet(…) waits")
        elif isinstance(function, FunctionType):
            inside = self._walked(function, given, named, path)
        if inside is not None:
            return inside
        said = ", ".join(text_of(each) for each in (*given, *named.values()))
        return [(Open(f"{name_of(callee)}({said})"), path)]

    def _told(self, call: ast.Call, callee: Value, value: Value) -> Value:
        """What a function came to; it has to be awaited if the function, or what it gives, has."""
        function = callee.value if isinstance(callee, Known) else None
        if inspect.iscoroutinefunction(function):
            return self._later(value, call)
        return self._later(self._awaited(value), call) if isinstance(value, Later) else value

    def _later(self, value: Value, call: ast.Call) -> Later:
        what = f"{ast.unparse(call.func)}(…)"
        source = self._source
        made = Call(source.file, call.lineno, source.name, what, call.col_offset)
        self._flow.calls.setdefault(made, False)
        return Later(value, made)

    def _slip(
        self, code: str, node: ast.expr | ast.stmt | ast.excepthandler, says: str, do: str
    ) -> None:
        source = self._source
        slip = Slip(code, source.file, node.lineno, f"{source.name}: {says}", do)
        self._flow.slips[slip] = None

    def _is_money(self, node: ast.expr, says: str) -> None:
        money = ast.unparse(node)
        self._slip("J109", node, f"{money} {says}", f"ask {money}.minor, in the smallest unit")

    def _no_such(self, asked: ast.Attribute, known: Iterable[str]) -> str:
        """Note that an account has nothing of that name; the one that was probably meant."""
        meant = nearest(asked.attr, known)
        if asked.attr.startswith("_"):
            says, do = f"{ACCOUNT}.{asked.attr} is the engine's own", ALL_THERE_IS
        else:
            says = f"there is no {ACCOUNT}.{asked.attr}"
            do = _meant(meant and f"{ACCOUNT}.{meant}", ALL_THERE_IS)
        self._slip("J108", asked, says, do)
        return meant or asked.attr

    def _walked(
        self, function: FunctionType, given: Sequence[Value], named: Mapping[str, Value], path: Path
    ) -> Ways | None:
        """What a function of the journey comes to; None if it is none, or goes too deep."""
        source = source_of(function)
        if source is None or source in self._above or len(self._above) > DEEPEST:
            return None
        if _is_library(function) and not _belongs(source, self._source):
            return None
        arguments = _arguments(function, given, named)
        ways = Walk(self._flow, source, self._above).through(arguments, path.ends)
        return [(value, Path(way.ends, path.names)) for value, way in ways]

    def _verb(
        self,
        call: ast.Call,
        asked: ast.Attribute,
        given: Sequence[Value],
        named: Mapping[str, Value],
        path: Path,
    ) -> Ways:
        """Something that the account does, or is asked."""
        verb = asked.attr if asked.attr in NAMES else self._no_such(asked, VERBS)
        self._check(call, verb, given, named)
        ways = self._deeds(call, verb, given, named, path)
        return [
            (self._later(value, call), way) if verb in AWAITED else (value, way)
            for value, way in ways
        ]

    def _check(
        self, call: ast.Call, verb: str, given: Sequence[Value], named: Mapping[str, Value]
    ) -> None:
        """Note what a verb is given that it does not take, and what is no verb."""
        if verb in NAMES - VERBS.keys():
            says = f"{ACCOUNT}.{verb} is there at once, and cannot be called"
            self._slip("J109", call, says, f"write {ACCOUNT}.{verb}, without round brackets")
        spread = any(isinstance(each, ast.Starred) for each in call.args)
        if verb not in VERBS or spread or "**" in named:
            return
        wrong = misfit(verb, given, named)
        if wrong is not None:
            self._slip("J109", call, f"{ACCOUNT}.{verb}: {wrong[0]}", wrong[1])

    def _deeds(
        self,
        call: ast.Call,
        verb: str,
        given: Sequence[Value],
        named: Mapping[str, Value],
        path: Path,
    ) -> Ways:
        said = f"{ACCOUNT}.{verb}({', '.join(text_of(each) for each in (*given, *named.values()))})"
        if verb in SEES:
            known = Moment(said, timedelta()) if verb == "morning_of" else Open(said)
            return [(known, path)]
        if verb in MOVES:
            return [(Known(MOVES[verb]), path)]
        if verb == "contact":
            return self._contact(call, given[0] if given else named.get("message", NOTHING), path)
        place = self._source.file, call.lineno
        step = self._flow.add(self._deed(verb, given, named), path.ends, *place)
        if IN_PEACE in named:
            span, _ = span_of(named[IN_PEACE])
            step = self._flow.add(Waits(IN_PEACE, span), frozenset({step}), *place)
        return [(Open(f"{said}#{step}", verb=verb), path.at(step))]

    def _contact(self, call: ast.Call, message: Value, path: Path) -> Ways:
        """A contact: one way for each message that it may be."""
        told = {keyword.arg for keyword in call.keywords}
        once, about = "ahead" in told, "about" in told
        ways: Ways = []
        for each in alternatives(message):
            value = each.value if isinstance(each, Known) else None
            known = value if isinstance(value, Message) else None
            step = self._flow.add(
                Sends(known, once=once, about=about), path.ends, self._source.file, call.lineno
            )
            ways.append((Sent(step), path.at(step)))
        return ways

    def _deed(
        self, verb: str, given: Sequence[Value], named: Mapping[str, Value]
    ) -> Waits | Hands | Does:
        if verb == "hand_over":
            reasons = alternatives(given[0] if given else named.get("reason", NOTHING))
            return Hands(
                tuple(str(each.value) if isinstance(each, Known) else "…" for each in reasons)
            )
        if verb not in WAITS:
            return Does(verb)
        span, after = span_of(named.get(WAITS[verb], NOTHING))
        answers = (
            each.step for each in alternatives(named.get("to", NOTHING)) if isinstance(each, Sent)
        )
        return Waits(verb, span, after.union(answers))


KNOWN_VERBS = frozenset({*WAITS, *SEES, *MOVES, *OFFERS, "contact", "hand_over", "collect"})
"""What reading knows of an account's verbs; `note_missed` and other ones just do something."""

_UNKNOWN = object()


NO_TRY = "leave the `{}` out: a contact that fails is an answer, and no error"
ALL_THERE_IS = "engine/accounts.py has all that a stage may see and do"


def _meant(name: str | None, otherwise: str = "import it, or write a name that there is") -> str:
    return f"did you mean {name}?" if name else otherwise


def _awaits(nodes: Sequence[ast.AST]) -> bool:
    return any(isinstance(each, ast.Await) for node in nodes for each in ast.walk(node))


def _catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether it keeps any error to itself: one that ends with `raise` hands it on."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    return _takes_all(handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type])


def _takes_all(kinds: Sequence[ast.expr | None]) -> bool:
    names = [each and ast.unparse(each) for each in kinds]
    return not {None, "Exception", "BaseException"}.isdisjoint(names)


def _is_library(function: FunctionType) -> bool:
    """Whether it came with Python, or was installed beside the project."""
    if str(function.__module__).partition(".")[0] in OURS:
        return False
    return any(File(function.__code__.co_filename).is_relative_to(each) for each in LIBRARIES)


def _belongs(called: Source, to: Source) -> bool:
    """Whether it is of the author nevertheless, who may keep a journey in a library's folder."""
    engine_wrapped_it = to.module.partition(".")[0] == "engine"
    return engine_wrapped_it or File(called.file).parent == File(to.file).parent


def _has_not(value: Value, name: str) -> Collection[str] | None:
    """What a value has in place of something that it has not; None if it has it, or may have it."""
    if isinstance(value, Known) and isinstance(value.value, EnumType):
        return None if hasattr(value.value, name) else value.value.__members__
    known = {each for kind in kinds_of(value) for each in names_of(kind)}
    if not known or name in known:
        return None
    return {each for each in known if each[0] != "_"} - {*dir(BaseModel)}


def _over(path: Path) -> Path:
    return Path(frozenset(), path.names)


def _read(target: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(target), mode="eval").body


def _bound(target: ast.expr, value: Value, path: Path) -> Path:
    """The path with a value under the name, or names, of a target."""
    match target:
        case ast.Name(name):
            return path.knowing(name, value)
        case ast.Tuple(targets) | ast.List(targets):
            parts = elements_of(value)
            if parts is None or len(parts) != len(targets):
                parts = [Open(ast.unparse(each)) for each in targets]
            for each, part in zip(targets, parts, strict=True):
                path = _bound(each, part, path)
    return path


def _forgetting(statements: Sequence[ast.stmt], path: Path) -> Path:
    """The path without what a loop's body gives other values to, round by round."""
    for statement in statements:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                path = path.knowing(node.id, Open(f"{node.id}#{next(FRESH)}"))
    return path


def _captured(pattern: ast.pattern) -> list[str]:
    nodes = [each for each in ast.walk(pattern) if isinstance(each, ast.MatchAs | ast.MatchStar)]
    return [each.name for each in nodes if each.name]


def _arguments(
    function: FunctionType, given: Sequence[Value], named: Mapping[str, Value]
) -> dict[str, Value]:
    """The values of a function's parameters, defaults included."""
    arguments: dict[str, Value] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            arguments[name] = Known(parameter.default)
        else:
            arguments[name] = Open(name)
    positional = list(arguments)[: len(given)]
    arguments.update(zip(positional, given, strict=False))
    arguments.update({name: value for name, value in named.items() if name in arguments})
    return arguments

"""What a change of law gives up: rules that go, or that bind less than before. For people to allow.

It names too much rather than too little: what cannot be compared is named as well.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from compliance.overlays import gives_up
from compliance.packs import Applies, Pack, Packs
from compliance.rules import Disclosure, Part
from compliance.sentences import bound, shown

ITEMS = ("rules", "periods", "retention", "money")
WHOM = tuple(Applies.model_fields)


def loosened(old: Packs, new: Packs, since: date) -> list[str]:
    """What binds by the old law on some day from `since` on and no longer, or less, by the new.

    One line for each, with the day from which it is so.
    """
    edges = {day for law in (old, new) for pack in law for day in pack.changes}
    days = sorted({since, *(day for day in edges if day > since)})
    told = dict[str, date]()
    for day in days:
        for line in _on(day, old, new):
            told.setdefault(line, day)
    return [f"{line}, from {day} on" for line, day in told.items()]


def _on(day: date, old: Packs, new: Packs) -> Iterator[str]:
    after = {pack.id: pack for pack in new if pack.in_force(day)}
    for was in (pack for pack in old if pack.in_force(day)):
        now = after.get(was.id)
        if now is None:
            yield from (f"{name} of {was.id} goes" for name in _named(was))
        elif now != was:
            yield from _within(was, now)


def _named(pack: Pack) -> list[str]:
    """All that a pack holds, by name."""
    return [*_items(pack), *map(_disclosed, pack.disclosures)]


def _items(pack: Pack) -> dict[str, Part]:
    return {each.id: each for name in ITEMS for each in getattr(pack, name)}


def _disclosed(each: Disclosure) -> str:
    return f'"{each.says}" on {", ".join(sorted(each.channels))}'


def _within(was: Pack, now: Pack) -> Iterator[str]:
    if any(_fewer(getattr(was.applies_to, name), getattr(now.applies_to, name)) for name in WHOM):
        yield f"{was.id} binds {bound(now.applies_to)}, and no longer {bound(was.applies_to)}"
    after = _items(now)
    for name, before in _items(was).items():
        if name not in after:
            yield f"{name} of {was.id} goes"
        else:
            yield from (
                f"{name}: {field} {shown(getattr(before, field))} ->"
                f" {shown(getattr(after[name], field, None))}"
                for field in gives_up(before, after[name])
            )
    kept = set(map(_disclosed, now.disclosures))
    yield from (f"{name} of {was.id} goes" for name in _gone(was.disclosures, kept))


def _fewer(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether somebody is bound no longer. Nobody named means everybody."""
    return bool(new) and (not old or not set(old) <= set(new))


def _gone(disclosures: Iterable[Disclosure], kept: set[str]) -> list[str]:
    return [name for name in map(_disclosed, disclosures) if name not in kept]

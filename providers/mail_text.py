"""The words of a mail that came as HTML alone, line by line as its reader saw them.

Anybody can send us a mail. `html.parser` needs minutes for some that are made to be slow, and
raises on others, so tags are found by one pattern here, in a time that grows with the length alone.
What may be words is kept: a STOP that is lost does more harm than a scrap of a tag that is read.
"""

import re
from collections.abc import Iterator
from html import unescape
from string import ascii_lowercase, ascii_uppercase

LONGEST = 300_000
"""Characters that are read: more is pictures, and a thread quoted many times over."""

UNREAD = frozenset({"script", "style", "title", "template"})
"""Elements whose words are for the program, up to their end. One that has none hides nothing."""

QUOTE = "blockquote"
CITES = re.compile(r"<blockquote[^>]*(?:cite|quote)", re.IGNORECASE)
"""What a mail program writes into the tag where it quotes the mail that is answered."""

SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
"""Of the same length, whatever the letters of other languages do."""

LINES = frozenset(
    {
        *("address", "article", "blockquote", "body", "br", "dd", "div", "dl", "dt", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"),
        *("pre", "section", "table", "td", "th", "tr", "ul"),
    }
)
"""Elements that begin and end a line."""

_VALUE = "|".join(rf"{mark}(?:[^{mark}<]|<(?![a-z/!]))*+{mark}" for mark in "\"'")
TAG = re.compile(
    r"<!--(?:-?>|.*?-->)|<!\[cdata\[|\]\]>"
    rf"|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?:(?:[^<>\"']|{_VALUE})*+|[^<>]*)>"
    r"|</[a-z][a-z0-9]*\s*\Z|<[!?][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)
"""A tag, whose values may hold a `>`; the bounds of what is no markup to us; a comment."""


def text_of(html: str) -> str:
    """The words of a mail, without those that it quotes.

    Words that are moved in and stand alone are the writer's, unless the tag says that it quotes.
    """
    own, moved_in = list[str](), list[str]()
    quotes = list[bool]()  # of each that is open, whether it cites, or one around it
    for words, tag in _parts(_with_comments_closed(html[:LONGEST])):
        if not quotes:
            own.append(words)
        elif not quotes[-1]:
            moved_in.append(words)
        name = tag["name"].lower() if tag and tag["name"] else ""
        if tag and name == QUOTE:
            _turn(quotes, tag)
        if name in LINES:
            own.append("\n")
            moved_in.append("\n")
    return _lines(own) or _lines(moved_in)


def _with_comments_closed(page: str) -> str:
    """A comment that nobody has closed is words."""
    closed, end, rest = page.replace("--!>", "-->").rpartition("-->")
    return closed + end + rest.replace("<!--", " ")


def _parts(page: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """The words before each tag, and the tag; at last the words after all of them."""
    small = page.translate(SMALL)
    last = {name: small.rfind(f"</{name}") for name in UNREAD}
    place = 0
    while (tag := TAG.search(page, place)) is not None:
        yield _seen(page[place : tag.start()]), tag
        place, name = tag.end(), (tag["name"] or "").lower()
        opens = name in UNREAD and not tag["end"] and not tag[0].endswith("/>")
        if opens and last[name] >= place:
            place = small.index(f"</{name}", place)
    yield _seen(page[place:]), None


def _turn(quotes: list[bool], tag: re.Match[str]) -> None:
    """Open or close a quote; whatever stands inside one that cites is cited."""
    if tag["end"]:
        del quotes[-1:]
    elif not tag[0].endswith("/>"):
        quotes.append(any(quotes[-1:]) or CITES.match(tag[0]) is not None)


def _lines(words: list[str]) -> str:
    lines = (line.strip() for line in "".join(words).split("\n"))
    return "\n".join(line for line in lines if line)


def _seen(text: str) -> str:
    """What stands between two tags, as it is shown."""
    return re.sub(r"\s+", " ", unescape(text))

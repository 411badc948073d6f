"""The words of a mail that came as HTML alone, line by line as its reader saw them.

Anybody can send us a mail. `html.parser` needs minutes for some that are made to be slow, so tags
are found by one pattern here, in a time that grows with the length alone.
"""

import re
from html import unescape

LONGEST = 300_000
"""Characters that are read: more is pictures, and a thread quoted many times over."""

UNREAD = frozenset({"script", "style", "head", "title", "template", "blockquote"})
"""Elements whose words are not the writer's: those for the program, and what is quoted."""

LINES = frozenset(
    {
        *("address", "article", "blockquote", "body", "br", "dd", "div", "dl", "dt", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p"),
        *("pre", "section", "table", "td", "th", "tr", "ul"),
    }
)
"""Elements that begin and end a line."""

TAG = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)[^<>]*>|<[!?][^<>]*>",
    re.DOTALL | re.IGNORECASE,
)


def text_of(html: str) -> str:
    """The words of a mail, without those that it quotes."""
    page, read, unread, place = html[:LONGEST], list[str](), 0, 0
    for tag in TAG.finditer(page):
        if not unread:
            read.append(_seen(page[place : tag.start()]))
        place, name = tag.end(), (tag["name"] or "").lower()
        if name == "body":
            unread = 0  # a head that nobody has closed
        elif name in UNREAD:
            unread = max(0, unread - 1) if tag["end"] else unread + 1
        if name in LINES:
            read.append("\n")
    if not unread:
        read.append(_seen(page[place:]))
    lines = (line.strip() for line in "".join(read).split("\n"))
    return "\n".join(line for line in lines if line)


def _seen(text: str) -> str:
    """What stands between two tags, as it is shown."""
    return re.sub(r"\s+", " ", unescape(text))

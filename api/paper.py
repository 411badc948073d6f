"""Pages to print: PDF in any script from left to right or from right to left."""

import logging
import unicodedata
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

import fontpkg_ibm_plex_sans_arabic as plex
from fpdf import FPDF
from fpdf.enums import Align, TextDirection
from fpdf.fonts import TTFFont

FAMILY = "Plex"
FILES = {"": "IBMPlexSansArabic-Regular.ttf", "B": "IBMPlexSansArabic-SemiBold.ttf"}
"""Letters and figures of Latin and of Arabic in one face, under the SIL Open Font License."""

MARGIN, LINE = 25, 6.5
"""In millimetres, of an A4 page."""


logging.getLogger("fpdf").setLevel(logging.ERROR)  # it warns of letters of people's names


class Paper:
    """A page that is written from its top; it goes on to the next where it is full."""

    def __init__(self, title: str, language: str, *, rtl: bool, at: datetime) -> None:
        """The same words at the same time (`at`) are the same file, to the byte."""
        self._pdf = FPDF(format="A4")
        self._pdf.set_margin(MARGIN)
        self._pdf.set_auto_page_break(auto=True, margin=MARGIN)
        for style, file in FILES.items():
            self._pdf.add_font(FAMILY, style, plex.ROOT / "files" / file)
        direction = TextDirection.RTL if rtl else TextDirection.LTR
        self._pdf.set_text_shaping(use_shaping_engine=True, direction=direction, language=language)
        self._pdf.set_title(title)
        self._pdf.set_lang(language)
        self._pdf.set_creation_date(at)
        self._start, self._end = (Align.R, Align.L) if rtl else (Align.L, Align.R)
        self._rtl = rtl
        self._pdf.add_page()

    def heading(self, text: str) -> None:
        """A title."""
        self._say(text, size=16, style="B", after=4)

    def paragraph(self, text: str) -> None:
        """Words, as many lines as they need."""
        self._say(text, size=11, after=3)

    def small(self, text: str) -> None:
        """Words that stand apart in smaller letters."""
        self._say(text, size=9, after=2)

    def rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """A table of labels and values."""
        width = self._pdf.epw / 2
        self._pdf.ln(1)
        for row in rows:
            cells = [(row[0], "", self._start), (row[1], "B", self._end)]
            for text, style, align in reversed(cells) if self._rtl else cells:
                self._pdf.set_font(FAMILY, style, 11)
                self._pdf.cell(width, LINE + 2, self._writable(text), border="B", align=align)
            self._pdf.ln(LINE + 2)
        self._pdf.ln(4)

    def table(
        self, header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Container[int]
    ) -> None:
        """Columns of equal width, their header on every page; `numbers` are columns of figures."""
        self._pdf.set_text_shaping(use_shaping_engine=False)  # one line is 2 ms with it
        self._cells(header, "B", numbers)
        for row in rows:
            if self._pdf.will_page_break(LINE):
                self._pdf.add_page()
                self._cells(header, "B", numbers)
            self._cells(row, "", numbers)

    def _cells(self, texts: Sequence[str], style: str, numbers: Container[int]) -> None:
        self._pdf.set_font(FAMILY, style, 8)
        for at, text in enumerate(texts):
            align = self._end if at in numbers else self._start
            width = self._pdf.epw / len(texts)
            self._pdf.cell(width, LINE, self._writable(text), border="B", align=align)
        self._pdf.ln(LINE)

    def pdf(self) -> bytes:
        """The file."""
        return bytes(self._pdf.output())

    def _say(self, text: str, *, size: int, after: int, style: str = "") -> None:
        self._pdf.set_font(FAMILY, style, size)
        self._pdf.multi_cell(
            0,
            LINE * size / 11,
            self._writable(text),
            align=self._start,
            new_x="LMARGIN",
            new_y="NEXT",
        )
        self._pdf.ln(after)

    def _writable(self, text: str) -> str:
        """The text in letters that the face has: a ğ that it lacks is better a g than a box."""
        font = self._pdf.current_font
        known = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(
            letter if ord(letter) in known else unicodedata.normalize("NFKD", letter)[:1]
            for letter in text
        )

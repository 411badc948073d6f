"""The independent auditor: reads what was really sent, and names every rule that it broke.

It shares nothing with the gate that allowed the sends: it reads the law as data (the canonical
text of packs and calendars), has its own dates and its own counting, and looks back over what
happened where the gate looks ahead. If both are wrong, they are wrong in different places.
"""

from auditor.audit import Report, audit
from auditor.book import Book
from auditor.violations import Violation

__all__ = ["Book", "Report", "Violation", "audit"]

"""Proof: an account's record as one file that anybody can check without our database."""

from evidence.checking import Report, check
from evidence.export import Export, Record, export
from evidence.faults import Fault
from evidence.lines import FORMAT, Line
from evidence.page import page
from evidence.reading import Choice, read_record

__all__ = [
    "FORMAT",
    "Choice",
    "Export",
    "Fault",
    "Line",
    "Record",
    "Report",
    "check",
    "export",
    "page",
    "read_record",
]

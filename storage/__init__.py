"""The record: Postgres tables, and one module of queries per aggregate. All SQL lives here."""

from storage.session import Database

__all__ = ["Database"]

"""The stack and the house are in tests/conftest.py and tests/house.py, for all folders."""

from tests.house import QUICK, Account, House

__all__ = ["QUICK", "Account", "House"]

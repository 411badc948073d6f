"""Durable workflows: one per account, one run per stage; and the housekeeping ones."""

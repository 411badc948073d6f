"""Journeys without a server: a virtual clock, and a diary of what one account lived through."""

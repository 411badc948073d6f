"""Thin typed clients over the real SDKs, and the words that they carry."""

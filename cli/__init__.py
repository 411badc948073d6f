"""`tahsil …`: composes everything, decides nothing."""

"""Worker processes and their settings."""

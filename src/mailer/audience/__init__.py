"""Readers: sign-up, confirmation, leaving, and the vault that keeps their addresses sealed."""

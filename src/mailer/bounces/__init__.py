"""Returned mail: received, kept sealed, read, and judged so that nobody is blamed wrongly (design §6)."""

"""Returned mail: received, kept sealed, read, and turned into consequences that blame nobody wrongly (design §6)."""

"""Commentaries become a draft issue, and checks say whether it may be released."""

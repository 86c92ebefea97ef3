"""For programs: the same rules as the pages, in JSON."""

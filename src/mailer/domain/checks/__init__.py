"""The checks before a release, each a pure function from what it looks at to what it found."""

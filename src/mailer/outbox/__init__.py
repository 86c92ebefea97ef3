"""The built-in relay: takes mail as a provider would, keeps it on disk, and plays scripted faults."""

"""Moving house: readers from another service's files, and ours into one sealed file."""

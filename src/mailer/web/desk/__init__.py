"""The desk: pages for the people who run the newsletter, behind a password."""

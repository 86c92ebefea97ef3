"""Values in, bytes out: Jinja2, premailer, the text part and the skeleton; no database, no network."""

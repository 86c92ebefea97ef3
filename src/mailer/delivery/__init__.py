"""Release and sending: the only room that speaks SMTP as a client."""

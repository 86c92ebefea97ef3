"""mailer: one weekly issue in every reader's language, with proof of what happened to each copy."""

"""What is remembered: the only room that knows SQLAlchemy.

Rooms above pass functions that take a Transaction to Database.read and Database.write, and inside
them call the repositories: one module per noun, plain functions whose first argument is that
transaction. No room sees an engine, a session or a statement.
"""

from mailer.storage.database import Database, Transaction, open_database

__all__ = ["Database", "Transaction", "open_database"]

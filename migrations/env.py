"""alembic's way in: it works on the connection that storage/schema.py hands it, never on a URL."""

from __future__ import annotations

from alembic import context

from mailer.storage import desk_tables, lane_tables, return_tables, visit_tables  # noqa: F401 - fills metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=desk_tables.metadata,
    render_as_batch=True,
    compare_type=False,
    # The writer owns the transaction; alembic works inside it, so that a migration is all or nothing.
    transactional_ddl=False,
)
context.run_migrations()

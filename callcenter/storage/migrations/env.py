"""Called by alembic: runs the migrations on the connection that ``Database.migrate`` hands over.

Developers make a new revision by hand, from ``script.py.mako``; a test compares the outcome with
``tables.py``.
"""

from alembic import context

from callcenter.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column: the table is made anew
    # Our transactions begin by hand, so that SQLite takes back a half-done migration too.
    transactional_ddl=True,
)
context.run_migrations()

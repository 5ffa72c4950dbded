"""The database's history, one file per change, run by ``Database.migrate`` (alembic)."""

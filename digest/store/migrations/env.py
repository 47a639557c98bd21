"""Alembic's entry: runs on the connection that `Store.upgrade` hands over."""

from alembic import context
from sqlmodel import SQLModel

from digest.store import models  # noqa: F401 - importing it declares the tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()

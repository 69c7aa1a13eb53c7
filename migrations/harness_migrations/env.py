"""Run the steps by alembic on the connection on which `harness.store.migrate` holds the lock."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["schema"],
)
with context.begin_transaction():
    context.run_migrations()

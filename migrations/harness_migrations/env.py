"""How alembic runs the steps: on the connection that `harness.store.migrate` holds the lock on."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    version_table_schema=context.config.attributes["schema"],
)
with context.begin_transaction():
    context.run_migrations()

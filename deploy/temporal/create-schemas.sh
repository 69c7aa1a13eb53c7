#!/bin/sh
# Create or upgrade Temporal's two databases; the tool reads SQL_* from the environment.
set -eu
for name in temporal visibility; do
  database=temporal
  if [ "$name" = visibility ]; then database=temporal_visibility; fi
  temporal-sql-tool --database "$database" create
  # Fails where the tables are there already; the upgrade that follows then decides.
  temporal-sql-tool --database "$database" setup-schema --version 0.0 || true
  temporal-sql-tool --database "$database" update-schema \
    --schema-dir "${SCHEMAS:-/etc/temporal/schema/postgresql/v12}/$name/versioned"
done

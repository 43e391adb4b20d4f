#!/usr/bin/env bash
# Feeds 90 statements to psql and compares the number of rows in the end.
export PGPASSWORD=etl-pass-2026
{
  echo "BEGIN; SAVEPOINT start;"
  for n in $(seq 1 90); do
    email="'user$n@example.org'"
    [ "$n" -eq 41 ] && email=NULL
    echo "SAVEPOINT s$n; INSERT INTO customers VALUES (9000 + $n, $email, 'ES');"
    [ "$n" -eq 41 ] && echo "ROLLBACK TO SAVEPOINT s$n;"
  done
  echo "SELECT count(*) AS loaded FROM customers WHERE id > 9000; ROLLBACK;"
} | psql -h 127.0.0.1 -p "$DWH_PORT" -U etl -d dwh -a 2>&1 | tee /tmp/month.$$
loaded=$(grep -c 'INSERT 0 1' /tmp/month.$$)
rm -f /tmp/month.$$
echo "loaded $loaded rows of 90"
[ "$loaded" -eq 90 ]

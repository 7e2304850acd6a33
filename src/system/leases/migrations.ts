/**
 * The statements that lead from each version of the schema to the next one; the first of them begins with an empty file.
 * The version of a file is its `user_version`. A step that was in a release never changes: add one.
 */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE leases (
    id TEXT PRIMARY KEY NOT NULL,
    secret TEXT NOT NULL,
    domain TEXT NOT NULL,
    email TEXT,
    note TEXT,
    order_id TEXT UNIQUE,
    created INTEGER NOT NULL,
    expires INTEGER,
    ended INTEGER,
    key TEXT,
    address4 TEXT,
    address6 TEXT,
    bound INTEGER,
    used_keys TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(used_keys)),
    reminded TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(reminded))
  ) STRICT;
  CREATE UNIQUE INDEX live_keys ON leases (domain, key) WHERE ended IS NULL;
  CREATE UNIQUE INDEX live_addresses4 ON leases (domain, address4) WHERE ended IS NULL;
  CREATE UNIQUE INDEX live_addresses6 ON leases (domain, address6) WHERE ended IS NULL;
  CREATE INDEX ended_leases ON leases (domain) WHERE ended IS NOT NULL;`,
];

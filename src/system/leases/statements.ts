import { BINDING_COLUMNS, COLUMNS, JSON_COLUMNS } from './row.ts';

/**
 * The SQL of the table. Each `SELECT` returns one row with one JSON text. `@name` is a value of the call; a list or an
 * object is JSON text.
 */
const AS_JSON = COLUMNS.map((name) => `'${name}', ${JSON_COLUMNS.includes(name) ? `json(${name})` : name}`).join(', ');

function selectLeases(condition: string): string {
  return `SELECT json_group_array(json(lease)) FROM (
    SELECT json_object(${AS_JSON}) AS lease FROM leases WHERE ${condition} ORDER BY created, id);`;
}

export const LIST = selectLeases(`(@domain IS NULL OR domain = @domain)
  AND (@expiredAt IS NULL OR ended IS NOT NULL OR expires <= @expiredAt)
  AND (@isUnbound IS NULL OR (key IS NULL AND ended IS NULL))`);

export const FIND = selectLeases('id = @id');

export const READ_BOUND = selectLeases('domain = @domain AND key IS NOT NULL AND ended IS NULL');

export const FIND_FOR_EXCHANGE = `${selectLeases('id IN (SELECT value FROM json_each(@ids))')}
  SELECT count(*) FROM leases WHERE domain = @domain AND key IS NOT NULL AND ended IS NULL;`;

export const READ_KEYS = `SELECT json_group_array(json_object('key', key, 'id', id, 'state', state)) FROM (
    SELECT value AS key, leases.id, 'released' AS state FROM leases, json_each(used_keys) WHERE domain = @domain
    UNION ALL
    SELECT key, id, iif(ended IS NULL, 'live', 'ended') FROM leases WHERE domain = @domain AND key IS NOT NULL);`;

export const READ_TAKEN = `WITH taken AS (
    SELECT address4, address6 FROM leases
    WHERE domain = @domain AND (ended IS NULL OR ended + @quarantineSeconds > @now))
  SELECT json_group_array(address) FROM (
    SELECT address4 AS address FROM taken UNION ALL SELECT address6 FROM taken) WHERE address IS NOT NULL;`;

const IMPORTED = COLUMNS.filter((name) => !BINDING_COLUMNS.includes(name));

/** Rows with a known ID or order are left out. */
export const IMPORT = `CREATE TEMP TABLE news AS SELECT value ->> '$.id' AS id FROM json_each(@leases)
    WHERE value ->> '$.id' NOT IN (SELECT id FROM leases);
  INSERT OR IGNORE INTO leases (${IMPORTED.join(', ')})
    SELECT ${IMPORTED.map((name) => `value ->> '$.${name}'`).join(', ')} FROM json_each(@leases);
  SELECT json_group_array(id) FROM temp.news WHERE id IN (SELECT id FROM leases);`;

export const GRANT = `${IMPORT} ${selectLeases('id = @id OR order_id = @orderId')}`;

/** Without a conflict clause one key or address that is in use would undo the other bindings. */
export const BIND = `CREATE TEMP TABLE wanted AS
    SELECT each.key AS place, leases.id, domain, each.value ->> '$.key' AS key, each.value ->> '$.address4' AS address4,
      each.value ->> '$.address6' AS address6, each.value ->> '$.now' AS now
    FROM json_each(@bindings) AS each JOIN leases ON leases.id = each.value ->> '$.id'
    WHERE ended IS NULL AND leases.key IS NULL AND (expires IS NULL OR expires > each.value ->> '$.now')
      AND each.value ->> '$.key' NOT IN (SELECT value FROM json_each(used_keys));
  UPDATE OR IGNORE leases SET key = new.key, address4 = new.address4, address6 = new.address6, bound = new.now
    FROM temp.wanted AS new WHERE leases.id = new.id;
  CREATE TEMP TABLE done AS
    SELECT new.* FROM temp.wanted AS new JOIN leases USING (id)
    WHERE leases.key = new.key AND leases.address4 IS new.address4 AND leases.address6 IS new.address6;
  UPDATE leases SET address4 = NULL, address6 = NULL FROM temp.done AS new
    WHERE leases.domain = new.domain AND ended IS NOT NULL
      AND (leases.address4 = new.address4 OR leases.address6 = new.address6);
  UPDATE leases SET key = NULL FROM temp.done AS new
    WHERE leases.domain = new.domain AND ended IS NOT NULL AND leases.key = new.key;
  SELECT json_group_array(place) FROM temp.done;`;

/** A row that has lost its key or its addresses to another one comes back unbound, as it does with `@isUnbinding`. */
export const EXTEND = `${FIND}
  UPDATE leases SET key = NULL, address4 = NULL, address6 = NULL, bound = NULL
    WHERE id = @id AND (@isUnbinding IS NOT NULL OR key IS NULL OR (address4 IS NULL AND address6 IS NULL));
  UPDATE leases SET expires = @expires, ended = NULL, reminded = '[]' WHERE id = @id;
  ${FIND}`;

export const RELEASE = `UPDATE leases SET used_keys = json_insert(used_keys, '$[#]', key),
    key = NULL, address4 = NULL, address6 = NULL, bound = NULL,
    secret = coalesce(@newSecret, secret)
    WHERE id = @id AND ended IS NULL AND key IS NOT NULL;
  SELECT changes();`;

export const ROTATE = `UPDATE leases SET secret = @secret
    WHERE id = @id AND ended IS NULL AND (@isOnlyUnbound IS NULL OR key IS NULL);
  SELECT changes();`;

export const REVOKE = `UPDATE leases SET ended = @now WHERE id = @id AND ended IS NULL;
  SELECT changes();`;

/** One that was extended meanwhile lasts. */
export const END = `CREATE TEMP TABLE over AS SELECT id FROM leases
    WHERE id IN (SELECT value FROM json_each(@ids)) AND ended IS NULL AND expires <= @now;
  UPDATE leases SET ended = @now WHERE id IN (SELECT id FROM temp.over);
  SELECT json_group_array(id) FROM temp.over;`;

export const SET_REMINDED = `UPDATE leases SET reminded = json(@days) WHERE id = @id AND expires = @expires;
  SELECT changes();`;

export const CHECK = `SELECT json_group_array(integrity_check) FROM pragma_integrity_check;`;

export const ATTACH_SOURCE = 'ATTACH @source AS source;';
export const ATTACH_PREVIOUS = 'ATTACH @previous AS previous;';
/** Fails if the table has a row that `@previous` does not have: one that is newer than it. */
export const REQUIRE_UNCHANGED = `CREATE TEMP TABLE changed (lease TEXT, CONSTRAINT "unchanged" CHECK (lease IS NULL));
  INSERT INTO temp.changed SELECT id FROM (SELECT * FROM main.leases EXCEPT SELECT * FROM previous.leases);`;
export const REPLACE = `DELETE FROM main.leases;
  INSERT INTO main.leases (${COLUMNS.join(', ')}) SELECT ${COLUMNS.join(', ')} FROM source.leases;`;

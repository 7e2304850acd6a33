import { chmodSync, closeSync, constants, openSync, statSync } from 'node:fs';
import * as z from 'zod';
import { parseJsonOf } from '../../core/values/json.ts';
import { PRIVATE } from '../files/private-file.ts';
import { ProgramError } from '../run/program-error.ts';
import { run } from '../run/run.ts';
import { MIGRATIONS } from './migrations.ts';
import { explainTableError, findReason, LeaseTableError, LOCK_SECONDS } from './table-error.ts';

/** The values of a call by the names that its SQL has for them, without `@`; undefined is NULL. */
export type Values = Readonly<Record<string, unknown>>;

const OPEN_TO_OTHERS = 0o077;
const SAFE = ['-batch', '-bail', '-safe', '-init', '/dev/null'];
/** Safe mode refuses VACUUM INTO and ATTACH; their paths are values, too. */
const UNSAFE = SAFE.filter((option) => option !== '-safe');
const WRONG_VERSION = 'CHECK constraint failed: schema version';

/**
 * A file of SQLite's, through sqlite3(1). Its rollback journal is as private as the file, and is gone at rest; a killed
 * writer's is rolled back by the next call.
 */
export class Database {
  readonly path: string;
  readonly #migrations: readonly string[];

  constructor(path: string, migrations = MIGRATIONS) {
    this.path = path;
    this.#migrations = migrations;
  }

  /** Whether there is a file; makes it private. */
  exists(): boolean {
    try {
      const status = statSync(this.path, { throwIfNoEntry: false });
      if (status === undefined) return false;
      if (status.uid === process.geteuid?.() && (status.mode & OPEN_TO_OTHERS) !== 0) chmodSync(this.path, PRIVATE);
      return true;
    } catch (error) {
      throw explainTableError('read', this.path, error);
    }
  }

  /**
   * What the `SELECT`s of `sql` return at one moment; undefined without a file.
   * @throws LeaseTableError
   */
  async read<T>(sql: string, values: Values, schema: z.ZodType<T>): Promise<T | undefined> {
    if (!this.exists()) return undefined;
    return this.#attempt('read', () => this.#runCurrent('BEGIN;', sql, values, schema));
  }

  /** Runs `sql` in one transaction, all or nothing; creates the file. @throws LeaseTableError */
  async write<T>(sql: string, values: Values, schema: z.ZodType<T>): Promise<T> {
    this.create();
    return this.#attempt('write', () => this.#runCurrent('BEGIN IMMEDIATE;', sql, values, schema));
  }

  /** The same after statements that may name other files and belong to no transaction, for a present version. */
  async writeUnsafely(before: string, sql: string, values: Values): Promise<void> {
    const script = [before, 'BEGIN IMMEDIATE;', requireVersion(this.#version), sql, 'COMMIT;'];
    await this.#attempt('write', () => runScript(this.path, UNSAFE, values, script));
  }

  /** Writes a copy into an empty file. @throws LeaseTableError */
  async copyInto(file: string): Promise<void> {
    await this.#attempt('read', () => runScript(this.path, UNSAFE, { file }, ['VACUUM main INTO @file;']));
  }

  /** @throws LeaseTableError */
  async readVersion(): Promise<number> {
    const sql = 'SELECT user_version FROM pragma_user_version;';
    const lines = await this.#attempt('read', () => runScript(this.path, SAFE, {}, [sql]));
    return parseJsonOf(z.int(), lines.join(), this.path);
  }

  /** SQLite would create a file that every user can read. */
  create(): void {
    if (this.exists()) return;
    const { O_CREAT, O_RDWR, O_NOFOLLOW } = constants;
    try {
      closeSync(openSync(this.path, O_CREAT | O_RDWR | O_NOFOLLOW, PRIVATE));
    } catch (error) {
      throw explainTableError('write', this.path, error);
    }
  }

  get #version(): number {
    return this.#migrations.length;
  }

  /** The version is looked at only where it is not the expected one, as a call takes longer than most statements. */
  async #runCurrent<T>(begin: string, sql: string, values: Values, schema: z.ZodType<T>): Promise<T> {
    const script = [begin, requireVersion(this.#version), sql, 'COMMIT;'];
    const lines = await runScript(this.path, SAFE, values, script).catch(async (error) => {
      if (!isWrongVersion(error)) throw error;
      await this.#migrate();
      return runScript(this.path, SAFE, values, script);
    });
    return parseJsonOf(schema, `[${lines.join()}]`, this.path);
  }

  async #migrate(): Promise<void> {
    const version = await this.readVersion();
    if (version > this.#version) {
      const reason = `a newer version of wgkex made it (schema ${version}, expected ${this.#version})`;
      throw new LeaseTableError(`Cannot read ${this.path}: ${reason}`, { isUnusable: true });
    }
    const steps = [...this.#migrations.slice(version), `PRAGMA user_version = ${this.#version};`];
    try {
      await runScript(this.path, SAFE, {}, ['BEGIN IMMEDIATE;', requireVersion(version), ...steps, 'COMMIT;']);
    } catch (error) {
      // Another process was faster.
      if (!isWrongVersion(error)) throw error;
    }
  }

  async #attempt<T>(verb: 'read' | 'write', action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      throw explainTableError(verb, this.path, error);
    }
  }
}

function requireVersion(version: number): string {
  return `CREATE TEMP TABLE schema (version INTEGER, CONSTRAINT "schema version" CHECK (version = ${version}));
    INSERT INTO temp.schema SELECT user_version FROM pragma_user_version;`;
}

/**
 * Returns the lines of its output. Everything is standard input, as every user can read arguments, and the values are
 * one hex literal: no text is ever a part of the SQL. Sorting stays in memory: no file but the journal has a secret.
 */
async function runScript(
  path: string,
  options: readonly string[],
  values: Values,
  script: readonly string[],
): Promise<string[]> {
  const literal = Buffer.from(JSON.stringify(values)).toString('hex');
  const input = [
    `.timeout ${LOCK_SECONDS * 1000}`,
    'PRAGMA temp_store = MEMORY;',
    // The first statement that needs the file ends the call if it is locked; `.parameter` would wait and go on.
    'CREATE TEMP TABLE opened (at INTEGER);',
    '.parameter init',
    `INSERT INTO temp.sqlite_parameters SELECT '@' || key, value FROM json_each(CAST(x'${literal}' AS TEXT));`,
    ...script,
  ];
  const output = await run('sqlite3', [...options, path], `${input.join('\n')}\n`);
  return output.split('\n').filter((line) => line !== '');
}

function isWrongVersion(error: unknown): boolean {
  return error instanceof ProgramError && findReason(error) === WRONG_VERSION;
}

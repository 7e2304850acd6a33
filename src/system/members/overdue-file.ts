import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { isLeaseId } from '../../core/leases/credentials.ts';
import type { LeaseId } from '../../core/leases/lease.ts';
import { InputError } from '../../core/values/errors.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { DomainName } from '../../core/values/names.ts';
import { readBootId } from '../domain/moment.ts';
import { readPrivateFile } from '../files/private-file.ts';
import { replaceFile } from '../files/replace-file.ts';

/** When each lease was first seen after its end date, in seconds of {@link readUptime}. */
export type OverdueMarks = ReadonlyMap<LeaseId, number>;

const schema = z.strictObject({ boot: z.string(), marks: z.record(z.string().refine(isLeaseId), z.number()) });

/** The marks of a domain's leases: a file that lives as long as the machine runs. */
export class OverdueFile {
  readonly #path: string;

  constructor(runtimeDirectory: string, domain: DomainName) {
    this.#path = join(runtimeDirectory, `${domain}.overdue`);
  }

  /** None without a file of this boot; a damaged one costs one more pass. */
  read(): OverdueMarks {
    const text = readIfThere(this.#path);
    if (text === undefined) return new Map();
    try {
      const { boot, marks } = parseJsonOf(schema, text, 'the overdue leases');
      return new Map(boot === readBootId() ? (Object.entries(marks) as [LeaseId, number][]) : []);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return new Map();
    }
  }

  /** @throws Error with one line that names the file, if it cannot be written. */
  write(marks: OverdueMarks): void {
    if (marks.size === 0) rmSync(this.#path, { force: true });
    else replaceFile(this.#path, `${JSON.stringify({ boot: readBootId(), marks: Object.fromEntries(marks) })}\n`);
  }
}

/** Seconds since the boot, those of sleep included; the clock of the machine can be set, this one cannot. */
export function readUptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

function readIfThere(path: string): string | undefined {
  try {
    return readPrivateFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

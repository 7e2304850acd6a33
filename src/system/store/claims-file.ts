import { renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Claim, Claims } from '../../core/peers/claims.ts';
import { parseJsonOf } from '../../core/values/json.ts';
import type { DomainName } from '../../core/values/names.ts';
import { isPublicKey, type PublicKey } from '../../core/values/public-key.ts';
import type { MonotonicSeconds } from '../../core/values/time.ts';
import { readPrivateFile } from '../files/private-file.ts';
import { replaceFile } from '../files/replace-file.ts';
import { StampedFile } from '../files/stamped-file.ts';
import { makeTrustedDirectory } from '../files/trust.ts';

/** When the claims were last counted, by the monotonic clock. */
export interface ClaimsPass {
  readonly boot: string;
  readonly at: MonotonicSeconds;
}

export interface ClaimsDocument {
  readonly claims: Claims;
  readonly pass: ClaimsPass | undefined;
}

const NOTHING: ClaimsDocument = { claims: new Map(), pass: undefined };
const number = z.number().nonnegative();
const claimSchema = z.strictObject({ first: number, last: number, silent_seconds: number });
const claimsSchema = z.strictObject({
  version: z.literal(1),
  pass: z.strictObject({ boot: z.string(), at: number }).exactOptional(),
  claims: z.record(z.string().refine(isPublicKey), claimSchema),
});

/** The file with the claims of a domain. Its writers hold the lock of the domain. */
export class ClaimsFile {
  readonly path: string;
  readonly #file: StampedFile<ClaimsDocument>;

  constructor(stateDirectory: string, domain: DomainName) {
    this.path = join(stateDirectory, `${domain}.claims.json`);
    this.#file = new StampedFile(this.path, (path) => parseClaims(readPrivateFile(path), path));
  }

  /** Without a file there are no claims. @throws InputError if it is damaged, Error if it cannot be read. */
  read(): ClaimsDocument {
    return this.#file.read() ?? NOTHING;
  }

  /** @throws Error with one line that names the file, if it cannot be written. */
  write(document: ClaimsDocument): void {
    const { claims, pass } = document;
    makeTrustedDirectory(dirname(this.path));
    const entries = [...claims].map(([key, { first, last, silentSeconds }]) => {
      return [key, { first, last, silent_seconds: Math.round(silentSeconds) }] as const;
    });
    replaceFile(this.path, `${JSON.stringify({ version: 1, pass, claims: Object.fromEntries(entries) })}\n`);
    this.#file.settle(document);
  }

  /** Renames a damaged file, so that it can be examined. Returns its new path. */
  setAside(): string {
    const aside = `${this.path}.damaged`;
    renameSync(this.path, aside);
    return aside;
  }
}

/** Parses such a file; `path` is for the errors. @throws InputError for any other text. */
export function parseClaims(text: string, path: string): ClaimsDocument {
  const { claims, pass } = parseJsonOf(claimsSchema, text, `the claims in ${path}`);
  const entries = Object.entries(claims).map(
    ([key, { silent_seconds: silentSeconds, ...claim }]): [PublicKey, Claim] => {
      return [key as PublicKey, { ...claim, silentSeconds }];
    },
  );
  return { claims: new Map(entries), pass };
}

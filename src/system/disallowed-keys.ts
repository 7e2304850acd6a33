import { readFileSync } from 'node:fs';
import { quote } from '../core/printable.ts';
import { isPublicKey, type PublicKey } from '../core/public-key.ts';

export interface DisallowedKeys {
  readonly keys: ReadonlySet<PublicKey>;
  /** A line each for what could not be read. */
  readonly complaints: readonly string[];
}

/** The operator's list: a key per line, `#` starts a comment. No file is an empty list; a bad line spoils no other. */
export function readDisallowedKeys(path: string): DisallowedKeys {
  const keys = new Set<PublicKey>();
  const complaints: string[] = [];
  for (const [index, line] of readLines(path).entries()) {
    const text = line.replace(/#.*$/, '').trim();
    if (isPublicKey(text)) keys.add(text);
    else if (text !== '') complaints.push(`${path}: line ${index + 1}: expected a public key, found ${quote(text)}`);
  }
  return { keys, complaints };
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

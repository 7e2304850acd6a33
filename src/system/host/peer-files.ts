import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePeerFile } from '../../core/operator/peer-files.ts';
import { describeSystemError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';

/** Where wg-quick(8) and systemd-networkd(8) look for interfaces. */
const PLACES = [
  { directory: '/etc/wireguard', end: '.conf' },
  { directory: '/etc/systemd/network', end: '.netdev' },
  { directory: '/run/systemd/network', end: '.netdev' },
] as const;

/**
 * The keys of peers that an operator set up in files, with the first file of each.
 * @throws Error with one line that names the file that cannot be read.
 */
export function readPeerFiles(): Map<PublicKey, string> {
  const files = new Map<PublicKey, string>();
  for (const path of PLACES.flatMap(listFiles))
    for (const key of parsePeerFile(readWhole(path))) if (!files.has(key)) files.set(key, path);
  return files;
}

function listFiles({ directory, end }: (typeof PLACES)[number]): string[] {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(end));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new Error(`Cannot read ${directory}: ${describeSystemError(error)}`, { cause: error });
  }
}

function readWhole(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

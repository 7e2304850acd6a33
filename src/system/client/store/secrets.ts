import * as z from 'zod';
import type { InstanceName } from '../../../core/client/instance.ts';
import { derivePublicKey, type PrivateKey, parsePrivateKey } from '../../../core/client/private-key.ts';
import { isLeaseId } from '../../../core/leases/credentials.ts';
import type { LeaseId, Secret } from '../../../core/leases/lease.ts';
import { isSecret } from '../../../core/leases/proof.ts';
import { parseJsonOf } from '../../../core/values/json.ts';
import type { PublicKey } from '../../../core/values/public-key.ts';
import { run } from '../../run/run.ts';
import { PrivateDirectory } from './private-directory.ts';

/** What root keeps of `ID-TOKEN`: with the secret a token can be neither typed nor found, but used. */
export interface StoredCredentials {
  readonly id: LeaseId;
  readonly secret: Secret;
}

const CREDENTIALS = 'credentials';
const PRIVATE_KEY = 'private-key';

const credentialsSchema = z.strictObject({
  id: z.string().refine(isLeaseId),
  secret: z.string().refine(isSecret),
});

/** @throws InputError if there are none, or if they cannot be read; the message shows nothing of them. */
export function readCredentials(name: InstanceName, directory?: string): StoredCredentials {
  const files = new PrivateDirectory(name, directory);
  return parseJsonOf(credentialsSchema, files.read(CREDENTIALS), files.path(CREDENTIALS)) as StoredCredentials;
}

/** @throws Error with one line that names the file, if it cannot be written. */
export function writeCredentials(name: InstanceName, { id, secret }: StoredCredentials, directory?: string): void {
  new PrivateDirectory(name, directory).write(CREDENTIALS, `${JSON.stringify({ id, secret })}\n`);
}

/** Makes the key pair of a tunnel that has none yet. @throws InputError if there is one that cannot be read. */
export async function makeKey(name: InstanceName, directory?: string): Promise<PublicKey> {
  const hasNone = new PrivateDirectory(name, directory).find(PRIVATE_KEY) === undefined;
  return hasNone ? replaceKey(name, directory) : readPublicKey(name, directory);
}

/** Makes another key pair; the former one is gone, and the lease stays bound to it until an operator releases it. */
export async function replaceKey(name: InstanceName, directory?: string): Promise<PublicKey> {
  const key = parsePrivateKey((await run('wg', ['genkey'])).trim(), 'wg genkey');
  new PrivateDirectory(name, directory).write(PRIVATE_KEY, `${key}\n`);
  return derivePublicKey(key);
}

/** @throws InputError if there is none, or if it cannot be read; the message shows nothing of it. */
export function readPrivateKey(name: InstanceName, directory?: string): PrivateKey {
  const files = new PrivateDirectory(name, directory);
  return parsePrivateKey(files.read(PRIVATE_KEY).trim(), files.path(PRIVATE_KEY));
}

/** @throws InputError as {@link readPrivateKey}. */
export function readPublicKey(name: InstanceName, directory?: string): PublicKey {
  return derivePublicKey(readPrivateKey(name, directory));
}

/** Removes key, credentials and the accepted configuration of a tunnel, if there are any. */
export function removeSecrets(name: InstanceName, directory?: string): void {
  new PrivateDirectory(name, directory).remove();
}

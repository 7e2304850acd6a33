import * as z from 'zod';
import type { InstanceName } from '../../../core/client/instance.ts';
import { type Endpoint, endpointSchema, VIA, type Via } from '../../../core/client/messages.ts';
import { parseJsonOf } from '../../../core/values/json.ts';
import type { UnixSeconds } from '../../../core/values/time.ts';
import { PrivateDirectory } from './private-directory.ts';

/** The latest configuration that root accepted; it stays when the tunnel goes down. */
export interface Accepted {
  /** As root's file has it. */
  readonly gateway: string;
  readonly via: Via;
  readonly endpoint: Endpoint;
  /** As the gateway sent it; `parseTunnelFile` has read it. */
  readonly config: string;
  readonly at: UnixSeconds;
}

const FILE = 'accepted.json';

const acceptedSchema = z.strictObject({
  gateway: z.string(),
  via: z.enum(VIA),
  endpoint: endpointSchema,
  config: z.string(),
  at: z.int().nonnegative(),
});

/** Undefined if there is none yet. @throws InputError if it cannot be read. */
export function readAccepted(name: InstanceName, directory?: string): Accepted | undefined {
  const files = new PrivateDirectory(name, directory);
  const text = files.find(FILE);
  return text === undefined ? undefined : parseJsonOf(acceptedSchema, text, files.path(FILE));
}

/** @throws Error with one line that names the file, if it cannot be written; then it keeps its old content. */
export function writeAccepted(name: InstanceName, accepted: Accepted, directory?: string): void {
  new PrivateDirectory(name, directory).write(FILE, `${JSON.stringify(accepted)}\n`);
}

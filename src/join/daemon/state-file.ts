import { closeSync, constants, fstatSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { InstanceName } from '../../core/client/instance.ts';
import { VIA } from '../../core/client/messages.ts';
import { describeSystemError, InputError } from '../../core/values/errors.ts';
import type { IpAddress } from '../../core/values/ip-address.ts';
import { parseJsonOf } from '../../core/values/json.ts';

/** What wgkex-join keeps for itself and for `status`, in a folder for each tunnel. */
const RUNTIME_DIRECTORY = '/run/wgkex-client';
const STATE_FILE = 'state.json';

/** `starting`: asks wgkex-tunnel how things are; `seeking`: tries gateways; `waiting`: none of them worked. */
const DOING = ['starting', 'seeking', 'up', 'waiting', 'stopped'] as const;

const MOST_BYTES = 65_536;
const MOST_GATEWAYS = 100;
const unix = z.number().nonnegative();
/** Printable, as root prints what an unprivileged user wrote. */
const text = z
  .string()
  .max(1000)
  .regex(/^[ -~…]*$/);
const address = z.custom<IpAddress>((value) => typeof value === 'string' && /^[\d.a-f:]{2,45}$/.test(value));

const failure = z.strictObject({
  gateway: text,
  /** What the gateway answered; absent if it was something else. */
  code: text.exactOptional(),
  reason: text,
  at: unix,
  /** Left out until then; absent if it was not the gateway's fault. */
  until: unix.exactOptional(),
});

const state = z.strictObject({
  doing: z.enum(DOING),
  /** Since when; all times are seconds since 1970. */
  since: unix,
  /** Why it is not up, in words for a member. */
  reason: text.exactOptional(),
  /** When it tries again. */
  again: unix.exactOptional(),
  /** The gateway of the tunnel, or the one that is being tried. */
  gateway: text.exactOptional(),
  via: z.enum(VIA).exactOptional(),
  /** What the last look found, and when that was; absent before the first one. */
  look: z
    .strictObject({
      at: unix,
      isUp: z.boolean(),
      handshake: unix,
      received: unix,
      sent: unix,
      expires: unix.exactOptional(),
      addresses: z.array(address).max(2),
    })
    .exactOptional(),
  /** The last failure of each gateway that has failed since it last brought a tunnel. */
  failures: z.array(failure).max(MOST_GATEWAYS),
});

/** What wgkex-join is doing for one tunnel, for `status`. */
export type JoinState = Readonly<z.infer<typeof state>>;
export type GatewayFailure = JoinState['failures'][number];

/** Undefined while no wgkex-join runs for this tunnel. @throws InputError for anything that wgkex-join did not write. */
export function readState(name: InstanceName, directory = RUNTIME_DIRECTORY): JoinState | undefined {
  const path = join(deriveDirectory(name, directory), STATE_FILE);
  const content = readBounded(path);
  return content === undefined ? undefined : parseJsonOf(state, content, path);
}

/** Replaces the file in one step. @throws InputError */
export function writeState(directory: string, content: JoinState): void {
  replace(join(directory, STATE_FILE), JSON.stringify(content));
}

/** Where the files of one tunnel are. */
export function deriveDirectory(name: InstanceName, directory = RUNTIME_DIRECTORY): string {
  return join(directory, name);
}

/** Replaces a file of wgkex-join in one step; everybody may read it. @throws InputError */
export function replace(path: string, content: string): void {
  try {
    writeFileSync(`${path}.new`, `${content}\n`, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new InputError(`Cannot write ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

/**
 * Undefined if there is no such file. Root reads what an unprivileged user wrote: neither a link nor a pipe, and not
 * without end.
 * @throws InputError
 */
export function readBounded(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const content = Buffer.alloc(MOST_BYTES + 1);
    const bytes = fstatSync(file).isFile() ? readSync(file, content) : content.length;
    if (bytes > MOST_BYTES) throw new InputError(`Cannot read ${path}: expected a file of at most ${MOST_BYTES} bytes`);
    return content.toString('utf8', 0, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    if (error instanceof InputError) throw error;
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

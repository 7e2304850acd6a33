import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { printJson } from '../../../cli/terminal/print.ts';
import { describeNoAddresses, describeNoConnection, explainConnection } from '../../../core/client/connection-words.ts';
import { USER } from '../../../core/client/installation.ts';
import { parseGateway } from '../../../core/client/instance.ts';
import { formatHostPort, type HostPort } from '../../../core/values/host-port.ts';
import { parseJsonOf } from '../../../core/values/json.ts';
import { escapeLine } from '../../../core/values/quote.ts';
import { findAccount } from '../../../system/host/account.ts';
import { PROGRAMS } from '../../../system/run/programs.ts';
import { run } from '../../../system/run/run.ts';
import { isRoot } from '../call.ts';

const LOOKUP_SECONDS = 5;
const CONNECT_SECONDS = 3;

const REASON_CHARACTERS = 300;

const faultSchema = z.strictObject({ kind: z.enum(['name', 'connection']), reason: z.string() });
/** What `wgkex-join reach SERVER` prints, which is for the doctor alone. */
const reachSchema = z.strictObject({ fault: faultSchema.exactOptional() });

/** Why a server cannot be reached. */
export type Fault = Readonly<z.infer<typeof faultSchema>>;

/**
 * Finds it out as the user of wgkex-join where root asks: only that user's packets do not go into a tunnel that takes all
 * traffic, and root need not talk to strangers. Node does not change its own user id where libuv might work for it in other
 * threads (CVE-2024-22017), so another process does it.
 */
export async function findFaultAsJoin(server: HostPort): Promise<Fault | undefined> {
  const account = isRoot() ? await findAccount(USER) : undefined;
  if (account === undefined) return findFault(server);
  const user = ['--reuid', `${account.uid}`, '--regid', `${account.gid}`, '--clear-groups', '--no-new-privs'];
  const said = await run('setpriv', [...user, PROGRAMS['wgkex-join'], 'reach', formatHostPort(server)]);
  const { fault } = parseJsonOf(reachSchema, said, 'what wgkex-join found');
  return fault && { ...fault, reason: escapeLine(fault.reason, REASON_CHARACTERS) };
}

/** `wgkex-join reach SERVER`, for {@link findFaultAsJoin}. */
export async function reach(server: string): Promise<void> {
  const fault = await findFault(parseGateway(server));
  printJson(fault === undefined ? {} : { fault });
}

/** Looks a name up and connects to its addresses; undefined if one of them accepts. */
export async function findFault(server: HostPort): Promise<Fault | undefined> {
  const { host, port } = server;
  const addresses = await lookUp(host);
  if (addresses instanceof Error) return { kind: 'name', reason: describeNoAddresses(host, addresses.message) };
  let reason = 'it has no address';
  for (const address of addresses) {
    const failure = await tryConnection({ host: address, port });
    if (failure === undefined) return undefined;
    reason = failure;
  }
  return { kind: 'connection', reason: describeNoConnection(server, reason) };
}

async function lookUp(host: string): Promise<string[] | Error> {
  const late = pause(LOOKUP_SECONDS * 1000, new Error(`no answer within ${LOOKUP_SECONDS} s`), { ref: false });
  const found = lookup(host, { all: true, verbatim: true }).then(
    (list) => list.map(({ address }) => address),
    (error: Error) => new Error(explainConnection(error)),
  );
  return Promise.race([found, late]);
}

function tryConnection({ host, port }: HostPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_SECONDS * 1000 });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end(undefined));
    socket.once('error', (error) => end(explainConnection(error)));
    socket.once('timeout', () => end(`no answer within ${CONNECT_SECONDS} s`));
  });
}

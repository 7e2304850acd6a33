import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describeNoAddresses, describeNoConnection, explainConnection } from '../../../core/client/connection-words.ts';
import { USER } from '../../../core/client/installation.ts';
import type { HostPort } from '../../../core/values/host-port.ts';
import { findAccount } from '../../../system/host/account.ts';
import { isRoot } from '../call.ts';

const LOOKUP_SECONDS = 5;
const CONNECT_SECONDS = 3;

/** Why a server cannot be reached. */
export interface Fault {
  readonly kind: 'name' | 'connection';
  readonly reason: string;
}

/**
 * Acts with the user id of wgkex-join as far as it can: only its packets do not go into a tunnel that takes all traffic,
 * and root need not talk to strangers.
 */
export async function asJoin<T>(act: () => Promise<T>): Promise<T> {
  const account = isRoot() ? await findAccount(USER) : undefined;
  if (account === undefined) return act();
  process.seteuid?.(account.uid);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
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

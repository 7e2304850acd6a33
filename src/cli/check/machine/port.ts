import { networkInterfaces } from 'node:os';
import type { DomainConfig } from '../../../config/config.ts';
import { LOOK_MARK, parseReply, type ReplyCode } from '../../../core/exchange/exchange.ts';
import { describeError } from '../../../core/values/errors.ts';
import { type HostPort, parseHostPort } from '../../../core/values/host-port.ts';
import { quote } from '../../../core/values/quote.ts';
import { isSystemdRunning } from '../../../system/host/timers.ts';
import { readUnitStates } from '../../../system/host/units.ts';
import { hasInterfaces } from '../../../system/kernel/links.ts';
import { readWireguard } from '../../../system/kernel/wg.ts';
import { type Concern, type Fault, fault } from '../../gateway/concern.ts';
import { sendLines } from '../../gateway/reply.ts';
import { type Check, concern, isRoot, type Subject } from '../check.ts';
import { SOCKET } from './units.ts';

/** The first connection starts the service; a refusal by the listener itself waits for nothing else. */
const REFUSAL_SECONDS = 5;
/** A look at a domain with an impossible name. */
const IMPOSSIBLE_LINES = [`${LOOK_MARK}-`, 'wgkex check'];
/** Replies to the gateway's own key, which only the handler refuses; no lease admits a key without a proof. */
const HANDLED: readonly ReplyCode[] = ['PROHIBITED_WGKEY', 'BUSY'];
const HANDLED_WITH_LEASES: readonly ReplyCode[] = ['NO_TOKEN', 'BUSY'];
const RESTART = 'systemctl restart wgkex.socket wgkex.service';

export const port: Check = {
  name: 'port',
  async find(subject) {
    const own = findOwnAddresses();
    const doors = (await findListenAddresses(subject)).flatMap((address) => findDoors(address, own));
    const refusals = await Promise.all(doors.map(findPortFault));
    const faults = refusals.flatMap((fault) => fault ?? []);
    const [open] = doors.filter((_, index) => refusals[index] === undefined);
    if (open === undefined || !isRoot()) return faults;
    const handled = await Promise.all(subject.domains.map((domain) => findHandlerFault(open, domain)));
    return [...faults, ...handled.flatMap((fault) => fault ?? [])];
  },
};

/** The addresses of the socket if it is active, otherwise those of the configuration. */
async function findListenAddresses({ config }: Subject): Promise<readonly HostPort[]> {
  const [socket] = isSystemdRunning() ? await readUnitStates([SOCKET]) : [];
  if (socket?.active !== 'active') return config.listen;
  return socket.listen.map((text) => parseHostPort(text, 0));
}

const LOOPBACKS: Readonly<Record<string, readonly string[]>> = { '::': ['::1', '127.0.0.1'], '0.0.0.0': ['127.0.0.1'] };

/** Where this machine can reach an address that it listens on. Without IPv6 there is no `::1`; that is not a fault. */
export function findDoors({ host, port: number }: HostPort, own: ReadonlySet<string>): HostPort[] {
  const hosts = LOOPBACKS[host] ?? [host];
  const reachable = hosts.filter((one) => own.has(one));
  return (reachable.length > 0 ? reachable : hosts).map((one) => ({ host: one, port: number }));
}

export function findOwnAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address)),
  );
}

async function findPortFault(door: HostPort): Promise<Concern | undefined> {
  const reply = await ask(door, IMPOSSIBLE_LINES, REFUSAL_SECONDS);
  if (reply instanceof Error) return concern('port-unanswered', reply.message, RESTART);
  const meaning = parseReply(reply);
  if (meaning === 'INVALID_DOMAIN' || meaning === 'BUSY') return undefined;
  const problem = `the program on ${door.host}, port ${door.port}, is not wgkex: it answers ${quote(reply.trim())}`;
  return concern('port-foreign', problem, `ss -ltnp 'sport = :${door.port}'`);
}

/** Checks that an exchange gets as far as a decision about its key. */
async function findHandlerFault(door: HostPort, domain: DomainConfig): Promise<Concern | undefined> {
  // Without one of the interfaces the handler fails anyway.
  if (!hasInterfaces(domain)) return undefined;
  const ownKey = await readWireguard(domain).then(
    (reading) => reading.ownKey,
    () => undefined,
  );
  if (ownKey === undefined) return undefined;
  const reply = await ask(door, [LOOK_MARK + domain.name, ownKey]);
  if (reply instanceof Error) return { domain: domain.name, ...fault('port-unanswered', reply.message, RESTART) };
  const meaning = parseReply(reply);
  const handled = domain.leased === undefined ? HANDLED : HANDLED_WITH_LEASES;
  if (handled.some((code) => code === meaning)) return undefined;
  return { domain: domain.name, ...(meaning === 'INVALID_DOMAIN' ? UNKNOWN : describeAnswer(reply)) };
}

const UNKNOWN = fault(
  'domain-unknown',
  'the running service does not know this domain',
  'systemctl reload wgkex.service',
);

function describeAnswer(reply: string): Fault {
  return fault('exchange-fails', `the service answers ${quote(reply.trim())}`, 'systemctl restart wgkex.service');
}

async function ask(door: HostPort, lines: readonly string[], deadlineSeconds?: number): Promise<string | Error> {
  try {
    return (await sendLines(door, lines, deadlineSeconds)).text;
  } catch (error) {
    return error instanceof Error ? error : new Error(describeError(error));
  }
}

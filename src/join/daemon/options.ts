import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { BootSeconds } from '../../core/client/pauses.ts';
import { type IpAddress, isIpv4, isLinkLocal, maskNetwork, parseIpAddress } from '../../core/values/ip-address.ts';
import type { UnixSeconds } from '../../core/values/time.ts';

/** How long things may take, and how often they are done; all in seconds. */
export const TIMES = {
  /** At rest and while waiting: the only timer. */
  look: 60,
  /** The first pause after a failure of this machine or its network, as at a boot; then twice as long, up to a look. */
  retry: 2,
  handshake: 15,
  /** While a handshake is awaited. */
  handshakeLook: 1,
  /** Of an exchange in all, and of its connection. */
  exchange: 10,
  connect: 5,
  /** For comparing the times of connections to several gateways. */
  sample: 2,
  /** For addresses of a name, and of one whose former addresses are known. */
  name: 5,
  knownName: 1,
  /**
   * For a reply of wgkex-tunnel, and for its greeting. Not less than between two looks: Node wakes up at the end of the
   * shortest timer, even if it was cleared long ago.
   */
  helper: 60,
  /** For all that a stop needs; shorter than `TimeoutStopSec=` of the unit. */
  stop: 10,
  /** How long a tunnel must have worked until its gateway is forgiven. */
  lasting: 600,
} as const;
export type Times = Readonly<Record<keyof typeof TIMES, number>>;

export interface Clocks {
  unix(): UnixSeconds;
  boot(): BootSeconds;
  /** Stands still while the machine sleeps. */
  awake(): number;
}

export const CLOCKS: Clocks = {
  unix: () => Date.now() / 1000,
  boot: () => Number(/^[\d.]+/.exec(readFileSync('/proc/uptime', 'latin1'))?.[0]),
  awake: () => performance.now() / 1000,
};

/** What tests have instead of the machine. */
export interface DaemonOptions {
  /** What starts wgkex-tunnel. */
  readonly helper?: readonly string[];
  readonly instanceDirectory?: string;
  readonly runtimeDirectory?: string;
  readonly times?: Partial<Times>;
  readonly clocks?: Clocks;
  readonly describeNetwork?: () => string;
}

/** Interfaces of this program; those of other tunnels come and go, too, without making the machine's network another one. */
const TUNNELS = /^wg-/;
/** Within its network a machine changes its IPv6 address every day. */
const NETWORK_BITS = 64;

/** The addresses of this machine, as text that changes when the machine is in another network. */
export function describeNetwork(): string {
  const places = Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    TUNNELS.test(device) ? [] : addresses.filter(({ internal }) => !internal).map(({ address }) => address),
  );
  const networks = places
    .map(parseIpAddress)
    .filter((address) => !isLinkLocal(address))
    .map(findNetwork);
  return [...new Set(networks)].sort().join(' ');
}

function findNetwork(address: IpAddress): string {
  return isIpv4(address) ? address : maskNetwork(address, NETWORK_BITS);
}

import { fileURLToPath } from 'node:url';
import type { DomainReading } from '../../src/cli/gateway/domain.ts';
import type { DomainStatus, GatewayStatus } from '../../src/cli/gateway/gateway.ts';
import { type Config, isMesh, type MeshConfig, parseConfig } from '../../src/config/config.ts';
import { surveyDomain } from '../../src/core/changes/survey.ts';
import type { DomainView } from '../../src/core/decisions/admission.ts';
import { Room } from '../../src/core/decisions/room.ts';
import { type Activity, NO_ACTIVITY } from '../../src/core/exchange/activity.ts';
import type { KeyLists } from '../../src/core/exchange/key-lists.ts';
import { buildEntries, FLOOD_MAC } from '../../src/core/kernel/fdb.ts';
import { parseRouterNames } from '../../src/core/operator/router-names.ts';
import { DerivedPlan } from '../../src/core/peers/address-plan.ts';
import { type Claims, ClaimTable } from '../../src/core/peers/claims.ts';
import { PeerTable } from '../../src/core/peers/peer-table.ts';
import { PeerRecord, UNRECORDED } from '../../src/core/peers/record.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { type IpAddress, parseIpAddress } from '../../src/core/values/ip-address.ts';
import type { Peer } from '../../src/core/values/peer.ts';
import { type PublicKey, parsePublicKey } from '../../src/core/values/public-key.ts';
import { COLLIDING_KEYS, KEYS, NOW } from '../core/arbitraries.ts';

/** A gateway with a bit of everything, at one moment, for the tests of the output. */

export const CONFIG: Config = parseConfig(
  `state_directory = "${fileURLToPath(new URL('state', import.meta.url))}"
   [domains.ffww01]
   wireguard = "wgww01"
   vxlan = "vxww01"
   route = true
   max_peers = 4
   [domains.ffmuc_welt]
   wireguard = "wgmuc"
   vxlan = "vxmuc"
   address = "ffmuc"
   [domains.fftest]
   wireguard = "wgtest"
   vxlan = "vxtest"
  `,
  'scene.toml',
);

const [ALIVE, IDLE, STALE, STATIC] = KEYS;
const [PENDING] = COLLIDING_KEYS[0];
export const SCENE_KEYS = { alive: ALIVE, idle: IDLE, stale: STALE, static: STATIC, pending: PENDING } as const;
/** A key that is not a peer anywhere, with the address of the pending one. */
export const [, ABSENT] = COLLIDING_KEYS[0];
/** A key that is not a peer anywhere, and could register at any time. */
export const WELCOME = parsePublicKey('YLv7V4a6oCpGc0xK5k1sbkZKEqwUDQQs0ESqvhvLOXE=');

function buildPeer(key: PublicKey, domain: MeshConfig, details: Partial<Peer> = {}): Peer {
  const { address } = deriveLinkAddress(key, domain.address);
  const nothing = { endpoint: undefined, lastHandshake: 'never', received: 0, sent: 0 } as const;
  const marks = { hasPresharedKey: false, hasKeepalive: false };
  return { key, allowedIps: [`${address}/128`], ...nothing, ...marks, ...details };
}

function findDomain(name: string): MeshConfig {
  const domain = CONFIG.domains.get(name);
  if (domain === undefined || !isMesh(domain)) throw new Error(`The scene has no ${name}`);
  return domain;
}

/** The state of a domain apart from its peers. */
interface Kept {
  readonly claims?: Claims;
  readonly lists?: Partial<KeyLists>;
}

/** All peers are recorded, even the operator's, which has other allowed IPs. */
function viewScene(domain: MeshConfig, peers: readonly Peer[], { claims = new Map(), lists }: Kept): DomainView {
  const record = new PeerRecord('boot');
  for (const { key } of peers) record.set(key, UNRECORDED);
  const plan = new DerivedPlan(domain.address);
  const none = { disallowed: new Set<PublicKey>(), static: new Set<PublicKey>(), allowed: undefined };
  const staleAfterSeconds = CONFIG.cleanup.stale_after_seconds;
  const limits = { maxPeers: domain.max_peers, maxPending: domain.max_pending };
  const ownership = { registrations: record.registrations, staticKeys: none.static, plan };
  const table = new PeerTable(peers, { ...ownership, staleAfterSeconds }, { unix: NOW, monotonic: 100_000 });
  return {
    peers: table,
    record,
    room: new Room(table, limits),
    claims: new ClaimTable(claims, (key) => plan.describe(key).address),
    lists: { ...none, problems: [], doubts: [], complaints: [], ...lists },
    ownKey: undefined,
    ownAddresses: new Set(),
    ...limits,
    staleAfterSeconds,
    unrecordable: undefined,
  };
}

/** All peers have their entries, except those that `isLost` names. */
function readScene(
  domain: MeshConfig,
  peers: readonly Peer[],
  isLost: (address: IpAddress, mac: string) => boolean,
  kept: Kept,
): DomainReading {
  const view = viewScene(domain, peers, kept);
  const links = view.peers.listHeld();
  const entries = links.flatMap((link) => buildEntries(link, domain.fdb, domain.wireguard));
  const forwarding = {
    entries: entries.filter(({ destination, mac }) => !isLost(destination, mac)),
    routes: links.map(({ address }) => address).filter((address) => !isLost(address, 'route')),
  };
  const settings = { ...domain, staleAfterSeconds: view.staleAfterSeconds };
  return { domain, at: NOW, view, names: new Map(), ...surveyDomain(view.peers, forwarding, settings) };
}

/** The claim of a key that has been silent for nine days. */
const CLAIM = { first: NOW - 2_000_000, last: NOW - 800_000, silentSeconds: 9 * 86_400 };

const WESTERWALD = findDomain('ffww01');
const MUNICH = findDomain('ffmuc_welt');
const staleAddress = deriveLinkAddress(STALE, WESTERWALD.address).address;

export const READINGS: readonly [DomainReading, DomainReading] = [
  readScene(
    WESTERWALD,
    [
      buildPeer(ALIVE, WESTERWALD, {
        endpoint: parseIpAddress('203.0.113.177'),
        lastHandshake: NOW - 45,
        received: 1_288_490_188,
        sent: 356_515_840,
      }),
      buildPeer(IDLE, WESTERWALD, {
        endpoint: parseIpAddress('2001:db8:1234:5678:9abc:def0:1234:5678'),
        lastHandshake: NOW - 2000,
        received: 2_000_000,
        sent: 980,
      }),
      buildPeer(STALE, WESTERWALD, {
        endpoint: parseIpAddress('192.0.2.7'),
        lastHandshake: NOW - 90_000,
        received: 148,
        sent: 92,
      }),
      buildPeer(PENDING, WESTERWALD),
      buildPeer(STATIC, WESTERWALD, {
        allowedIps: ['fe80::42/128', '192.0.2.0/24'],
        endpoint: parseIpAddress('198.51.100.1'),
        lastHandshake: NOW - 3,
        received: 5_000_000_000,
        sent: 7_000_000_000,
      }),
    ],
    (address, what) => address === staleAddress && (what === FLOOD_MAC || what === 'route'),
    { claims: new Map([[WELCOME, CLAIM]]), lists: { disallowed: new Set([ABSENT, PENDING, STATIC]) } },
  ),
  readScene(
    MUNICH,
    [
      buildPeer(ALIVE, MUNICH, {
        endpoint: parseIpAddress('203.0.113.177'),
        lastHandshake: NOW,
        received: 4096,
        sent: 1,
      }),
    ],
    () => false,
    { claims: new Map([[ALIVE, CLAIM]]), lists: { disallowed: new Set([ABSENT]) } },
  ),
];

/** Letters with accents, wide ones, of another script, and a key that is not a peer. */
export const NAMES = parseRouterNames(
  [
    `${ALIVE} Köln, Kirchturm St. Aposteln (Nordseite)`,
    `${IDLE} 学校の屋根 🏫`,
    `${STALE} На церкви в Кобленце, на самом верху колокольни`,
    `${PENDING} Kölner Straße 7`,
    `${WELCOME} Depot, Regal 3 #2`,
  ].join('\n'),
  '/etc/wgkex/router_names',
).names;

/** The same readings by an operator who gives names. */
export const NAMED: readonly DomainReading[] = READINGS.map((reading) => ({ ...reading, names: NAMES }));

const ok = (name: MeshConfig['vxlan'], kind: string) => ({ name, state: 'ok', kind }) as const;

function statusOf(
  reading: DomainReading,
  lastExchange: Activity['lastExchange'],
  nextCleanup: DomainStatus['nextCleanup'],
): DomainStatus {
  const { domain } = reading;
  const vxlan = domain.vxlan && ok(domain.vxlan, 'vxlan');
  const interfaces = { wireguard: ok(domain.wireguard, 'wireguard'), vxlan };
  return { domain, ...interfaces, reading, activity: { ...NO_ACTIVITY, lastExchange }, nextCleanup };
}

const TEST = findDomain('fftest');

/** One domain with faults of its routers, one without a cleanup, one with faulty interfaces. */
export const STATUS: GatewayStatus = {
  at: NOW,
  isListening: false,
  listFaults: [
    '/etc/wgkex/disallowed_keys: line 3: expected a public key, found "x"',
    'Cannot read /etc/wgkex/static_keys: there is no such file; new keys get FAILED, and the cleanup removes nobody',
  ],
  domains: [
    statusOf(READINGS[0], NOW - 2700, NOW + 720.5),
    statusOf(READINGS[1], 'never', 'none'),
    {
      domain: TEST,
      wireguard: { name: TEST.wireguard, state: 'missing', kind: undefined },
      vxlan: { name: TEST.vxlan, state: 'wrong kind', kind: 'bridge' },
      reading: new Error('Cannot read the peers of fftest: interface wgtest does not exist'),
      activity: NO_ACTIVITY,
      nextCleanup: NOW - 1,
    },
  ],
};

export const NAMED_STATUS: GatewayStatus = {
  ...STATUS,
  domains: NAMED.map((reading) => statusOf(reading, NOW, undefined)),
};

export const SOUND_STATUS: GatewayStatus = {
  at: NOW,
  isListening: true,
  listFaults: [],
  domains: [statusOf(READINGS[1], NOW, undefined)],
};

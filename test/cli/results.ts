import assert from 'node:assert/strict';
import { type Finding, NotChecked } from '../../src/cli/check/check.ts';
import { type Fix, listProposals } from '../../src/cli/check/fixes.ts';
import type { Taken } from '../../src/cli/commands/adopt/text.ts';
import type { Outcome } from '../../src/cli/commands/exchange/text.ts';
import type { Frame } from '../../src/cli/commands/watch/text.ts';
import type { Edits } from '../../src/cli/editing/editing.ts';
import { findConcerns } from '../../src/cli/gateway/attention.ts';
import type { DomainReading } from '../../src/cli/gateway/domain.ts';
import { type DomainMesh, findRouterMesh } from '../../src/cli/gateway/mesh.ts';
import { type ListedPeer, listPeers } from '../../src/cli/gateway/peers.ts';
import { TrafficMeter } from '../../src/cli/gateway/rates.ts';
import { type Answer, findRouters } from '../../src/cli/gateway/router.ts';
import type { MeshedPeer } from '../../src/cli/views/mesh.ts';
import { isMesh } from '../../src/config/config.ts';
import { listEffects, listForgettingEffects, listReleaseEffects } from '../../src/core/changes/effects.ts';
import type { Neighbour } from '../../src/core/host/batctl.ts';
import { LEFT_OUT_REASONS } from '../../src/core/operator/adoption.ts';
import { parseRouterQuery } from '../../src/core/operator/router-query.ts';
import type { MacAddress } from '../../src/core/values/derived-address.ts';
import { type DomainName, parseInterfaceName } from '../../src/core/values/names.ts';
import type { Peer } from '../../src/core/values/peer.ts';
import type { PublicKey } from '../../src/core/values/public-key.ts';
import { NOW } from '../core/arbitraries.ts';
import { ABSENT, CONFIG, NAMES, READINGS, SCENE_KEYS, STATUS } from './scene.ts';

const JOURNAL = [
  { time: NOW - 60, message: 'removed ffww01 fe80::d6:e3ff:fe06:ecb key=xZQUdI4zvzKm… heard=never' },
  {
    time: NOW - 4000,
    message: 'admitted ffww01 fe80::d6:e3ff:fe06:ecb key=xZQUdI4zvzKm… from=2001:db8::1 new\x1b[31m',
  },
];

/** The findings of `wgkex check`. */
export const FINDINGS: readonly Finding[] = [
  { name: 'configuration', outcome: [] },
  { name: 'sudo', outcome: new NotChecked('run it as root') },
  { name: 'peers', outcome: findConcerns(STATUS) },
];

/** What became of the harmless remedies of {@link FINDINGS}. */
export const FIXES: readonly Fix[] = listProposals(FINDINGS).map(({ remedy }, index) => {
  if (index === 0) return { remedy, outcome: 'done' };
  const reason = `Cannot run ${remedy.program} ${remedy.args.join(' ')}: another process has held the lock for 4 s`;
  return index === 1 ? { remedy, outcome: 'failed', reason } : { remedy, outcome: 'not run' };
});

const WESTERWALD_MAC = '02:00:00:00:0f:16' as MacAddress;
const MUNICH_MAC = '02:00:00:00:0f:17' as MacAddress;

/** The meshes of the domains; one router is a neighbour in both. */
export const MESHES: ReadonlyMap<DomainName, DomainMesh> = new Map([
  [READINGS[0].domain.name, buildMesh(READINGS[0], 'bat0', 'BATMAN_IV', { mac: WESTERWALD_MAC, tq: 251 })],
  [READINGS[1].domain.name, buildMesh(READINGS[1], 'bat1', 'BATMAN_V', { mac: MUNICH_MAC, throughput: 12_340 })],
]);

function buildMesh(
  { domain, view }: DomainReading,
  mesh: string,
  algorithm: string,
  { mac, tq, throughput }: Partial<Neighbour> & { readonly mac: MacAddress },
): DomainMesh {
  assert.ok(isMesh(domain));
  const neighbour = { mac, tq, throughput, port: domain.vxlan, silentSeconds: 2.1 };
  const find = (key: PublicKey) => view.peers.describe(key).address;
  const strange = { mac: '02:00:00:00:0f:99' as MacAddress, isLearned: true };
  return {
    ...{ mesh: parseInterfaceName(mesh), vxlan: domain.vxlan, port: domain.vxlan, algorithm, gatewayMode: 'server' },
    ...{ at: NOW, isLearning: true },
    neighbours: new Map([[mac, neighbour]]),
    macs: new Map([
      [find(SCENE_KEYS.alive), [{ mac, isLearned: true }]],
      [find(SCENE_KEYS.stale), [strange]],
    ]),
  };
}

/** Peers with their routers in the mesh. */
export function meshPeers({ domain }: DomainReading, listed: readonly ListedPeer[]): MeshedPeer[] {
  const mesh = MESHES.get(domain.name);
  return listed.map((one) => ({ ...one, mesh: mesh && findRouterMesh(one, mesh) }));
}

/** The answer of `wgkex show`. */
export function findAnswer(asked: string, readings: readonly DomainReading[] = READINGS): Answer {
  const query = parseRouterQuery(asked);
  const routers = findRouters(query, readings, CONFIG);
  const isFound = routers.some(({ memberships }) => memberships.some(({ listed }) => listed !== undefined));
  const isVague = query.kind === 'name' && routers.length !== 1;
  const journal = isFound || isVague ? undefined : asked === ABSENT ? JOURNAL : [];
  return { asked, query, config: CONFIG, readings, routers, isFound, isOwn: false, meshes: MESHES, journal };
}

/** A frame of `wgkex watch`: two seconds earlier, one of the peers had received less. */
export function buildFrame(readings: readonly DomainReading[] = READINGS): Frame {
  const meter = new TrafficMeter();
  const earlier = readings.map((reading) => ({
    ...reading,
    at: reading.at - 2,
    peers: reading.peers.map((surveyed) => {
      const { peer } = surveyed;
      const isBusy = peer.key === SCENE_KEYS.alive && peer.received > 1_000_000;
      return isBusy ? { ...surveyed, peer: { ...peer, received: peer.received - 3_000_000 } } : surveyed;
    }),
  }));
  meter.update(earlier);
  meter.update(readings);
  const listed = readings.flatMap((reading) => listPeers(reading, {}, 'traffic'));
  const watched = listed.map((peer) => ({ ...peer, rate: meter.find(peer) }));
  return {
    at: NOW,
    intervalSeconds: 2,
    watched,
    hasDomains: true,
    complaints: ['Cannot read the peers of fftest: it is gone'],
  };
}

/** The outcome of `wgkex exchange`. */
export function buildOutcome(meaning: Outcome['meaning']): Outcome {
  const gateway = { host: 'gateway.example', port: 10012 };
  const text = meaning === undefined ? 'SSH-2.0-OpenSSH\r\n' : '';
  const key = SCENE_KEYS.alive;
  return {
    gateway,
    domain: 'ffww01',
    key,
    isNewKey: meaning === 'OK',
    address: '192.0.2.1',
    milliseconds: 23,
    text,
    meaning,
    isGood: meaning === 'OK',
  };
}

/** The results of `wgkex add`, `wgkex block` and others, real or hypothetical. */
export function buildEdits(what: 'added' | 'blocked' | 'named' | 'released' | 'lifted', dryRun: boolean): Edits {
  const key = SCENE_KEYS.alive;
  const [westerwald, munich] = READINGS;
  const router = westerwald.view.peers.describe(key);
  const evicted = [westerwald.view.peers.describe(SCENE_KEYS.pending)];
  const added = listEffects({ kind: 'add', router, evicted, vacated: evicted }, westerwald.domain);
  const known = { peer: router, vacated: router, router, hasClaim: false, isRemembered: true };
  const removed = listForgettingEffects(known, westerwald.domain);
  const list = { file: '/etc/wgkex/disallowed_keys', outcome: 'added', line: `${key} # stolen, 2026-11-20` } as const;
  const reason = 'Cannot lock /run/wgkex/ffmuc_welt.lock: another process has held it for 4 s';
  const common = { key, dryRun, complaints: [] };
  if (what === 'named') {
    const naming = { file: '/etc/wgkex/router_names', outcome: 'changed', line: `${key} ${NAMES.get(key)}` } as const;
    return { ...common, isGood: true, naming, domains: [] };
  }
  if (what === 'added')
    return { ...common, isGood: true, domains: [{ domain: westerwald.domain, outcome: 'added', effects: added }] };
  const traces = { ...known, hasClaim: true };
  const lifted = listForgettingEffects({ ...traces, peer: undefined, vacated: undefined }, westerwald.domain);
  const effects = what === 'released' ? listReleaseEffects(traces) : lifted;
  if (what === 'released' || what === 'lifted') {
    const outcome = what === 'released' ? 'released' : 'removed';
    return { ...common, isGood: true, domains: [{ domain: westerwald.domain, outcome, effects }] };
  }
  return {
    ...common,
    isGood: false,
    list,
    domains: [
      { domain: westerwald.domain, outcome: 'removed', effects: removed },
      { domain: munich.domain, outcome: 'failed', reason, effects: [] },
    ],
  };
}

/** The result of `wgkex adopt`, real or hypothetical. */
export function buildAdoption(dryRun: boolean): Taken {
  const [{ domain, view, peers }] = READINGS;
  const find = (key: PublicKey, details: Partial<Peer>) => {
    const peer = peers.find((one) => one.peer.key === key)?.peer;
    if (peer === undefined) throw new Error(`The scene has no ${key}`);
    return { peer: { ...peer, ...details }, router: view.peers.describe(key) };
  };
  return {
    domain,
    config: CONFIG,
    dryRun,
    names: NAMES,
    adopted: [find(SCENE_KEYS.alive, { hasKeepalive: true }), find(SCENE_KEYS.stale, {})],
    leftOut: LEFT_OUT_REASONS.map((why) => ({ key: SCENE_KEYS.static, why })),
    lines: [],
  };
}

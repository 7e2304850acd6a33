import assert from 'node:assert/strict';
import { parseForwardingEntries } from '../src/core/kernel/fdb.ts';
import { deriveLinkAddress } from '../src/core/values/derived-address.ts';
import { parsePublicKey } from '../src/core/values/public-key.ts';
import { attempt } from './commands.ts';
import type { Gateway } from './gateway.ts';
import { recordKeys } from './record.ts';

const FLOOD_MAC = '00:00:00:00:00:00';

/** Everything that a router has on a gateway whose domain keeps entries of both kinds, and routes: one line each. */
export function listHoldings(gateway: Gateway, key: string): string[] {
  const { mac, address } = derive(key);
  const entries = [FLOOD_MAC, mac].map((each) => `entry ${each} ${address} ${gateway.wireguard()}`);
  return [`peer ${key} ${address}/128`, ...entries, `route ${address}`];
}

/** All peers, entries and host routes of a gateway, in such lines and sorted. */
export async function readHoldings(gateway: Gateway): Promise<string[]> {
  const [wireguard, vxlan] = [gateway.wireguard(), gateway.vxlan()];
  const commands = [
    `wg show ${wireguard} allowed-ips`,
    `bridge -json fdb show dev ${vxlan}`,
    `ip -6 route show dev ${wireguard}`,
  ];
  const text = await gateway.run('sh', '-c', commands.join(' && echo --- && '));
  // Without a route, the text ends at the second line.
  const [peers = '', entries = '', routes = ''] = text.split(/^---$/m);
  return [
    ...[...peers.matchAll(/^(\S+)\t(.*)$/gm)].map(([, key, networks]) => `peer ${key} ${networks}`),
    ...parseForwardingEntries(entries).map(({ mac, destination, via }) => `entry ${mac} ${destination} ${via}`),
    ...[...routes.matchAll(/^([0-9a-f:]+) /gm)].map(([, address]) => `route ${address}`),
  ].sort();
}

/** Admits keys as wgkex does. */
export async function give(gateway: Gateway, keys: readonly string[]): Promise<void> {
  await recordKeys(gateway, keys);
  await giveUnrecorded(gateway, keys);
}

/** Admits keys by hand as wgkex does, but without the record: the peers are the operator's. */
export async function giveUnrecorded(gateway: Gateway, keys: readonly string[]): Promise<void> {
  const routers = keys.map(derive);
  const words = routers.flatMap(({ key, address }) => ['peer', key, 'allowed-ips', `${address}/128`]);
  await gateway.run('wg', 'set', gateway.wireguard(), ...words);
  const entries = routers.flatMap(({ mac, address }) => [
    describeEntry(gateway, 'append', FLOOD_MAC, address),
    describeEntry(gateway, 'replace', mac, address),
  ]);
  await batch(gateway, 'bridge', [], entries);
  const routes = routers.map(({ address }) => `route replace ${address}/128 dev ${gateway.wireguard()}`);
  await batch(gateway, 'ip', ['-6'], routes);
}

/** Removes everything of a router by hand except its peer. */
export async function strip(gateway: Gateway, key: string): Promise<void> {
  const { mac, address } = derive(key);
  const macs = [FLOOD_MAC, mac];
  await batch(
    gateway,
    'bridge',
    [],
    macs.map((each) => describeEntry(gateway, 'del', each, address)),
  );
  await batch(gateway, 'ip', ['-6'], [`route del ${address}/128 dev ${gateway.wireguard()}`]);
}

/** A peer that is not wgkex's, with a router's address among others, and a forwarding entry. */
export async function giveOperators(gateway: Gateway, key: string): Promise<void> {
  const { address } = derive(key);
  const networks = `${address}/128,192.0.2.0/24`;
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', key, 'allowed-ips', networks);
  await batch(gateway, 'bridge', [], [describeEntry(gateway, 'append', FLOOD_MAC, address)]);
}

function describeEntry(gateway: Gateway, verb: string, mac: string, address: string): string {
  return `fdb ${verb} ${mac} dev ${gateway.vxlan()} dst ${address} via ${gateway.wireguard()}`;
}

async function batch(gateway: Gateway, program: string, options: string[], lines: readonly string[]): Promise<void> {
  const input = lines.map((line) => `${line}\n`).join('');
  const { exitCode, stderr } = await attempt(gateway.namespace, program, [...options, '-batch', '-'], input);
  assert.equal(exitCode, 0, stderr);
}

function derive(key: string) {
  return { key, ...deriveLinkAddress(parsePublicKey(key), 'eui64') };
}

import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { makeKey } from '../../lab/client.ts';
import { sh } from '../../lab/commands.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { buildEntries, ENTRY_KINDS } from '../../src/core/kernel/fdb.ts';
import { buildAddPeer, buildEnsureEntry } from '../../src/core/kernel/words.ts';
import { deriveLinkAddress } from '../../src/core/values/derived-address.ts';
import { parseInterfaceName } from '../../src/core/values/names.ts';
import { parsePublicKey } from '../../src/core/values/public-key.ts';

/** Stays below the kernel's limit for arguments (2 MB). */
const PEERS_A_CALL = 1000;

/**
 * Makes the interfaces of a gateway again, with peers as wgkex would have made them, none of which ever connected.
 * Returns the process of wireguard-go; undefined where the kernel has WireGuard itself.
 */
export async function resetInterfaces(gateway: Gateway, peers: number): Promise<number | undefined> {
  await gateway.removeInterfaces();
  await gateway.addInterfaces();
  for (let added = 0; added < peers; added += PEERS_A_CALL) {
    await addRouters(gateway, Math.min(PEERS_A_CALL, peers - added));
  }
  return findWireguardPid(gateway);
}

async function addRouters(gateway: Gateway, count: number): Promise<void> {
  const keys = Array.from({ length: count }, () => parsePublicKey(makeKey()));
  const routers = keys.map((key) => ({ key, ...deriveLinkAddress(key, 'eui64') }));
  const peers = routers.flatMap(buildAddPeer);
  await gateway.run('wg', 'set', gateway.wireguard(), ...peers);
  const wireguard = parseInterfaceName(gateway.wireguard());
  const vxlan = parseInterfaceName(gateway.vxlan());
  const entries = routers.flatMap((router) => buildEntries(router, ENTRY_KINDS, wireguard));
  const lines = entries.flatMap((entry) => buildEnsureEntry(entry, vxlan));
  const input = lines.map((line) => `${line}\n`).join('');
  await execa('ip', ['netns', 'exec', gateway.namespace, 'bridge', '-batch', '-'], { input });
}

async function findWireguardPid(gateway: Gateway): Promise<number | undefined> {
  const pids = (await sh('ip', 'netns', 'pids', gateway.namespace)).split('\n').map(Number);
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return pids.find((_, index) => names[index]?.trim() === 'wireguard-go');
}

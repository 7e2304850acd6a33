import { type DomainConfig, listInterfaces } from '../../config/config.ts';
import { DumpReader, type WireguardReading } from '../../core/kernel/wg-dump.ts';
import { run } from '../run/run.ts';
import { interfaceExists } from './links.ts';

/** @throws Error with one line that names the missing one, if an interface of the domain does not exist. */
export function requireInterfaces(domain: DomainConfig): void {
  for (const [kind, device] of listInterfaces(domain)) {
    if (!interfaceExists(device))
      throw new Error(`Cannot serve domain ${domain.name}: ${kind} interface ${device} does not exist`);
  }
}

/** The peers of the domain's WireGuard interface as the kernel knows them now. */
export async function readWireguard({ wireguard }: DomainConfig, reader = new DumpReader()): Promise<WireguardReading> {
  return reader.read(await run('wg', ['show', wireguard, 'dump']));
}

/** Changes many peers in one call; `changes` holds the words of each, made by `core/kernel/words.ts`. */
export async function setPeers({ wireguard }: DomainConfig, changes: readonly (readonly string[])[]): Promise<void> {
  const words = changes.flat();
  if (words.length > 0) await run('wg', ['set', wireguard, ...words]);
}

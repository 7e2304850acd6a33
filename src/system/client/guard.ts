import { existsSync } from 'node:fs';
import { FWMARK } from '../../core/client/tunnel-plan.ts';
import type { InterfaceName } from '../../core/values/names.ts';
import { PROGRAMS } from '../run/programs.ts';
import { run } from '../run/run.ts';

/** DNS; DNS over TLS, over QUIC. */
const PORTS = '53, 853';

/**
 * Drops questions for names that would leave by another interface. The rules alone do not keep a program from it that
 * binds to that interface, as systemd-resolved does for the domains that a local network says are its own: where its
 * interface is given and there is no route, the kernel takes an IPv4 address for one of the local network.
 * Does nothing without nft.
 */
export async function setGuard(device: InterfaceName): Promise<void> {
  const words = `oifname != { "lo", "${device}" } meta mark != ${FWMARK} meta l4proto { tcp, udp } th dport { ${PORTS} } drop`;
  const chain = `chain output { type filter hook output priority 0; policy accept; ${words}; }`;
  await change(`${buildRemoval(device)}table inet ${device} { ${chain}; }\n`);
}

/** Does nothing where there is none. */
export async function removeGuard(device: InterfaceName): Promise<void> {
  await change(buildRemoval(device));
}

/** Deleting what is not there would be an error. */
function buildRemoval(device: InterfaceName): string {
  return `table inet ${device}\ndelete table inet ${device}\n`;
}

/** All lines or none of them. */
async function change(lines: string): Promise<void> {
  if (existsSync(PROGRAMS.nft)) await run('nft', ['-f', '-'], lines);
}

import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import type { Peer } from '../src/core/values/peer.ts';
import { pretendTime } from './clock.ts';
import { attempt, eventually } from './commands.ts';
import type { Gateway } from './gateway.ts';
import { shakeHands } from './noise.ts';

export interface ViewOptions {
  readonly columns?: number;
  /** The time that the command sees, in seconds since 1970. */
  readonly now?: number;
}

/** Runs the installed `wgkex` on a gateway. */
export function look(gateway: Gateway, args: readonly string[], { columns = 80, now }: ViewOptions = {}) {
  const clock = now === undefined ? [] : [`NODE_OPTIONS=${pretendTime(now)}`];
  return attempt(gateway.namespace, 'env', [`COLUMNS=${columns}`, ...clock, 'wgkex', ...args]);
}

/** {@link look} for a program: what `--json` printed. */
export async function lookUp(gateway: Gateway, args: readonly string[], options?: ViewOptions) {
  const { exitCode, stdout, stderr } = await look(gateway, [...args, '--json'], options);
  return { exitCode, stderr, document: JSON.parse(stdout) };
}

export interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** The same keys for the same name, so that output about them can be compared with earlier output. */
export function makeKeyPair(name: string): KeyPair {
  const secret = createHash('sha256').update(name).digest();
  // RFC 8410, 7.
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), secret]);
  const { x = '' } = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
    format: 'jwk',
  });
  return { privateKey: secret.toString('base64'), publicKey: Buffer.from(x, 'base64url').toString('base64') };
}

/** Lets a router connect, from an address of the test's own; returns the time of its handshake as the gateway knows it. */
export async function connect(
  gateway: Gateway,
  { privateKey, publicKey }: KeyPair,
  { domain, from }: { readonly domain?: string; readonly from?: string } = {},
): Promise<number> {
  const gatewayKey = await gateway.publicKey(domain);
  const where = { host: gateway.address, port: gateway.wireguardPort(domain), ...(from !== undefined && { from }) };
  if (!(await shakeHands({ ...where, privateKey, gatewayKey, now: new Date() })))
    throw new Error(`The gateway had no handshake with ${publicKey}`);
  // Complete for the gateway with what came last, which it may not have read yet.
  let heard: Peer['lastHandshake'] = 'never';
  await eventually(`the gateway has heard ${publicKey}`, async () => {
    heard = (await gateway.findPeer(publicKey, domain))?.lastHandshake ?? 'never';
    return heard !== 'never';
  });
  return Number(heard);
}

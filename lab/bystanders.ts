import assert from 'node:assert/strict';
import { makeKey } from './client.ts';
import { eventually, sh } from './commands.ts';
import type { Gateway } from './gateway.ts';
import { give, giveOperators, listHoldings, readHoldings } from './holdings.ts';
import { shakeHands } from './noise.ts';

/** A live router and a peer of the operator's, which must stay unaffected by everything that happens to others. */
export class Bystanders {
  /** The key of the live router. */
  readonly living: string;
  readonly #gateway: Gateway;
  readonly #session: unknown;
  readonly #holdings: readonly string[];

  private constructor(gateway: Gateway, living: string, session: unknown, holdings: readonly string[]) {
    this.#gateway = gateway;
    this.living = living;
    this.#session = session;
    this.#holdings = holdings;
  }

  static async join(gateway: Gateway): Promise<Bystanders> {
    const living = await addLivingRouter(gateway);
    await giveOperators(gateway, makeKey());
    return new Bystanders(gateway, living, await findSession(gateway, living), await readHoldings(gateway));
  }

  /** They are unchanged, each of `keys` has everything that a router has, and nobody else has anything. */
  async assertHoldings(keys: readonly string[]): Promise<void> {
    const expected = [...this.#holdings, ...keys.flatMap((key) => listHoldings(this.#gateway, key))].sort();
    assert.deepEqual(await readHoldings(this.#gateway), expected);
    assert.deepEqual(await findSession(this.#gateway, this.living), this.#session, 'the same session');
  }

  /** The same, whichever keys there are. */
  async assertConsistency(): Promise<void> {
    const others = (await readHoldings(this.#gateway)).filter((line) => !this.#holdings.includes(line));
    await this.assertHoldings(others.flatMap((line) => (line.startsWith('peer ') ? line.split(' ').slice(1, 2) : [])));
  }
}

async function addLivingRouter(gateway: Gateway): Promise<string> {
  const privateKey = await sh('wg', 'genkey');
  const key = await sh('sh', '-c', `echo ${privateKey} | wg pubkey`);
  await give(gateway, [key]);
  const gatewayKey = await gateway.publicKey();
  const where = { host: gateway.address, port: gateway.wireguardPort() };
  assert.ok(await shakeHands({ ...where, privateKey, gatewayKey, now: new Date() }));
  await eventually('it is alive', async () => (await gateway.findPeer(key))?.lastHandshake !== 'never');
  return key;
}

/** The counters that restart when a peer is removed and added again. */
async function findSession(gateway: Gateway, key: string) {
  const peer = await gateway.findPeer(key);
  return { endpoint: peer?.endpoint, lastHandshake: peer?.lastHandshake };
}

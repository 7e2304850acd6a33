import { request } from 'node:http';
import { DOMAIN, findName, HERE, readPeers, THERE } from './fleet-plan.ts';
import { makeKey } from './machine.ts';

/** Registers a router by v2 each second at this machine's door, and asks for a tunnel to the other machine. */
export class FleetClient {
  readonly #failures: string[] = [];
  /** Keys that are in no kernel although somebody said OK. */
  readonly lies: string[] = [];
  #served = 0;
  #latest = '';
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#timer = setInterval(() => void this.#register(), 1000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Whether the latest router got its tunnel to this machine or to the other one. */
  isServedBy(machine: typeof HERE): boolean {
    return this.#latest === findName(machine);
  }

  /** How many routers were served, and what the others got. */
  toString(): string {
    return `${this.#served} routers with OK, others: ${this.#failures.join(' ') || 'none'}`;
  }

  async #register(): Promise<void> {
    const key = makeKey();
    const reply = await post(key).catch((error: Error) => error.message);
    this.#latest = reply;
    const machine = [HERE, THERE].find((one) => findName(one) === reply);
    if (machine === undefined) {
      this.#failures.push(reply);
      return;
    }
    this.#served++;
    const peers = await readPeers(machine);
    if (peers !== undefined && !peers.includes(key)) this.lies.push(`${reply} ${key}`);
  }
}

/** The name of the gateway that the router should dial, or what it got instead. */
function post(key: string): Promise<string> {
  const fields = JSON.stringify({ domain: DOMAIN, public_key: key, location: THERE.id });
  return new Promise((resolve, reject) => {
    const posting = request('http://127.0.0.1/api/v2/wg/key/exchange', { method: 'POST', agent: false });
    posting.on('response', (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(findAddress(body)));
    });
    posting.on('error', reject);
    posting.end(fields);
  });
}

function findAddress(body: string): string {
  const { Endpoint, error } = JSON.parse(body);
  return Endpoint?.Address ?? error?.code ?? body;
}

import type { LookupFunction } from 'node:net';
import { describeError } from '../../core/values/errors.ts';
import type { HostPort } from '../../core/values/host-port.ts';
import type { Attention } from '../../log/flood-guard.ts';
import type { Log } from '../../log/log.ts';
import { RelayClient } from '../../relay/client.ts';
import { Figures } from '../../relay/figures.ts';
import { AttemptFailure } from './failure.ts';

interface Around {
  readonly log: Log;
  readonly attention: Attention;
  readonly lookup: LookupFunction;
}

const LOOPBACK = '127.0.0.1';

/** The relay's client within this process: at most one at a time has a tunnel, while another one is tried. */
export class Relay {
  readonly #around: Around;
  readonly #address: string;
  #client: RelayClient | undefined;

  constructor(around: Around, address = LOOPBACK) {
    this.#around = around;
    this.#address = address;
  }

  /** Opens another client, which takes over by `use`, or ends by `drop`. @throws AttemptFailure */
  async open(to: HostPort): Promise<{ readonly port: number; use(): Promise<void>; drop(): Promise<void> }> {
    const client = new RelayClient(
      { listen: { host: this.#address, port: 0 }, to },
      { ...this.#around, figures: new Figures() },
    );
    await client.open().catch(async (error) => {
      await client.stop();
      throw new AttemptFailure('machine', describeError(error));
    });
    return {
      port: client.port,
      use: async () => {
        await this.close();
        this.#client = client;
      },
      drop: () => client.stop(),
    };
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.stop();
  }
}

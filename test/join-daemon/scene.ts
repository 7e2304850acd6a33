import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Instance, parseGateway, parseInstanceName } from '../../src/core/client/instance.ts';
import type { HostPort } from '../../src/core/values/host-port.ts';
import { Daemon } from '../../src/join/daemon/daemon.ts';
import type { Clocks, Times } from '../../src/join/daemon/options.ts';
import { type JoinState, readState } from '../../src/join/daemon/state-file.ts';
import { keepLog } from '../system/events.ts';

const NAME = parseInstanceName('members');
/** The stand-in for wgkex-tunnel. */
export const HELPER = fileURLToPath(new URL('tunnel.mjs', import.meta.url));
/** How much faster the clocks of a client run that decide on pauses and illness. */
const SPEED = 100;
/** On a busy machine of two cores. */
const PATIENCE_SECONDS = 30;

export const SHORT: Times = {
  ...{ look: 0.1, retry: 0.02, handshake: 0.5, handshakeLook: 0.02, exchange: 1, connect: 0.8, sample: 0.5 },
  ...{ name: 1, knownName: 0.2, helper: 10, stop: 20, lasting: 600 },
};

const fast: Clocks = {
  unix: () => Date.now() / 1000,
  boot: () => (performance.now() / 1000) * SPEED,
  awake: () => (performance.now() / 1000) * SPEED,
};

/** What the stand-in for wgkex-tunnel reads. */
export interface World {
  readonly alive?: readonly string[];
  readonly refused?: Readonly<Record<string, string>>;
  /** The request at which it ends. */
  readonly dies?: string;
  /** The requests that it never answers. */
  readonly hangs?: readonly string[];
  readonly expires?: number;
}

/** A machine on which a client can be started again and again. */
export class Scene {
  readonly directory = mkdtempSync(join(tmpdir(), 'wgkex-join-'));
  readonly #stops: (() => Promise<void>)[] = [];
  network = '192.0.2.7';

  constructor(t: TestContext) {
    mkdirSync(join(this.directory, NAME));
    this.change({});
    t.after(async () => {
      for (const stop of this.#stops) await stop();
      rmSync(this.directory, { recursive: true });
    });
  }

  change(world: World): void {
    this.#write('world.json', JSON.stringify({ alive: [], ...world }));
  }

  /** Before the directory is removed. */
  atEnd(stop: () => Promise<void>): void {
    this.#stops.push(stop);
  }

  start(gateways: readonly string[], settings: Partial<Instance> = {}, times: Partial<Times> = {}) {
    const { log, lines } = keepLog();
    const instance: Instance = {
      ...{ name: NAME, domain: 'members', traffic: 'routes', overTcp: 'auto', sample: 3 },
      gateways: gateways.map(parseGateway) as [HostPort, ...HostPort[]],
      ...settings,
    };
    const options = {
      helper: [process.execPath, HELPER, this.directory],
      runtimeDirectory: this.directory,
      times: { ...SHORT, ...times },
      clocks: fast,
      describeNetwork: () => this.network,
    };
    const daemon = new Daemon(instance, options, log);
    const ended = daemon.run();
    const stop = async () => {
      daemon.stop();
      await ended;
    };
    this.atEnd(stop);
    return { lines, stop };
  }

  get state(): JoinState | undefined {
    return readState(NAME, this.directory);
  }

  get kernel(): Record<string, unknown> {
    const file = join(this.directory, 'kernel.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>) : {};
  }

  setKernel(kernel: object): void {
    this.#write('kernel.json', JSON.stringify(kernel));
  }

  get requests(): string[] {
    const file = join(this.directory, 'requests');
    return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  }

  #write(file: string, content: string): void {
    writeFileSync(join(this.directory, `${file}.new`), content);
    renameSync(join(this.directory, `${file}.new`), join(this.directory, file));
  }
}

/** Waits until it is so; then the test goes on. */
export async function until(isSo: () => boolean, what: () => unknown): Promise<void> {
  const end = performance.now() + PATIENCE_SECONDS * 1000;
  while (!isSo()) {
    if (performance.now() > end) assert.fail(`in vain: ${JSON.stringify(what())}`);
    await pause(10);
  }
}

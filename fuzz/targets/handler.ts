import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type fc from 'fast-check';
import { longStreams, type Stream } from '../arbitraries/streams.ts';
import { converse, type Ending } from '../conversation.ts';
import { printEntries, readStreams } from '../corpus.ts';
import { REFUSED_KEYS } from '../keys.ts';
import { checkLogLine } from '../log-lines.ts';
import { StreamModel } from '../model/stream.ts';
import { Scene } from '../scene.ts';
import type { Target } from './target.ts';

const GATEWAY_NUMBER = 202;
const EXIT_FAILURE = 1;

/** The installed handler as root, with one process per stream of messages. */
export class HandlerTarget implements Target<Stream> {
  readonly name = 'handler';
  readonly corpus: readonly Stream[];
  readonly runs: fc.Arbitrary<Stream>;
  readonly runsPerRound = 3;
  readonly #scene: Scene;

  private constructor(scene: Scene) {
    this.#scene = scene;
    this.corpus = readStreams().map(({ chunks, inStep = true }) => ({ chunks, inStep }));
    const texts = this.corpus.map(({ chunks }) => chunks.join('').trimEnd());
    // The handler knows the domains only by their own names.
    const domains = [...scene.domains.map(({ name }) => name), ...scene.aliases.keys()];
    this.runs = longStreams({ domains, keys: [...REFUSED_KEYS, ...scene.ownKeys] }, texts);
  }

  static async create(): Promise<HandlerTarget> {
    const scene = await Scene.create(GATEWAY_NUMBER, { hasSmallDomain: true });
    await scene.configure();
    return new HandlerTarget(scene);
  }

  /** Messages. */
  count({ chunks }: Stream): number {
    return chunks
      .join('')
      .split('\n')
      .filter((line) => line !== '').length;
  }

  print(stream: Stream): string {
    return printEntries('streams', [stream]);
  }

  async check({ chunks, inStep }: Stream): Promise<void> {
    const model = new StreamModel(chunks, inStep, () => this.#scene.createModels());
    const ending = await converse(this.#scene.gateway, chunks, inStep, model);
    await this.#scene.kernel.settle((domain, newPeers) => model.expectPeers(domain, newPeers));
    await this.#scene.forget();
    model.requireReplies(ending.replies);
    requireEnd(ending, model.isGood);
    await this.#requireLocksFree();
  }

  async observe(): Promise<string> {
    return '';
  }

  async finish(): Promise<void> {}

  close(): Promise<void> {
    return this.#scene.gateway.close();
  }

  async #requireLocksFree(): Promise<void> {
    const { gateway, domains } = this.#scene;
    for (const { name } of domains) {
      const file = `/run/wgkex/${gateway.namespace}/${name}.lock`;
      if (existsSync(file)) await gateway.run('flock', '--nonblock', file, 'true');
    }
  }
}

/** A handler that gets a bad line logs one line and fails. */
function requireEnd({ exitStatus, log }: Ending, isGood: boolean): void {
  const entries = log.map(checkLogLine);
  const farewells = entries.filter(({ msg }) => msg === 'handler failed').map(({ reason }) => String(reason));
  assert.equal(exitStatus, isGood ? 0 : EXIT_FAILURE);
  assert.equal(farewells.length, isGood ? 0 : 1);
  for (const reason of farewells) assert.match(reason, /^Cannot read (request|a line): [ -~]{1,80}$/);
}

import assert from 'node:assert/strict';
import type { DomainModel } from './domain.ts';
import { expectServed, type Request, type Served } from './requests.ts';

export interface Reply {
  readonly id: number;
  readonly code: string;
}

/** The required outcome of a stream of messages. */
export class StreamModel {
  readonly #createModels: () => ReadonlyMap<string, DomainModel>;
  readonly #served: Served;
  /** The replies to all requests if they were served. */
  readonly #replies: readonly Reply[];
  /** False if requests that are in the pipe with a bad line may or may not be served. */
  readonly #isExact: boolean;

  constructor(chunks: readonly string[], inStep: boolean, createModels: () => ReadonlyMap<string, DomainModel>) {
    this.#createModels = createModels;
    this.#served = inStep ? expectServed(chunks) : expectServed(splitLines(chunks));
    this.#isExact = inStep || this.#served.end === 'good';
    const models = createModels();
    this.#replies = this.#served.chunks.flat().map(({ id, domain, key, from }) => {
      return { id, code: models.get(domain)?.admit(key, from) ?? 'INVALID_DOMAIN' };
    });
  }

  get isGood(): boolean {
    return this.#served.end === 'good';
  }

  /** The number of replies to each chunk that is served. */
  get counts(): readonly number[] {
    return this.#served.chunks.map(({ length }) => length);
  }

  /** Throws unless these replies, in any order, are permitted. */
  requireReplies(replies: readonly Reply[]): void {
    const expected = this.#replies.map(describeReply).sort();
    const actual = replies.map(describeReply).sort();
    if (this.#isExact) assert.deepEqual(actual, expected);
    const left = countEach(expected);
    for (const reply of actual) {
      const count = left.get(reply) ?? 0;
      assert.ok(count > 0, `no request for the reply ${reply}`);
      left.set(reply, count - 1);
    }
  }

  /** The keys that must be peers of a domain. If that is open, the actual ones, if requests lead to them. */
  expectPeers(domain: string, newPeers: readonly string[]): Iterable<string> {
    const requests = this.#served.chunks.flat().filter((request) => request.domain === domain);
    const model = this.#createModels().get(domain);
    assert.ok(model);
    if (this.#isExact) for (const { key, from } of requests) model.admit(key, from);
    else admitUntil(model, requests, newPeers);
    return model.ours;
  }
}

/** The requests of a domain are served in order: some number of them must explain the peers that exist. */
function admitUntil(model: DomainModel, requests: readonly Request[], newPeers: readonly string[]): void {
  const wanted = new Set(newPeers);
  for (const { key, from } of requests) {
    const { ours } = model;
    if (ours.length === wanted.size && ours.every((holder) => wanted.has(holder))) return;
    model.admit(key, from);
  }
}

/** A handler that reads everything at once gets a bad line in one chunk with some or all of the lines before it. */
function splitLines(chunks: readonly string[]): string[] {
  return chunks.join('').match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function describeReply({ id, code }: Reply): string {
  return `${id} ${code}`;
}

function countEach(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

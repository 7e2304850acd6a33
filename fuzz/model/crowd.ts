import assert from 'node:assert/strict';
import type { DomainModel } from './domain.ts';
import { expectOutcome, expectOutcomesAtAnyPace, type Outcome, type Visit } from './wire.ts';

type Models = ReadonlyMap<string, DomainModel>;

const BUSY = 'ERR: BUSY\n';

/** The replies that a connection may get. */
export interface Expectation {
  readonly replies: readonly string[];
  /** Replies that are right only if the machine was too slow for the clocks in question. */
  readonly atAnotherPace: readonly string[];
}

/** Requests of clients in no particular order to domains that are never full. */
export class CrowdModel {
  readonly #models: Models;
  readonly #aliases: ReadonlyMap<string, string>;
  readonly #names: readonly string[];
  /** By domain: the admitted keys, and those that may be admitted because their client did not wait or was late. */
  readonly #asked: ReadonlyMap<string, { readonly must: Set<string>; readonly may: Set<string> }>;

  /** `aliases` leads from a domain's other names to its own name; `models` has only the own names. */
  constructor(models: Models, aliases: ReadonlyMap<string, string> = new Map()) {
    this.#models = models;
    this.#aliases = aliases;
    this.#names = [...models.keys(), ...aliases.keys()];
    this.#asked = new Map([...models.keys()].map((domain) => [domain, { must: new Set(), may: new Set() }]));
  }

  /** Takes a visit into account. */
  expectReplies(visit: Visit): Expectation {
    const isHasty = visit.end === 'close' || visit.end === 'reset';
    const reply = this.#answer(expectOutcome(visit, this.#names), isHasty ? 'may' : 'must');
    const others = expectOutcomesAtAnyPace(visit, this.#names).map((outcome) => this.#answer(outcome, 'may'));
    return { replies: isHasty ? ['', reply] : [reply], atAnotherPace: others };
  }

  /** Whether a reply means that another key with the same address came first and may have been admitted. */
  isBusy(visit: Visit, reply: string): boolean {
    const outcomes = [expectOutcome(visit, this.#names), ...expectOutcomesAtAnyPace(visit, this.#names)];
    return reply === BUSY && outcomes.some((outcome) => 'key' in outcome && this.#hasRival(outcome));
  }

  /** Returns the new peers of a domain; throws unless they are the admitted ones. */
  expectPeers(domain: string, newPeers: readonly string[]): readonly string[] {
    const { must, may } = this.#asked.get(domain) ?? { must: [], may: new Set() };
    for (const key of newPeers) assert.ok(may.has(key), `${key} is a peer of ${domain}, but no client asked for it`);
    const addressOf = (key: string) => this.#find(domain).addressOf(key);
    // Of the keys that derive the same address, one has it.
    const held = new Set(newPeers.map(addressOf));
    for (const key of must) assert.ok(held.has(addressOf(key)), `${key} got OK and is not a peer of ${domain}`);
    return newPeers;
  }

  #answer(outcome: Outcome, certainty: 'must' | 'may'): string {
    if ('refused' in outcome) return `ERR: ${outcome.refused}\n`;
    const { key } = outcome;
    const domain = this.#aliases.get(outcome.domain) ?? outcome.domain;
    const { reply: code } = this.#find(domain).judge(key, undefined);
    if (code !== 'OK') return `ERR: ${code}\n`;
    this.#asked.get(domain)?.may.add(key);
    this.#asked.get(domain)?.[certainty].add(key);
    return 'OK\n';
  }

  #hasRival({ domain: name, key }: { readonly domain: string; readonly key: string }): boolean {
    const domain = this.#aliases.get(name) ?? name;
    const model = this.#find(domain);
    const rivals = [...(this.#asked.get(domain)?.may ?? [])].filter((other) => other !== key);
    return rivals.some((other) => model.addressOf(other) === model.addressOf(key));
  }

  #find(domain: string): DomainModel {
    const model = this.#models.get(domain);
    if (model === undefined) throw new Error(`There is no domain ${domain}`);
    return model;
  }
}

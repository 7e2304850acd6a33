import assert from 'node:assert/strict';
import type { DomainModel } from './admission.ts';
import { deriveAddress } from './key.ts';
import { expectOutcome, expectOutcomesAtAnyPace, type Outcome, type Visit } from './wire.ts';

type Models = ReadonlyMap<string, DomainModel>;

/** What may come back on a connection. */
export interface Expectation {
  readonly replies: readonly string[];
  /** Replies that are right only if the machine was too slow for the clocks in question. */
  readonly atAnotherPace: readonly string[];
}

/** What clients that come in no order ask of the domains, none of which is ever full. */
export class CrowdModel {
  readonly #models: Models;
  readonly #names: readonly string[];
  /** By domain: the keys that were let in, and those that may have been, as their client did not wait or was late. */
  readonly #asked: ReadonlyMap<string, { readonly must: Set<string>; readonly may: Set<string> }>;

  constructor(models: Models) {
    this.#models = models;
    this.#names = [...models.keys()];
    this.#asked = new Map(this.#names.map((domain) => [domain, { must: new Set(), may: new Set() }]));
  }

  /** Counts a visit in. */
  expectReplies(visit: Visit): Expectation {
    const isHasty = visit.end === 'close' || visit.end === 'reset';
    const reply = this.#answer(expectOutcome(visit, this.#names), isHasty ? 'may' : 'must');
    const others = expectOutcomesAtAnyPace(visit, this.#names).map((outcome) => this.#answer(outcome, 'may'));
    return { replies: isHasty ? ['', reply] : [reply], atAnotherPace: others };
  }

  /** Returns the new peers of a domain; throws unless they are those that were let in. */
  expectPeers(domain: string, newPeers: readonly string[]): readonly string[] {
    const { must, may } = this.#asked.get(domain) ?? { must: [], may: new Set() };
    for (const key of newPeers) assert.ok(may.has(key), `${key} is a peer of ${domain}, and nobody asked for that`);
    const addressOf = (key: string) => deriveAddress(key, this.#find(domain).settings.variant).address;
    // Of keys that derive the same address the last one has it.
    const held = new Set(newPeers.map(addressOf));
    for (const key of must) assert.ok(held.has(addressOf(key)), `${key} was told OK and is no peer of ${domain}`);
    return newPeers;
  }

  #answer(outcome: Outcome, certainty: 'must' | 'may'): string {
    if ('refused' in outcome) return `ERR: ${outcome.refused}\n`;
    const { domain, key } = outcome;
    const code = this.#find(domain).judge(key);
    if (code !== 'OK') return `ERR: ${code}\n`;
    this.#asked.get(domain)?.may.add(key);
    this.#asked.get(domain)?.[certainty].add(key);
    return 'OK\n';
  }

  #find(domain: string): DomainModel {
    const model = this.#models.get(domain);
    if (model === undefined) throw new Error(`There is no domain ${domain}`);
    return model;
  }
}

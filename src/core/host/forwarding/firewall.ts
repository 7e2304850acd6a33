import * as z from 'zod';
import { parseJsonOf } from '../../values/json.ts';

/** A chain of nftables that decides about forwarded packets, with the texts of its table. */
export interface FirewallChain {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** Whether packets that no rule accepts are dropped. */
  readonly drops: boolean;
  /** Every text in the rules and sets of its table, as interfaces' names are. */
  readonly words: ReadonlySet<string>;
}

const chainSchema = z.looseObject({
  family: z.string(),
  table: z.string(),
  name: z.string(),
  hook: z.string().optional(),
  policy: z.string().optional(),
});
const placeSchema = z.looseObject({ family: z.string(), table: z.string() });
const rulesetSchema = z.looseObject({
  nftables: z.array(
    z.looseObject({
      chain: chainSchema.optional(),
      rule: placeSchema.optional(),
      set: placeSchema.optional(),
      map: placeSchema.optional(),
    }),
  ),
});

/**
 * Parses `nft --json list ruleset`: the chains at the hook `forward`.
 * @throws InputError for any other text.
 */
export function parseFirewall(text: string): FirewallChain[] {
  const { nftables } = parseJsonOf(rulesetSchema, text, 'the rules of nftables');
  const parts = nftables.flatMap(({ rule, set, map }) => rule ?? set ?? map ?? []);
  const chains = nftables.flatMap(({ chain }) => (chain?.hook === 'forward' ? [chain] : []));
  return chains.map(({ family, table, name, policy }) => {
    const ofTable = parts.filter((part) => part.family === family && part.table === table);
    return { family, table, chain: name, drops: policy === 'drop', words: new Set(ofTable.flatMap(listTexts)) };
  });
}

export function findDroppingChains(chains: readonly FirewallChain[]): FirewallChain[] {
  return chains.filter(({ drops }) => drops);
}

/** Whether a rule or set has the interface, itself or by the beginning of its name (`wg*`), or one of the networks. */
export function mentions({ words }: FirewallChain, name: string, networks: readonly string[]): boolean {
  const isName = (word: string) => word === name || (word.endsWith('*') && name.startsWith(word.slice(0, -1)));
  return [...words].some(isName) || networks.some((network) => words.has(network.replace(/\/.*$/, '')));
}

function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(listTexts) : [];
}

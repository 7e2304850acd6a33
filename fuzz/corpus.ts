import { readFileSync } from 'node:fs';
import { parse, stringify } from 'smol-toml';
import type { History } from './arbitraries/histories.ts';
import type { Visit } from './model/wire.ts';

/** A visit with a name for people and, if that is the point, the reply that the contract requires. */
export interface NamedVisit extends Visit {
  readonly name: string;
  readonly reply?: string;
}

export interface NamedStream {
  readonly name: string;
  readonly chunks: readonly string[];
  /** Whether each chunk waits for the replies to the one before; true by default. */
  readonly inStep?: boolean;
}

export interface NamedText {
  readonly name: string;
  /** The name of its reader. */
  readonly reader: string;
  readonly text: string;
}

export const readVisits = () => readEntries<NamedVisit>('visits');
export const readStreams = () => readEntries<NamedStream>('streams');
export const readHistories = () => readEntries<History & { readonly name: string }>('histories');
export const readTexts = () => readEntries<NamedText>('texts');

/** The entries as text for the corpus. */
export function printEntries(kind: string, entries: readonly object[]): string {
  return stringify({ [kind]: entries });
}

/** All bytes that a visit sends. */
export function joinBytes({ send }: Visit): string {
  return send.filter((step) => typeof step === 'string').join('');
}

function readEntries<Entry>(kind: string): readonly Entry[] {
  const text = readFileSync(new URL(`corpus/${kind}.toml`, import.meta.url), 'utf8');
  return parse(text)[kind] as unknown as Entry[];
}

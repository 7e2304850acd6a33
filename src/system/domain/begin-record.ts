import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Config, DomainConfig } from '../../config/config.ts';
import { beginRecord, findAdoptable, type Memory, takeOver } from '../../core/decisions/begin-record.ts';
import type { KeyLists } from '../../core/exchange/key-lists.ts';
import { remember } from '../../core/peers/handshakes.ts';
import { PeerRecord, UNRECORDED } from '../../core/peers/record.ts';
import { describeError, InputError } from '../../core/values/errors.ts';
import type { Peer } from '../../core/values/peer.ts';
import type { Moment } from '../../core/values/time.ts';
import type { Events } from '../../log/events.ts';
import type { DomainStore } from '../store/domain-store.ts';
import { readBootId } from './moment.ts';

interface Beginning {
  readonly memory: Memory;
  readonly peers: readonly Peer[];
  readonly lists: KeyLists;
  readonly now: Moment;
}

interface Circumstances {
  readonly domain: DomainConfig;
  readonly log: Events;
  /** Whether a version without a record left a note. */
  readonly isUpgraded: boolean;
  readonly dryRun?: boolean;
}

/**
 * The record of a domain: the existing one or, if that is missing, damaged or from another boot, a new one that begins
 * with what is remembered.
 * @throws Error if there is one that cannot be read.
 */
export function openRecord(
  { record: file }: DomainStore,
  beginning: Beginning,
  { domain, log, isUpgraded, dryRun = false }: Circumstances,
): { readonly record: PeerRecord; readonly isNew: boolean } {
  const boot = readBootId();
  const found = readWhole(file.read.bind(file));
  if (found instanceof PeerRecord && found.boot === boot) return { record: found, isNew: false };
  const { memory, peers, lists, now } = beginning;
  const record = beginRecord(boot, memory, peers, lists, now);
  // A version that kept no record has not lost it.
  const isMissing = found === undefined && memory.interfaces.startsWith(boot) && !isUpgraded;
  const isLost = found instanceof InputError || isMissing;
  if (!isLost) return { record, isNew: true };
  const aside = found instanceof InputError && !dryRun ? file.setAside() : undefined;
  const previous = file.readPrevious();
  if (previous?.boot === boot) takeOver(previous, record, lists);
  const reason = found instanceof InputError ? describeError(found) : `${file.path} is gone`;
  log.report('record lost', { domain: domain.name, keys: record.registrations.size, ...(aside && { aside }), reason });
  return { record, isNew: true };
}

/** Returns damage as a value, as it is not fatal. */
function readWhole(read: () => PeerRecord | undefined): PeerRecord | InputError | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
}

/**
 * Adopts the peers of this domain: a version without a record left a note that they are its own. Returns the lines for
 * the record; once they are in it, call {@link dropAdoptionNote}.
 */
export function adoptAfterUpgrade(
  record: PeerRecord,
  { peers, lists, now }: Beginning,
  { plan }: DomainStore,
): string[] {
  const ownership = { registrations: record.registrations, staticKeys: lists.static, plan };
  return findAdoptable(peers, ownership, lists).map(({ key, lastHandshake }) => {
    const heard = lastHandshake === 'never' ? undefined : remember(lastHandshake, now);
    return record.set(key, { ...UNRECORDED, heard });
  });
}

export function hasAdoptionNote(domain: DomainConfig, config: Config): boolean {
  return existsSync(findNote(domain, config));
}

export function dropAdoptionNote(domain: DomainConfig, config: Config): void {
  rmSync(findNote(domain, config), { force: true });
}

function findNote({ name }: DomainConfig, { runtime_directory }: Config): string {
  return join(runtime_directory, `${name}.adopt`);
}

import type { Config, DomainConfig } from '../../config/config.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { beginRecord, type Memory } from '../../core/decisions/begin-record.ts';
import type { DumpReader } from '../../core/kernel/wg-dump.ts';
import { NO_CLAIMS } from '../../core/peers/claims.ts';
import { readWireguard } from '../kernel/wg.ts';
import type { DomainStore } from '../store/domain-store.ts';
import { findRecordFault } from '../store/record-fault.ts';
import { EMPTY_STATE } from '../store/state.ts';
import { buildView } from './build-view.ts';
import { readBootId, readMoment } from './moment.ts';

/**
 * Reads a domain without its lock, so that no router waits for a reader: a change may be half visible. Files that
 * cannot be read count as empty; the processes that hold the lock log why.
 */
export async function readUnlocked(
  domain: DomainConfig,
  config: Config,
  files: DomainStore,
  dumps?: DumpReader,
): Promise<DomainView> {
  const reading = await readWireguard(domain, dumps);
  const lists = files.lists.read();
  const claims = orElse(NO_CLAIMS, () => files.readClaimTable());
  const memory: Memory = { ...orElse(EMPTY_STATE, () => files.state.read()), claims: claims.claims };
  const boot = readBootId();
  const found = orElse(undefined, () => files.record.read());
  // Read after the record: a time in the record that lies in the future would count as long ago.
  const now = readMoment();
  const record = found?.boot === boot ? found : beginRecord(boot, memory, reading.peers, lists, now);
  return buildView(
    { reading, record, lists, claims, now, unrecordable: findRecordFault(files.record) },
    domain,
    config,
    files,
  );
}

function orElse<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}

import type { DomainView } from '../../core/decisions/admission.ts';
import type { Proofs } from '../../core/peers/claims.ts';
import { hadHandshakeWithin, LIVE_SECONDS } from '../../core/peers/handshakes.ts';
import { addToHistory, countJoined, type History } from '../../core/peers/history.ts';
import { describeError, InputError } from '../../core/values/errors.ts';
import type { UnixSeconds } from '../../core/values/time.ts';
import { HistoryFile } from '../../system/store/history-file.ts';
import type { Pass } from './pass.ts';

/** What the record knows about handshakes. */
export function findProofs({ record, peers }: DomainView): Proofs {
  const heard = [...record.registrations].flatMap(([key, one]) => (one.heard ? [[key, one.heard.at] as const] : []));
  return { heard: new Map(heard), isPeer: (key) => peers.ours.has(key) };
}

/** Adds this pass to the history of the public page. Never throws: the page is not worth a pass. */
export function keepHistory(view: DomainView, proofs: Proofs, lastPass: UnixSeconds, pass: Pass): void {
  const { domain, config, log } = pass;
  const { peers, claims, staleAfterSeconds } = view;
  const ours = [...peers.ours.values()];
  const aliveSeconds = Math.min(LIVE_SECONDS, staleAfterSeconds);
  const alive = ours.filter(({ heard }) => hadHandshakeWithin(heard, aliveSeconds, peers.now)).length;
  const joined = countJoined(proofs, claims.claims, lastPass - staleAfterSeconds);
  const file = new HistoryFile(config.state_directory, domain.name);
  try {
    file.write(addToHistory(readOrBegin(file, pass), { alive, joined }, peers.now.unix));
  } catch (error) {
    log.report('history not kept', { domain: domain.name, reason: describeError(error) });
  }
}

/** A damaged file begins again; one that cannot be read stays as it is. */
function readOrBegin(file: HistoryFile, { domain, log }: Pass): History {
  try {
    return file.read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    log.report('history not kept', { domain: domain.name, reason: `${error.message}; it begins again` });
    return [];
  }
}

import type { LeasedConfig } from '../../../config/config.ts';
import { formatCredentials } from '../../../core/leases/credentials.ts';
import { parseLabel } from '../../../core/leases/label.ts';
import { type Lease, UNBOUND } from '../../../core/leases/lease.ts';
import { parseEmailAddress } from '../../../core/mail/address.ts';
import { makeTrustedDirectory } from '../../../system/files/trust.ts';
import { Mails } from '../../../system/members/mails.ts';
import type { EditOptions } from '../../editing/editing.ts';
import { beginLeasing, type Leasing, readLeasedDomain } from '../../leases/leasing.ts';
import { withLocks } from '../../leases/locks.ts';
import { publish } from '../../leases/publish.ts';
import { findEnd, readTerm, type TermOptions } from '../../leases/term.ts';
import { makeLeaseId, makeToken } from '../../leases/tickets.ts';
import { type Call, readWord } from '../../terminal/call.ts';
import { complain, printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeGrant, type Grant, renderForeseen } from './grant-text.ts';

interface Options extends EditOptions, TermOptions {
  readonly email?: string;
  readonly note?: string;
  readonly order?: string;
}

/** `wgkex lease grant DOMAIN`: make a lease, and print what its member needs to take it. */
export async function run({ args: [name = ''], options }: Call<Options>): Promise<boolean> {
  const email = options.email === undefined ? undefined : readWord(parseEmailAddress, options.email);
  const note = readLabel(options.note, 'a note');
  const orderId = readLabel(options.order, 'an order');
  const leasing = beginLeasing(options);
  const { config, dryRun, log, now } = leasing;
  const term = readTerm(options, now);
  const domain = readLeasedDomain(name, config, options);
  const wanted = { email, note, orderId, expires: term && findEnd(term, now) };
  const grant = dryRun ? await foresee(domain, wanted, leasing) : await make(domain, wanted, leasing);
  if (email !== undefined && config.mail === undefined)
    complain(`No mail is sent to ${email}: there is no [mail] in ${options.config}`);
  if (!dryRun) await log.write();
  if (options.json) printJson(describeGrant(grant));
  else if (dryRun) printLines(renderForeseen(grant, findTerminal()));
  else printTicket(grant);
  return true;
}

/** Alone on standard output, for a script. */
function printTicket({ lease: { id }, domain, token }: Grant): void {
  if (id !== undefined && token !== undefined) printLines([formatCredentials(id, token)]);
  else complain(`${domain.name}: lease ${id} is bound already, and keeps its token`);
}

type Wanted = Pick<Lease, 'email' | 'note' | 'orderId' | 'expires'>;

/** The same order again gets a new token, until its lease is bound. */
async function make(domain: LeasedConfig, wanted: Wanted, leasing: Leasing): Promise<Grant> {
  const { config, table, log, now } = leasing;
  const { token, secret } = makeToken();
  const mails = new Mails(domain, config);
  const lease = { ...UNBOUND, ...wanted, id: makeLeaseId(), secret, domain: domain.name, created: now };
  makeTrustedDirectory(config.state_directory);
  return withLocks([domain.name], leasing, async () => {
    const letter = mails.prepareGrant(lease, token);
    const { lease: granted, isNew } = await table.grant(lease);
    const { id } = granted;
    if (isNew) {
      publish(letter);
      log.report('lease granted', { domain: domain.name, lease: id, by: 'operator' });
      return { lease: granted, domain, token };
    }
    letter.discard();
    requireSame(granted, domain);
    const another = mails.prepareGrant(granted, token);
    const isRenewed = await table.rotate(id, secret, { isOnlyUnbound: true });
    if (isRenewed) publish(another);
    else another.discard();
    if (!isRenewed) return { lease: granted, domain };
    log.report('lease changed', { domain: domain.name, lease: id, what: 'rotated', by: 'operator' });
    return { lease: granted, domain, token };
  });
}

async function foresee(domain: LeasedConfig, wanted: Wanted, { table }: Leasing): Promise<Grant> {
  const { orderId, expires } = wanted;
  const known = orderId === undefined ? undefined : (await table.list()).find((lease) => lease.orderId === orderId);
  if (known === undefined) return { lease: { id: undefined, expires, key: undefined }, domain };
  requireSame(known, domain);
  return { lease: known, domain };
}

/** @throws Error if the lease that an order has is not the one that was asked for. */
function requireSame({ id, domain: other, ended, orderId = '' }: Lease, domain: LeasedConfig): void {
  if (other !== domain.name) throw new Error(`Cannot grant order ${orderId}: it has lease ${id} in domain ${other}`);
  if (ended === undefined) return;
  throw new Error(
    `Cannot grant order ${orderId}: its lease ${id} has ended; bring it back with: wgkex lease extend ${id}`,
  );
}

function readLabel(text: string | undefined, what: string): string | undefined {
  return text === undefined ? undefined : readWord((label) => parseLabel(label, what), text);
}

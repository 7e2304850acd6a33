import type { Config, LeasedConfig } from '../../config/config.ts';
import { listEffects } from '../../core/changes/effects.ts';
import { type Change, planChanges } from '../../core/changes/plan.ts';
import type { DomainView } from '../../core/decisions/admission.ts';
import { decideMember, judgeKey, judgeProof } from '../../core/decisions/member-admission.ts';
import type { ErrorCode, Exchange, ReplyCode } from '../../core/exchange/exchange.ts';
import type { Lease, LeasedAddresses } from '../../core/leases/lease.ts';
import { findRouter } from '../../core/leases/leased-plan.ts';
import { parseThirdLine, type ThirdLine } from '../../core/leases/third-line.ts';
import type { Router } from '../../core/peers/address-plan.ts';
import type { Granted, LeaseExchange } from '../../core/privsep/requests.ts';
import { describeError } from '../../core/values/errors.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import type { FieldsOf } from '../../log/events.ts';
import type { Attention } from '../../log/flood-guard.ts';
import { applyChanges } from '../../system/domain/apply-changes.ts';
import { logEffects } from '../../system/domain/change-log.ts';
import { DomainSession } from '../../system/domain/domain-session.ts';
import type { ReplacedDirectoryError } from '../../system/files/runtime-directory.ts';
import type { Failures } from '../../system/kernel/bisect.ts';
import type { LeaseTable } from '../../system/leases/lease-table.ts';
import { findTable } from '../../system/members/find-table.ts';
import { settleMembers } from '../../system/members/settle.ts';
import { ActivityRecord } from '../service/activity-record.ts';
import { DomainQueue } from '../service/domain-queue.ts';
import type { DomainService, Listener } from '../service/domain-service.ts';
import { LeaseBinding } from './binding.ts';
import { buildGrant } from './grant.ts';

interface Waiting {
  readonly request: LeaseExchange;
  readonly line: ThirdLine;
  readonly answer: (granted: Granted) => void;
}

/** A member whose lease is bound to its key. */
interface Member extends Exchange {
  readonly waiting: Waiting;
  readonly lease: Lease;
  readonly addresses: LeasedAddresses;
  readonly router: Router;
}

/** Serves the members of a domain that has leases: the table decides who is one, and which addresses it has. */
export class LeaseBatches implements DomainService {
  readonly #domain: LeasedConfig;
  readonly #log: Attention;
  readonly #tell: Listener;
  readonly #session: DomainSession;
  readonly #table: LeaseTable;
  readonly #activity: ActivityRecord;
  readonly #queue: DomainQueue<Waiting>;
  /** Bound leases that had no peer after the last settling, such as those of blocked keys. */
  #unserved = 0;

  constructor(domain: LeasedConfig, config: Config, log: Attention, tell: Listener) {
    this.#domain = domain;
    this.#log = log;
    this.#tell = tell;
    this.#session = new DomainSession(domain, config, log);
    this.#table = findTable(config);
    this.#activity = new ActivityRecord(config, domain.name, log);
    const onReplaced = (error: ReplacedDirectoryError) => tell.onReplaced(error);
    this.#queue = new DomainQueue(
      { domain, session: this.#session, log, onReplaced },
      {
        serve: (batch) => this.#serveBatch(batch),
        fail: (batch, error) => this.#failBatch(batch, error),
        repair: async () => this.#settle(await this.#session.open()),
        leave: () => this.#session.remember(),
      },
    );
  }

  /** Without a proof nobody is admitted. */
  async serve(): Promise<ReplyCode> {
    return 'NO_TOKEN';
  }

  serveLease(request: LeaseExchange): Promise<Granted> {
    const line = parseThirdLine(request.proof);
    if (line === undefined) return Promise.resolve({ code: 'NO_TOKEN' });
    const { name, names } = this.#domain;
    if (![name, ...names].includes(request.name)) return Promise.resolve({ code: 'INVALID_DOMAIN' });
    return new Promise((answer) => this.#queue.add({ request, line, answer }));
  }

  /** A member gets everything with its reply. */
  async describeInterface(): Promise<null> {
    return null;
  }

  lookAtInterfaces(): void {
    this.#queue.lookAtInterfaces();
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
    this.#activity.save();
  }

  async #serveBatch(batch: readonly Waiting[]): Promise<void> {
    this.#tell.onBatch(batch.length);
    const view = await this.#session.open();
    const { name: domain, wireguard } = this.#domain;
    const { ownKey } = view;
    if (ownKey === undefined) throw new Error(`Cannot serve domain ${domain}: ${wireguard} has no private key`);
    const { leases, bound } = await this.#table.findForExchange([...new Set(batch.map(({ line }) => line.id))], domain);
    await this.#settleLost(bound, view);
    const members = await this.#bind(batch, new Map(leases.map((lease) => [lease.id, lease])), view);
    const admission = { findRouter: ({ router }: Member) => router, decide: decideMember };
    const { changes, lines } = planChanges(members, view, admission);
    // The table, not the record, says whose peers they are.
    this.#session.write(lines, view);
    const { failures, leftOver } = await applyChanges(this.#domain, changes);
    this.#session.memory.forgetMarks(members.map(({ key }) => key));
    for (const change of changes) this.#report(change, failures, ownKey);
    if (leftOver !== undefined) this.#log.report('left to the cleanup', { domain, reason: describeError(leftOver) });
  }

  /** `wg syncconf` silently drops peers. What settling did not change is no reason to settle for every stranger. */
  async #settleLost(bound: number, view: DomainView): Promise<void> {
    if (bound - view.peers.ours.size > this.#unserved) await this.#settle(view);
    this.#unserved = Math.max(0, bound - view.peers.ours.size);
  }

  async #settle(view: DomainView): Promise<void> {
    await settleMembers(view, { domain: this.#domain, session: this.#session, table: this.#table, log: this.#log });
  }

  /** Refuses those without a right proof; binds leases that wait for a key, in the table before their peers are added. */
  async #bind(batch: readonly Waiting[], leases: ReadonlyMap<string, Lease>, view: DomainView): Promise<Member[]> {
    const binding = new LeaseBinding(this.#domain, this.#table, view);
    const members: Member[] = [];
    for (const waiting of batch) {
      const lease = leases.get(waiting.line.id);
      const found = this.#judge(waiting, lease, view) ?? (await findMember(waiting, lease, binding));
      if (typeof found === 'string') this.#refuse(waiting, found, lease);
      else members.push(found);
    }
    const unbound = await binding.write();
    for (const { waiting, lease } of members) if (unbound.has(lease.id)) this.#refuse(waiting, 'FAILED', lease);
    return members.filter(({ lease }) => !unbound.has(lease.id));
  }

  #judge({ request, line }: Waiting, lease: Lease | undefined, view: DomainView): ErrorCode | undefined {
    return judgeProof(lease, { ...request, line }, view.peers.now.unix) ?? judgeKey(request.key, view, lease);
  }

  /** The log names a lease only to somebody who has its token. */
  #refuse({ request: { domain, key, from }, answer }: Waiting, code: ErrorCode, lease: Lease | undefined): void {
    const known = code === 'INVALID_TOKEN' ? undefined : lease?.id;
    answer({ code });
    this.#log.report('refused', { domain, key, lease: known, from, code }, { by: ['domain', 'from', 'code'] });
    this.#activity.note('refused');
  }

  #report(change: Change<Member>, failures: Failures<Change<Member>>, ownKey: PublicKey): void {
    const { router, exchanges } = change;
    const { name: domain } = this.#domain;
    const [{ from, lease } = { from: undefined, lease: undefined }] = exchanges;
    if (failures.has(change)) {
      const reason = describeError(failures.get(change));
      this.#fail({ domain, address: router.address, key: router.key, from, reason }, exchanges.length);
    } else {
      this.#activity.note('joined', exchanges.length);
      const who = { from, lease: lease?.id };
      logEffects(listEffects(change, this.#domain), { domain, log: this.#log, who });
    }
    for (const member of exchanges)
      member.waiting.answer(failures.has(change) ? { code: 'FAILED' } : this.#grant(member, ownKey));
  }

  #grant({ waiting, lease, addresses }: Member, ownKey: PublicKey): Granted {
    const { request, line } = waiting;
    const grant = buildGrant(
      { lease, addresses, ownKey, claim: { key: request.key, nonce: line.nonce } },
      this.#domain,
    );
    return { code: 'OK', grant };
  }

  #failBatch(batch: readonly Waiting[], error: unknown): void {
    const fields = { domain: this.#domain.name, exchanges: batch.length, reason: describeError(error) };
    this.#fail(fields, batch.length);
    for (const { answer } of batch) answer({ code: 'FAILED' });
  }

  #fail(fields: FieldsOf<'failed'>, exchanges: number): void {
    this.#log.report('failed', fields, { by: ['domain', 'reason'], times: exchanges });
    this.#activity.note('failed', exchanges);
  }
}

async function findMember(
  waiting: Waiting,
  lease: Lease | undefined,
  binding: LeaseBinding,
): Promise<Member | ErrorCode> {
  const { domain, key, from } = waiting.request;
  if (lease === undefined) return 'INVALID_TOKEN';
  const addresses = lease.key === undefined ? await binding.plan({ lease, key }) : lease;
  if (typeof addresses === 'string') return addresses;
  const router = findRouter(key, addresses);
  return router === undefined ? 'FAILED' : { domain, key, ...(from && { from }), waiting, lease, addresses, router };
}

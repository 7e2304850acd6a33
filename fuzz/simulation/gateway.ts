import { listEffects } from '../../src/core/changes/effects.ts';
import { buildEntryLines, buildPeerWords } from '../../src/core/changes/kernel-lines.ts';
import { type Plan, planChanges } from '../../src/core/changes/plan.ts';
import { findGone } from '../../src/core/changes/revival.ts';
import type { DomainView } from '../../src/core/decisions/admission.ts';
import { Room } from '../../src/core/decisions/room.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { EntryKind } from '../../src/core/kernel/fdb.ts';
import { parseDump } from '../../src/core/kernel/wg-dump.ts';
import { DerivedPlan } from '../../src/core/peers/address-plan.ts';
import { ClaimTable } from '../../src/core/peers/claims.ts';
import { noteHandshake } from '../../src/core/peers/handshakes.ts';
import { PeerTable } from '../../src/core/peers/peer-table.ts';
import { PeerRecord } from '../../src/core/peers/record.ts';
import type { IpAddress } from '../../src/core/values/ip-address.ts';
import type { PublicKey } from '../../src/core/values/public-key.ts';
import type { Moment } from '../../src/core/values/time.ts';
import { BROADCAST } from '../arbitraries/histories.ts';
import type { DomainModel } from '../model/domain.ts';
import type { SimulatedKernel } from './kernel.ts';

const DOMAIN = 'ffww01' as Exchange['domain'];
const SETTINGS = { wireguard: 'wg', vxlan: 'vx', fdb: ['flood', 'unicast'] as EntryKind[], route: false };

/** A request to the core. */
export interface Ask {
  readonly key: string;
  readonly from: string | undefined;
}

/** wgkex's core on a simulated kernel, with a text as its record: each batch reads it as the one before wrote it. */
export class SimulatedGateway {
  readonly kernel: SimulatedKernel;
  readonly #plan: DerivedPlan;
  recordText = 'wgkex-record 1 boot\non interfaces\n';

  constructor(kernel: SimulatedKernel, variant: DomainModel['settings']['variant']) {
    this.kernel = kernel;
    this.#plan = new DerivedPlan(variant);
  }

  /** A reading like that of `system/domain-session`; the operator's settings come from the model. */
  read(model: DomainModel): DomainView {
    const reading = parseDump(this.kernel.dump(model.settings.ownKey));
    const now: Moment = { unix: model.unix, monotonic: model.monotonic };
    const record = PeerRecord.parse(this.recordText);
    for (const peer of reading.peers) {
      const known = record.registrations.get(peer.key);
      const noted = known && noteHandshake(peer, known, now);
      if (noted !== undefined) this.#write([record.set(peer.key, noted)]);
    }
    const statics = model.statics as ReadonlySet<string> as ReadonlySet<PublicKey>;
    for (const key of statics) if (record.registrations.has(key)) this.#write([record.drop(key)]);
    const view = this.#buildView(reading.peers, record, now, model);
    for (const key of findGone(view))
      if (record.registrations.get(key)?.heard === undefined) this.#write([record.drop(key)]);
    return view;
  }

  plan(asks: readonly Ask[], view: DomainView): Plan<Exchange> {
    const exchanges = asks.map(({ key, from }): Exchange => {
      const wanted = { domain: DOMAIN, key: key as PublicKey };
      return from === BROADCAST ? { ...wanted, broadcast: true } : { ...wanted, from: from as IpAddress };
    });
    return planChanges(exchanges, view);
  }

  /** In the order of the product; only the first `most` steps if it is killed after those. */
  carryOut({ lines, changes }: Plan<Exchange>, most = Number.POSITIVE_INFINITY): void {
    const text = lines.map((line) => `${line}\n`).join('');
    this.recordText = repair(this.recordText) + text.slice(0, most);
    if (most < text.length) return;
    const effects = changes.map((change) => listEffects(change, SETTINGS as never));
    const words = effects.map(buildPeerWords);
    for (const some of words.slice(0, most - text.length)) this.kernel.set(some);
    if (most - text.length < words.length) return;
    for (const line of buildEntryLines(effects.flat(), SETTINGS as never)) this.kernel.bridge(line);
  }

  #write(lines: readonly string[]): void {
    this.recordText = `${repair(this.recordText)}${lines.join('\n')}\n`;
  }

  #buildView(
    peers: Iterable<ReturnType<typeof parseDump>['peers'][number]>,
    record: PeerRecord,
    now: Moment,
    model: DomainModel,
  ): DomainView {
    const { settings, statics, disallowed, allowed, claims } = model;
    const { maxPeers, maxPending, staleAfterSeconds, ownKey, ownAddress } = settings;
    const staticKeys = statics as Set<string> as Set<PublicKey>;
    const ownership = { registrations: record.registrations, staticKeys, plan: this.#plan };
    const table = new PeerTable(peers, { ...ownership, staleAfterSeconds }, now);
    const problems = model.isListBroken ? ['a list cannot be read'] : [];
    return {
      peers: table,
      record,
      room: new Room(table, { maxPeers, maxPending }),
      claims: new ClaimTable(claims as never, (key) => table.describe(key).address),
      lists: {
        disallowed: disallowed as never,
        static: staticKeys,
        allowed: allowed as never,
        problems,
        doubts: problems,
        complaints: [],
      },
      ownKey: ownKey as PublicKey,
      ownAddresses: new Set([ownAddress]),
      maxPeers,
      maxPending,
      staleAfterSeconds,
      unrecordable: model.isRecordBroken ? 'the record cannot be written' : undefined,
    };
  }
}

/** Drops the partial line of a killed process before the next line is written. */
function repair(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1);
}

import assert from 'node:assert/strict';
import type { DomainView } from '../../src/core/decisions/admission.ts';
import { PeerRecord } from '../../src/core/peers/record.ts';
import { ASKERS, type History, KEYS, SOURCES, type Step } from '../arbitraries/histories.ts';
import { makeKey } from '../keys.ts';
import { DomainModel, type Hold } from '../model/domain.ts';
import { deriveAddress } from '../model/key.ts';
import { type Ask, SimulatedGateway } from './gateway.ts';
import { SimulatedKernel } from './kernel.ts';
import { doOperators } from './operator.ts';

const OWN_KEY = makeKey("the gateway's own");
const START = { unix: 1_700_000_000, monotonic: 100_000 };
const FLOOD_MAC = '00:00:00:00:00:00';

/** A domain from its start, in the model and in the product. */
export interface Stage {
  readonly model: DomainModel;
  readonly gateway: SimulatedGateway;
}

/** Throws if the product and the model disagree. */
export function play({ steps, ...limits }: History): void {
  const ownAddress = deriveAddress(KEYS.at(-1) ?? '', limits.variant).address;
  const model = new DomainModel({ ...limits, ownKey: OWN_KEY, ownAddress }, START);
  const gateway = new SimulatedGateway(new SimulatedKernel(), limits.variant);
  for (const step of steps) take(step, { model, gateway });
}

function take(step: Step, stage: Stage): void {
  const { model, gateway } = stage;
  switch (step.does) {
    case 'ask':
      ask(step, stage);
      return;
    case 'wait':
      model.unix += step.seconds;
      model.monotonic += step.seconds;
      return;
    case 'set the clock':
      model.unix += step.seconds;
      return;
    case 'connect':
      gateway.kernel.change(KEYS[step.key] ?? '', { handshake: Math.floor(model.unix), endpoint: SOURCES[step.from] });
      return;
    case 'break the lists':
      model.isListBroken = !model.isListBroken;
      return;
    case 'break the record':
      model.isRecordBroken = !model.isRecordBroken;
      return;
    default:
      doOperators(step.does, KEYS[step.key] ?? '', stage);
  }
}

function ask({ asks, killedAfter }: Extract<Step, { does: 'ask' }>, stage: Stage): void {
  const { model, gateway } = stage;
  const before = new Map(gateway.kernel.peers);
  copyPeers(stage);
  const single = gateway.read(model);
  const view = gateway.read(model);
  model.read();
  const all = asks.map(([key, from]): Ask => ({ key: KEYS[key] ?? '', from: ASKERS[from] }));
  const plan = gateway.plan(all, view);
  const isOperators = new Map([...before.keys()].map((key) => [key, !model.isOurs(key)]));
  const admitted = all.filter((one) => judge(one, single, stage)).map(({ key }) => key);
  gateway.carryOut(plan, killedAfter);
  for (const [key, peer] of before)
    if (isOperators.get(key))
      assert.deepEqual(gateway.kernel.peers.get(key), peer, `the operator's ${key} was changed`);
  if (killedAfter === undefined) requireSame(admitted, stage);
  else requireRecorded(before, stage);
}

/** Judges one request on the state that the previous one left: the model follows the product where it has a choice. */
function judge(one: Ask, view: DomainView, { model, gateway }: Stage): boolean {
  const judgement = model.judge(one.key, one.from);
  const { refused, changes } = gateway.plan([one], view);
  const [change] = changes;
  const text = `${JSON.stringify(one)}, which may be ${JSON.stringify(judgement)}`;
  assert.equal(refused[0]?.code ?? 'OK', judgement.reply, text);
  if (judgement.reply !== 'OK') return false;
  const evicted = (change?.evicted ?? []).map(({ key }) => String(key));
  const evictable = judgement.does === 'keep' ? [] : judgement.evictable;
  assert.equal(change?.kind, judgement.does, text);
  assert.ok(evicted.length === Math.min(1, evictable.length), `${text}: evicted ${evicted}`);
  for (const key of evicted) assert.ok(evictable.includes(key), `${text}: evicted ${key}`);
  model.follow(one.key, one.from, judgement.does, evicted[0]);
  return true;
}

/** Copies the changes of the operator and of time from the kernel to the model. */
function copyPeers({ model, gateway }: Stage): void {
  model.peers.clear();
  for (const [key, peer] of gateway.kernel.peers) model.peers.set(key, peer);
}

/** The kernel must match the decisions, and every key that got OK and has not been evicted must be reachable. */
function requireSame(admitted: readonly string[], { model, gateway: { kernel, recordText } }: Stage): void {
  const sort = (peers: ReadonlyMap<string, unknown>) => [...peers].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual(sort(kernel.peers), sort(model.peers));
  const { registrations } = PeerRecord.parse(recordText);
  for (const key of model.record.keys()) assert.ok(registrations.has(key as never), `${key} is not recorded`);
  // A live session that is kept may have the address of another derivation, or none if the operator took it away.
  for (const key of admitted.filter((one) => model.peers.get(one)?.networks.length))
    assert.ok(
      kernel.entries.has(`${FLOOD_MAC} ${model.heldBy(key) ?? model.addressOf(key)} wg`),
      `${key} has no entry`,
    );
}

/** After a kill, every new peer must be in the record; the model continues with the present state. */
function requireRecorded(before: ReadonlyMap<string, unknown>, { model, gateway }: Stage): void {
  const { registrations } = PeerRecord.parse(gateway.recordText);
  for (const key of gateway.kernel.peers.keys())
    assert.ok(before.has(key) || registrations.has(key as never), `${key} was added and is not recorded`);
  model.adopt(registrations, readHolds(gateway.recordText));
}

function readHolds(text: string): Hold[] {
  return [...text.matchAll(/^hold (\S+) ([^ /]+)\S* (\S+)\n/gm)].map(([, address = '', from, at]) => {
    return { address, from: from === '-' ? undefined : from, at: Number(at) };
  });
}

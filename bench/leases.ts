// Measures a domain with leases in turns with one of the mesh alongside it, and then passes, reads and memory with many
// leases. Usage: npm run bench:leases
import assert from 'node:assert/strict';
import { exchange, makeKey } from '../lab/client.ts';
import { inParallel } from '../lab/crowd.ts';
import { Gateway } from '../lab/gateway.ts';
import { type Claim, claim, grantMany, leased, MEMBERS, openTable } from '../lab/leases.ts';
import type { IpAddress } from '../src/core/values/ip-address.ts';
import type { DomainName } from '../src/core/values/names.ts';
import type { PublicKey } from '../src/core/values/public-key.ts';
import { readMemory } from './processes.ts';
import { findMedian } from './statistics.ts';

const NUMBER = 71;
const MESH = 'ffww01';
const ROUNDS = 3;
const CLIENTS = 64;
const EXCHANGES = 1000;
const LEASES = 10_000;
const PASSES = 5;
const READS = 20;
const BATCH = 256;

const gateway = await Gateway.create(NUMBER, [{ name: MESH }, leased(NUMBER, { index: 1, pool: ['10.66.0.0/16'] })]);
await gateway.configure({ limits: { exempt: [`10.${NUMBER}.0.0/16`], connections_per_source: 1000 } });
const table = await openTable(gateway);
try {
  await gateway.start();
  await measureExchanges();
  await measureMany();
} finally {
  await gateway.close();
}

async function measureExchanges(): Promise<void> {
  const rates = new Map<string, number[]>();
  const note = async (name: string, ask: (index: number) => Promise<string>, expected: RegExp) => {
    const start = performance.now();
    const replies = await inParallel(EXCHANGES, CLIENTS, ask);
    rates.set(name, [...(rates.get(name) ?? []), (EXCHANGES * 1000) / (performance.now() - start)]);
    const wrong = replies.filter((reply) => !expected.test(reply));
    assert.deepEqual(wrong, []);
  };
  for (let round = 0; round < ROUNDS; round++) {
    const keys = Array.from({ length: EXCHANGES }, makeKey);
    const members = (await grantMany(gateway, EXCHANGES)).map((ticket): Claim => ({ ticket, key: makeKey() }));
    const askMesh = (index: number) => exchange(gateway.address, MESH, keys[index] ?? '');
    const askMembers = async (index: number) => (await claim(gateway, members[index] as Claim)).code;
    for (const kind of ['new', 'known']) {
      await note(`mesh, ${kind} keys`, askMesh, /^OK\n$/);
      await note(`leases, ${kind} keys`, askMembers, /^OK$/);
    }
  }
  console.log(`exchanges a second, ${CLIENTS} clients at a time, median of ${ROUNDS} runs in turns`);
  for (const [name, all] of rates) console.log(`${name.padEnd(18)} ${findMedian(all).toFixed(0)}`);
}

async function measureMany(): Promise<void> {
  const idle = await readHandlerMegabytes();
  const present = (await table.list()).length;
  const tickets = await grantMany(gateway, LEASES - present);
  const bindings = tickets.map(({ id }, index) => ({
    id,
    key: makeKey() as PublicKey,
    address4: `10.66.${128 + Math.floor(index / 250)}.${1 + (index % 250)}` as IpAddress,
    address6: undefined,
    now: Math.floor(Date.now() / 1000),
  }));
  assert.ok((await table.bind(bindings)).every(Boolean));
  console.log(`\n${LEASES} leases`);
  console.log(`the pass that adds ${bindings.length} peers  ${(await timePass()).toFixed(2)} s`);
  const passes = await repeat(PASSES, timePass);
  console.log(`a pass with nothing to do      ${findMedian(passes).toFixed(2)} s`);
  const ids = tickets.map(({ id }) => id);
  for (const count of [1, BATCH]) {
    const times = await repeat(READS, () =>
      time(() => table.findForExchange(ids.slice(0, count), MEMBERS as DomainName)),
    );
    console.log(`reading ${count} for an exchange`.padEnd(30), `${(findMedian(times) * 1000).toFixed(1)} ms`);
  }
  const claims = bindings.slice(0, EXCHANGES).map(({ key }, index) => ({ ticket: tickets[index], key }) as Claim);
  const seconds = await time(() => inParallel(EXCHANGES, CLIENTS, (index) => claim(gateway, claims[index] as Claim)));
  console.log('known keys'.padEnd(30), `${(EXCHANGES / seconds).toFixed(0)} exchanges a second`);
  const now = await readHandlerMegabytes();
  console.log('memory of the handler'.padEnd(30), `${now.toFixed(0)} MB (before ${idle.toFixed(0)} MB)`);
}

async function timePass(): Promise<number> {
  return time(async () => {
    const { exitCode, stderr } = await gateway.cleanUp(MEMBERS);
    assert.equal(exitCode, 0, stderr);
  });
}

/** Of all its processes. */
async function readHandlerMegabytes(): Promise<number> {
  const [handler = 0] = await gateway.findHandlers();
  return readMemory(handler).residentBytes / 1e6;
}

async function repeat(times: number, measure: () => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let turn = 0; turn < times; turn++) all.push(await measure());
  return all;
}

/** In seconds. */
async function time(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return (performance.now() - start) / 1000;
}

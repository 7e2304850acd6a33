import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { eventually } from '../../lab/commands.ts';
import { parseReply } from '../../lab/firmware.ts';
import { parseConfig } from '../../src/config/config.ts';
import type { DomainView } from '../../src/core/decisions/admission.ts';
import { judgeNewKey, judgeProof } from '../../src/core/decisions/member-admission.ts';
import type { Lease, LeaseId, Token } from '../../src/core/leases/lease.ts';
import { buildReplyProof, deriveSecret } from '../../src/core/leases/proof.ts';
import { parseThirdLine } from '../../src/core/leases/third-line.ts';
import type { Granted, LeaseExchange } from '../../src/core/privsep/requests.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import type { PublicKey } from '../../src/core/values/public-key.ts';
import { Desk } from '../../src/listener/desk.ts';
import { HttpServer } from '../../src/listener/http/server.ts';
import { LinesServer } from '../../src/listener/lines/server.ts';
import { Attention } from '../../src/log/flood-guard.ts';
import { Log } from '../../src/log/log.ts';
import { type LeaseRun, leaseRuns } from '../arbitraries/leases.ts';
import { printEntries } from '../corpus.ts';
import { ROUTERS_KEYS } from '../keys.ts';
import { pickParts } from '../model/http.ts';
import {
  expectVerdict,
  type ModelLease,
  proveReply,
  readParts,
  STATUSES,
  type Verdict,
  type World,
} from '../model/lease.ts';
import type { Target } from './target.ts';

const HERE = '127.0.0.1';
/** What comes from the gateway's own address may be a look. */
const ELSEWHERE = '127.0.0.2';
const NOW = 1_800_000_000;
const PATH = '/api/v1/lease';
const BODY_BYTES = 4096;
const CONFIG = Buffer.from('[Interface]\n').toString('base64');
const [MEMBERS_KEY, ADMINS_KEY, USED_KEY, FORMER_KEY] = ROUTERS_KEYS as [string, string, string, string];
const WORLD: World = {
  mesh: ['ffww01'],
  leased: new Map([
    ['members', 'members'],
    ['club', 'members'],
    ['admins', 'admins'],
  ]),
  leases: [
    { domain: 'members' },
    { domain: 'members', key: MEMBERS_KEY },
    { domain: 'members', used: [USED_KEY] },
    { domain: 'members', isOver: true },
    { domain: 'members', isOver: true, key: FORMER_KEY },
    { domain: 'admins' },
    { domain: 'admins', key: ADMINS_KEY },
  ].map((lease, index) => ({
    id: 'abcdefg'.padEnd(8, 'hijklmn'[index]),
    token: `${'hijklmn'[index]}`.repeat(26),
    ...lease,
  })),
};
const SETTINGS = `
[limits]
exempt = ["127.0.0.0/8"]
[domains.ffww01]
wireguard = "wg0"
vxlan = "vx0"
${describe('members', '["club"]', 1)}
${describe('admins', '[]', 2)}
`;

/** Both doors on real connections of this process; behind them the handler's judgement of leases, without its table. */
export async function createLeasesTarget(): Promise<Target<LeaseRun>> {
  const config = parseConfig(SETTINGS, 'wgkex.toml');
  const handler = { ask: async () => 'OK' as const, askLease, findGateway: async () => undefined };
  const meter = { connected: () => {}, answered: () => {}, httpAnswered: () => {} };
  const desk = new Desk(config, handler, new Attention(new Log(config.log, 'journal', () => {})), meter);
  const doors = { lines: new LinesServer(desk), http: new HttpServer(desk, meter) };
  const servers = {
    lines: await listen((socket) => doors.lines.accept(socket)),
    http: await listen((socket) => doors.http.accept(socket)),
  };
  const count = () => doors.lines.connections + doors.http.connections;
  return {
    name: 'leases',
    corpus: [],
    runs: leaseRuns(WORLD),
    runsPerRound: 500,
    count: () => 1,
    print: (run) => printEntries('leases', [run]),
    check: async (run) => {
      const answer = await talk((servers[run.door].address() as AddressInfo).port, run);
      if (run.door === 'lines') checkLines(answer, run.chunks.join(''));
      else checkHttp(answer, run.body);
    },
    observe: async () => `, ${count()} connections`,
    finish: () => eventually('no connection is left', () => count() === 0),
    close: async () => {
      for (const server of Object.values(servers)) server.close();
    },
  };
}

function checkLines(answer: string, sent: string): void {
  const parts = readParts(sent, WORLD);
  const verdict = parts === undefined ? { code: 'LINE_TOO_LONG' } : expectVerdict(parts, WORLD);
  const [first, config = '', proof = '', ...rest] = answer.split('\n');
  assert.equal(first, verdict.code === 'OK' ? 'OK' : `ERR: ${verdict.code}`);
  if (verdict.lease === undefined) assert.equal(answer, `${first}\n`);
  else assert.deepEqual(rest, ['']);
  checkProof({ config, proof }, verdict);
}

function checkHttp(answer: string, body: string): void {
  const reply = parseReply(answer);
  if (Buffer.byteLength(body) > BODY_BYTES) {
    assert.equal(reply?.status, 413, answer);
    return;
  }
  const verdict = expectVerdict(pickParts(body), WORLD);
  assert.equal(reply?.status, STATUSES[verdict.code], answer);
  const { Message, config = '', proof = '', error } = JSON.parse(reply?.body ?? '');
  assert.equal(error?.code ?? Message, verdict.code);
  checkProof({ config, proof }, verdict);
}

/** Nobody but the owner of a lease gets a configuration. */
function checkProof(
  { config, proof }: { config: string; proof: string },
  { lease, key = '', nonce = '' }: Verdict,
): void {
  const expected = lease === undefined ? ['', ''] : [CONFIG, proveReply(lease.token, { key, nonce }, CONFIG)];
  assert.deepEqual([config, proof], expected);
}

async function askLease({ domain, name, key, proof }: LeaseExchange): Promise<Granted> {
  const line = parseThirdLine(proof);
  if (line === undefined) return { code: 'NO_TOKEN' };
  const known = WORLD.leases.find(({ id }) => id === line.id);
  const lease = known && toLease(known);
  const refused = judgeProof(lease, { domain, name, key, line }, NOW);
  if (refused !== undefined || lease === undefined) return { code: refused ?? 'FAILED' };
  const isLeased = (one: PublicKey) =>
    WORLD.leases.some((each) => each.domain === domain && each.key === one && each.isOver !== true);
  const view = { lists: { problems: [] as string[] } } as unknown as DomainView;
  const code = lease.key === undefined ? judgeNewKey(lease, key, view, { isLeased }) : undefined;
  if (code !== undefined) return { code };
  return {
    code: 'OK',
    grant: { config: CONFIG, proof: buildReplyProof(lease.secret, { key, nonce: line.nonce, line: CONFIG }) },
  };
}

function toLease({ id, token, domain, isOver = false, key, used = [] }: ModelLease): Lease {
  const none = { email: undefined, note: undefined, orderId: undefined, ended: undefined, bound: undefined };
  return {
    ...{ ...none, address4: undefined, address6: undefined, reminded: [], created: 0 },
    id: id as LeaseId,
    secret: deriveSecret(token as Token),
    domain: domain as DomainName,
    expires: isOver ? NOW : NOW + 1,
    key: key as PublicKey | undefined,
    usedKeys: used as readonly PublicKey[],
  };
}

async function listen(accept: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  await once(server.listen(0, HERE), 'listening');
  return server;
}

/** Sends everything, ends, and resolves with what comes back before the connection closes. */
async function talk(port: number, run: LeaseRun): Promise<string> {
  const socket = connect({ port, host: HERE, localAddress: ELSEWHERE, noDelay: true, allowHalfOpen: true });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  if (run.door === 'lines') for (const chunk of run.chunks) socket.write(chunk, 'latin1');
  else socket.write(formatPost(run.body));
  socket.end();
  await once(socket, 'close');
  return text;
}

function formatPost(body: string): string {
  return `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

function describe(name: string, names: string, index: number): string {
  const network = `["10.66.${index}.0/24"]`;
  const settings = `pool = ${network}\nallowed_ips = ${network}\nendpoint = "vpn.example.org:51820"`;
  return `[domains.${name}]\nwireguard = "wg${index}"\nnames = ${names}\n${settings}\n`;
}

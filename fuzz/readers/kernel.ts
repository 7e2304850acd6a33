import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { parseForwardingEntries } from '../../src/core/kernel/fdb.ts';
import { parseHostRoutes } from '../../src/core/kernel/routes.ts';
import { parseDump } from '../../src/core/kernel/wg-dump.ts';
import { isInterface, parseJson, type Reader, readOrRefuse } from './reader.ts';

type Row = Record<string, unknown>;

const NONE = '(none)';
const KEY_BYTES = 32;
const MAC = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

/** `wg show IF dump`. */
export const readDump: Reader = (text) => {
  const reading = readOrRefuse(() => parseDump(text));
  const lines = text.split('\n').filter((line) => line !== '');
  const [head, ...rows] = lines.map((line) => line.split('\t'));
  const isGood =
    head?.length === 4 && isKeyOrNone(head[1]) && /^\d{1,20}$/.test(head[2] ?? '') && rows.every(isPeerRow);
  assert.equal(reading !== undefined, isGood);
  if (reading === undefined) return;
  assert.equal(reading.ownKey ?? NONE, head?.[1]);
  assert.equal(reading.port, Number(head?.[2]));
  assert.deepEqual(
    reading.peers.map(({ key, allowedIps, lastHandshake }) => [key, allowedIps, lastHandshake]),
    rows.map(([key, , , networks, time]) => [key, networks === NONE ? [] : networks?.split(','), readTime(time)]),
  );
  assert.deepEqual(
    reading.peers.map(({ hasPresharedKey, hasKeepalive }) => [hasPresharedKey, hasKeepalive]),
    rows.map(([, secret, , , , , , keepalive]) => [secret !== NONE, keepalive !== 'off']),
  );
  for (const { endpoint } of reading.peers) assert.ok(endpoint === undefined || isIP(endpoint) > 0, endpoint);
};

/** `bridge -json fdb show dev VXLAN`. */
export const readEntries: Reader = (text) => {
  const entries = readOrRefuse(() => parseForwardingEntries(text));
  if (entries === undefined) return;
  const rows = (parseJson(text) as Row[]).filter(
    ({ state, dst, viaIf }) =>
      state === 'permanent' && typeof dst === 'string' && (viaIf === undefined || isInterface(String(viaIf))),
  );
  assert.deepEqual(
    entries.map(({ mac, via }) => [mac, via]),
    rows.map(({ mac, viaIf }) => [mac, viaIf]),
  );
  for (const { mac, destination } of entries) assert.ok(MAC.test(mac) && isIP(destination) > 0, destination);
};

/** `ip -6 -json route show dev IF`. */
export const readRoutes: Reader = (text) => {
  const addresses = readOrRefuse(() => parseHostRoutes(text));
  if (addresses === undefined) return;
  const hosts = (parseJson(text) as Row[]).map(({ dst }) => String(dst)).filter((dst) => !/^default$|\//.test(dst));
  assert.equal(addresses.length, hosts.length);
  for (const address of addresses) assert.ok(isIP(address) > 0, address);
};

function isPeerRow(row: readonly string[]): boolean {
  return row.length === 8 && isKernelKey(row[0]) && row.slice(4, 7).every((number) => /^[0-9]{1,20}$/.test(number));
}

function isKeyOrNone(text: string | undefined): boolean {
  return text === NONE || isKernelKey(text);
}

/** The all-zero key counts too. */
function isKernelKey(text = ''): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KEY_BYTES && bytes.toString('base64') === text;
}

function readTime(time: string | undefined): number | 'never' {
  return time === '0' ? 'never' : Number(time);
}

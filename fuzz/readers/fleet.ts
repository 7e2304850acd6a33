import assert from 'node:assert/strict';
import { isIPv4 } from 'node:net';
import { formatPayload, parseFleetExchange, parseFleetReply, parseState } from '../../src/core/fleet/payloads.ts';
import {
  formatConnectedPeers,
  formatWorkerData,
  parseConnectedPeers,
  parseWorkerData,
  parseWorkerKey,
} from '../../src/core/fleet/workers/payloads.ts';
import { canonicaliseIpv6, isKey } from '../model/key.ts';
import { parseJson, type Reader, readOrRefuse } from './reader.ts';

const MOST_BYTES = 4096;
const CODES =
  'OK NO_DOMAIN NO_WGKEY INVALID_DOMAIN INVALID_WGKEY LINE_TOO_LONG PROHIBITED_WGKEY ADDRESS_TAKEN FULL BUSY FAILED';
const DOMAIN = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const ID = /^[0-9a-f]{32}$/;

type Check = (value: unknown) => boolean;
/** The fields of a payload; one that may be missing has a name with a question mark. */
type Fields = Readonly<Record<string, Check>>;

const isText =
  (is: (text: string) => boolean): Check =>
  (value) =>
    typeof value === 'string' && is(value);
const isNumber =
  (least: number, most: number, isWhole = true): Check =>
  (value) =>
    typeof value === 'number' && value >= least && value <= most && (!isWhole || Number.isInteger(value));
const isWord = isText((text) => text.length <= 64 && /^[!-~]+$/.test(text));
const isDomain = isText((text) => DOMAIN.test(text));
const isAddress = isText((text) => isIPv4(text) || (text.includes(':') && canonicaliseIpv6(text) === text));

const STATE: Fields = {
  version: isWord,
  'instance?': isText((text) => ID.test(text)),
  sent_at: isNumber(0, Number.MAX_VALUE, false),
  'since?': isNumber(0, Number.MAX_VALUE, false),
  name: isText((text) => text.length < 254 && !isIPv4(text) && text.split('.').every((label) => LABEL.test(label))),
  weight: isNumber(0, 1_000_000, false),
  'location?': isWord,
  names: (value) => Array.isArray(value) && value.every(isDomain),
  port: isNumber(1, 65_535),
  public_key: isText(isKey),
  link_address: isText((text) => /^(fe[89ab]|f[cd].)[^:]:/.test(text) && canonicaliseIpv6(text) === text),
  alive: isNumber(0, 1e9),
  peers: isNumber(0, 1e9),
  max_peers: isNumber(0, 1e9),
};
const DATA: Fields = {
  ExternalAddress: (value) => STATE['name']?.(value) === true || isAddress(value),
  Port: isNumber(1, 65_535),
  PublicKey: isText(isKey),
  LinkAddress: (value) => STATE['link_address']?.(value) === true,
};
const EXCHANGE: Fields = {
  id: isText((text) => ID.test(text)),
  domain: isDomain,
  key: isText(isKey),
  'from?': isAddress,
};
const REPLY: Fields = {
  id: isText((text) => ID.test(text)),
  reply: isText((text) => text !== '' && CODES.split(' ').includes(text)),
};

/** A second version of the contract's "Our own topics": known fields are strict, unknown ones are left out. */
function build(fields: Fields, parse: (payload: Uint8Array) => object): Reader {
  return (text) => {
    const payload = Buffer.from(text);
    const found = readOrRefuse(() => parse(payload));
    const value = payload.length > MOST_BYTES ? undefined : parseJson(payload.toString());
    const expected = pick(fields, value);
    assert.deepEqual(found, expected);
    if (found !== undefined) assert.deepEqual(parse(Buffer.from(formatPayload(found as never))), found);
  };
}

function pick(fields: Fields, value: unknown): object | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const picked: Record<string, unknown> = {};
  for (const [field, check] of Object.entries(fields)) {
    const name = field.replace('?', '');
    const found = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (found === undefined && field !== name) continue;
    if (!check(found)) return undefined;
    picked[name] = found;
  }
  return picked;
}

export const readState = build(STATE, parseState);
export const readFleetExchange = build(EXCHANGE, parseFleetExchange);
export const readFleetReply = build(REPLY, parseFleetReply);

/** The contract's "freifunkMUC's topics": further fields of data are ignored, but for the mark of ours. */
export function readWorkerData(text: string): void {
  const payload = Buffer.from(text);
  const found = readOrRefuse(() => parseWorkerData(payload));
  const value = payload.length > MOST_BYTES ? undefined : parseJson(payload.toString());
  const expected = pick(DATA, value) as Record<string, unknown> | undefined;
  const isOurs = (value as { Software?: unknown } | null | undefined)?.Software === 'wgkex';
  const { ExternalAddress: name, Port: port, PublicKey: publicKey, LinkAddress: linkAddress } = expected ?? {};
  assert.deepEqual(found, expected && { name, port, publicKey, linkAddress, isOurs });
  if (found !== undefined)
    assert.deepEqual(parseWorkerData(Buffer.from(formatWorkerData(found))), { ...found, isOurs: true });
}

export function readConnectedPeers(text: string): void {
  const found = readOrRefuse(() => parseConnectedPeers(Buffer.from(text)));
  const isNumber = /^(-|)[0-9]{1,9}$/.test(text) && !text.includes('\n');
  assert.equal(found, isNumber ? Number(text) : undefined);
  if (found !== undefined) assert.equal(Number(formatConnectedPeers(found)) === found, true);
}

export function readWorkerKey(text: string): void {
  assert.equal(
    readOrRefuse(() => parseWorkerKey(Buffer.from(text))),
    isKey(text) ? text : undefined,
  );
}

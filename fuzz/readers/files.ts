import assert from 'node:assert/strict';
import { parseKeyList } from '../../src/core/exchange/key-list.ts';
import { parseRouterNames } from '../../src/core/operator/router-names.ts';
import { PeerRecord } from '../../src/core/peers/record.ts';
import { parseClaims } from '../../src/system/store/claims-file.ts';
import { isKey } from '../model/key.ts';
import { parseJson, type Reader, readOrRefuse } from './reader.ts';

const TIME = String.raw`(?:-|\d{1,15}(?:\.\d{1,3})?)`;
const HEARD = String.raw`(?: \d{1,15}(?:\.\d{1,3})? ${TIME})?`;
const DROP_LINE = /^drop (\S{44})$/;
const OTHER_LINE = new RegExp(String.raw`^(?:on|on .*|hold [0-9a-f.:]+ \S+ ${TIME}|)$`, 's');
const KEY_LINE = new RegExp(String.raw`^key (\S{44}) ${TIME} ${TIME} (?:-|[rpl]+) \S+ \d{1,15}(?:\.\d{1,3})?${HEARD}$`);

/** The record of an interface: only complete lines count, and a record that was read can be written and read again. */
export const readRecord: Reader = (text) => {
  const record = readOrRefuse(() => PeerRecord.parse(text));
  if (record === undefined) return;
  const lines = text.split('\n').slice(0, -1);
  assert.equal(lines[0], `wgkex-record 1 ${record.boot}`);
  const left = new Set<string>();
  for (const line of lines.slice(1)) {
    const [, added] = line.match(KEY_LINE) ?? [];
    if (added !== undefined) left.add(added);
    else if (DROP_LINE.test(line)) left.delete(line.slice('drop '.length));
    else assert.match(line, OTHER_LINE);
  }
  assert.deepEqual(new Set<string>(record.registrations.keys()), left);
  assert.ok([...left].every(isKey));
  // At this time every hold is in the future, and the next record leaves it out.
  const again = PeerRecord.parse(record.format({ unix: 0, monotonic: 0 }));
  assert.deepEqual(again.registrations, record.registrations);
  assert.equal(again.interfaces, record.interfaces);
};

/** Which key claims which address. */
export const readClaims: Reader = (text) => {
  const document = readOrRefuse(() => parseClaims(text, '/var/lib/wgkex/ffww01.claims.json'));
  if (document === undefined) return;
  const { version, claims } = parseJson(text) as { version: unknown; claims: Record<string, Record<string, unknown>> };
  assert.equal(version, 1);
  const names = Object.keys(claims).filter((name) => name !== '__proto__');
  assert.deepEqual([...document.claims.keys()], names);
  assert.ok(names.every(isKey));
  for (const claim of document.claims.values())
    for (const number of Object.values(claim)) assert.ok(Number.isFinite(number) && number >= 0);
};

/** A list that an operator edits: a bad line does not affect the others. */
export const readKeyList: Reader = (text) => {
  const { keys, complaints } = parseKeyList(text, '/etc/wgkex/static_keys');
  const words = text.split('\n').map((line) => (line.split('#')[0] ?? '').trim());
  assert.deepEqual(new Set<string>(keys), new Set(words.filter(isKey)));
  assert.equal(complaints.length, words.filter((word) => word !== '' && !isKey(word)).length);
  for (const complaint of complaints) assert.match(complaint, /^[ -~…]{1,500}$/);
};

/** Names of routers: each is one line that is safe to show, and a bad line does not affect the others. */
export const readNames: Reader = (text) => {
  const { names, complaints } = parseRouterNames(text, '/etc/wgkex/router_names');
  const lines = text.split('\n').map((line) => line.trim());
  const meant = lines.filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(names.size + complaints.length, meant.length);
  for (const [key, name] of names) {
    assert.ok(isKey(key) && lines.some((line) => line.startsWith(key)));
    assert.match(name, /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,64}(?<! )$/u);
  }
  for (const complaint of complaints) assert.match(complaint, /^[ -~…]{1,600}$/);
};

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { DomainName } from '../../../src/core/values/names.ts';
import { type ClaimsDocument, ClaimsFile, parseClaims } from '../../../src/system/store/claims-file.ts';
import { damaged, KEYS, PLAIN, parseOrRefuse, publicKeys, texts } from '../../core/arbitraries.ts';

const [KEY, OTHER] = KEYS;
const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as claims are kept only in directories of root';
const base = mkdtempSync(join(tmpdir(), 'wgkex-claims-'));
after(() => rmSync(base, { recursive: true }));
const open = () => new ClaimsFile(directory, 'ffww01' as DomainName);
let directory: string;
let file: ClaimsFile;
beforeEach(() => {
  directory = join(mkdtempSync(join(base, 'in-')), 'state');
  file = open();
});

const claim = fc.record({ first: fc.nat(), last: fc.nat(), silentSeconds: fc.nat() }, PLAIN);
const claims = fc.array(fc.tuple(publicKeys, claim), { maxLength: 4 }).map((some) => new Map(some));
const pass = fc.option(fc.record({ boot: fc.string(), at: fc.nat() }, PLAIN), { nil: undefined });
const documents: fc.Arbitrary<ClaimsDocument> = fc.record({ claims, pass }, PLAIN);
const CLAIM = { first: 1, last: 2, silentSeconds: 3 };
const documentOf = (...keys: (typeof KEY)[]): ClaimsDocument => {
  return { claims: new Map(keys.map((key) => [key, CLAIM])), pass: { boot: 'boot', at: 4 } };
};

test('without a file there are no claims, and no pass is known', () => {
  assert.deepEqual(file.read(), { claims: new Map(), pass: undefined });
});

test('claims are read back from a directory that is created, and only their file is left', { skip }, () => {
  fc.assert(
    fc.property(documents, (document) => {
      file.write(document);
      assert.deepEqual(file.read(), document);
      assert.deepEqual(open().read(), document);
      assert.deepEqual(readdirSync(directory), ['ffww01.claims.json']);
    }),
    { numRuns: 20 },
  );
});

test('seconds are whole in the file', { skip }, () => {
  file.write({ claims: new Map([[KEY, { ...CLAIM, silentSeconds: 3.6 }]]), pass: undefined });
  assert.equal(open().read().claims.get(KEY)?.silentSeconds, 4);
});

test('changes by another process are seen, and own ones are not read again', { skip }, () => {
  const document = documentOf(KEY);
  file.write(document);
  assert.equal(file.read(), document);
  open().write(documentOf(OTHER));
  assert.deepEqual(file.read(), documentOf(OTHER));
});

test('the file is for root alone, even if somebody opened it', { skip }, () => {
  file.write(documentOf(KEY));
  const mode = () => statSync(file.path).mode & 0o777;
  assert.equal(mode(), 0o600);
  chmodSync(file.path, 0o644);
  open().read();
  assert.equal(mode(), 0o600);
});

test('any content of the file is either claims or damaged', () => {
  const right = documents.map(({ claims: some, pass: last }) => {
    const entries = [...some].map(([key, { silentSeconds, ...times }]) => [
      key,
      { ...times, silent_seconds: silentSeconds },
    ]);
    return JSON.stringify({ version: 1, pass: last, claims: Object.fromEntries(entries) });
  });
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(right)), (text) => {
      for (const key of parseOrRefuse(() => parseClaims(text, 'claims'))?.claims.keys() ?? [])
        assert.ok(text.includes(key));
    }),
    { numRuns: 300 },
  );
});

const entry = (more = '', key: string = KEY) => `"${key}":{"first":1,"last":2,"silent_seconds":3${more}}`;
for (const [name, content] of [
  ['nothing', ''],
  ['half of it', `{"version":1,"claims":{${entry()}`],
  ['another version', `{"version":2,"claims":{${entry()}}}`],
  ['an invalid key', `{"version":1,"claims":{${entry('', 'x')}}}`],
  ['a time before 1970', `{"version":1,"claims":{"${KEY}":{"first":-1,"last":2,"silent_seconds":3}}}`],
  ['one thing more in a claim', `{"version":1,"claims":{${entry(',"more":1')}}}`],
  ['one thing more', `{"version":1,"claims":{},"more":1}`],
  ['a pass without a boot', `{"version":1,"claims":{},"pass":{"at":1}}`],
  ['a list', '[]'],
  ['zeros, as after a power cut', '\0'.repeat(100)],
] as const) {
  test(`a file with ${name} is damaged, and the error names it`, { skip }, () => {
    file.write(documentOf(KEY));
    writeFileSync(file.path, content);
    const isRight = (error: Error) =>
      error.name === 'InputError' && error.message.startsWith(`Cannot read the claims in ${file.path}: `);
    assert.throws(() => file.read(), isRight);
    assert.throws(() => file.read(), isRight, 'and again');
  });
}

test('a damaged file is kept under another name', { skip }, () => {
  mkdirSync(directory);
  writeFileSync(file.path, 'damaged');
  const aside = file.setAside();
  assert.deepEqual([readFileSync(aside, 'utf8'), file.read().claims.size], ['damaged', 0]);
});

test('claims that cannot be written cause an error that names the file, and stay unchanged', { skip }, () => {
  file.write(documentOf(KEY));
  mkdirSync(`${file.path}.new`);
  const message = `Cannot write ${file.path}: illegal operation on a directory`;
  assert.throws(() => file.write(documentOf(OTHER)), { message });
  assert.deepEqual([file.read(), open().read()], [documentOf(KEY), documentOf(KEY)]);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { REPLY_CODES } from '../../../src/core/exchange/exchange.ts';
import { describeRefusal } from '../../../src/core/exchange/http-messages.ts';
import vectors from './vectors.json' with { type: 'json' };

const DOCUMENT = readFileSync(new URL('../../../docs/lease-protocol.md', import.meta.url), 'utf8');

test('docs/lease-protocol.md has the vectors that the proofs are tested with', () => {
  const blocks = findSection('Test vectors').matchAll(/^```\n([\s\S]*?)^```$/gm);
  const found = [...blocks].map(([, block = '']) =>
    Object.fromEntries([...block.matchAll(/^(\w+) +(\S+)$/gm)].map(([, name, value]) => [name, value])),
  );
  assert.deepEqual(found, vectors);
});

test('docs/lease-protocol.md shows the configuration of a vector', () => {
  const [shown] = [...DOCUMENT.matchAll(/^```ini\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  assert.equal(shown, Buffer.from(vectors[0]?.line ?? '', 'base64').toString());
});

test('docs/lease-protocol.md has each code that a member can get, with its status', () => {
  const section = findSection('Codes');
  const codes = REPLY_CODES.filter((code) => code !== 'OK' && code !== 'ADDRESS_TAKEN');
  assert.deepEqual(
    codes.filter((code) => !section.includes(`\`${code}\``)),
    [],
  );
  const statuses = [...section.matchAll(/`([A-Z_]+)` \((\d+)\)/g)];
  assert.ok(statuses.length >= 8);
  for (const [, code, status] of statuses) {
    const known = codes.find((one) => one === code);
    assert.ok(known !== undefined, code);
    assert.equal(Number(status), describeRefusal(known as Exclude<typeof known, 'OK'>).status, code);
  }
});

function findSection(heading: string): string {
  const [, section = ''] = DOCUMENT.split(`## ${heading}\n`);
  return section.split(/^## /m)[0] ?? '';
}

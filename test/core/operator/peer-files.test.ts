import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parsePeerFile } from '../../../src/core/operator/peer-files.ts';
import { isPublicKey, type PublicKey } from '../../../src/core/values/public-key.ts';
import { KEYS, texts } from '../arbitraries.ts';

const [KEY, OTHER] = KEYS;

const FILES: readonly (readonly [string, string, readonly PublicKey[]])[] = [
  [
    'of wg-quick',
    `[Interface]\nPrivateKey = x\n[Peer]\nPublicKey = ${KEY}\n\n[Peer]\npublickey=${OTHER}\r\n`,
    [KEY, OTHER],
  ],
  ['of networkd', `[NetDev]\nKind=wireguard\n[WireGuardPeer]\nPublicKey=${KEY}\n; PublicKey=${OTHER}\n`, [KEY]],
  ['with comments', `#PublicKey = ${OTHER}\nPublicKey = ${KEY} # gateway 2\n`, [KEY]],
  ['that wg-quick rewrites', `[Interface]\n SaveConfig=true\n[Peer]\nPublicKey = ${KEY}\n`, []],
  ['that wg-quick does not rewrite', `SaveConfig = false\n#SaveConfig = true\nPublicKey = ${KEY}\n`, [KEY]],
  ['without a key', 'PublicKey = x\nPublicKey =\nPresharedKey = y\n', []],
];
for (const [name, text, expected] of FILES) {
  test(`the peers of a file ${name} are known`, () => assert.deepEqual(parsePeerFile(text), expected));
}

test('only keys are read from any file', () => {
  const lines = fc.array(fc.oneof(texts, fc.constantFrom('PublicKey = ', `PublicKey=${KEY}`, 'SaveConfig = true')));
  fc.assert(fc.property(lines, (some) => assert.ok(parsePeerFile(some.join('\n')).every(isPublicKey))));
});

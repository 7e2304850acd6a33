import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { drawCode } from '../../src/join/commands/export/export.ts';
import { buildModules, renderModules } from '../../src/join/commands/export/qr.ts';
import { readLines, readSymbol } from './qr-reader.ts';

const FILE = `# Ends: 2027-01-31T23:59:59Z
[Interface]
PrivateKey = yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=
Address = 10.66.0.5/32, fd66::5/128
DNS = 10.66.0.1
MTU = 1420
[Peer]
PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
AllowedIPs = 10.66.0.0/24, fd66::/112
Endpoint = vpn.example.org:51820
PersistentKeepalive = 25
`;

describe('a QR code on a terminal', () => {
  test('has the file without its comments, in black on white', () => {
    const text = readSymbol(readLines(drawCode(FILE, 80)));
    assert.equal(text, FILE.replace(/^#.*\n/, ''));
  });

  test('has any text that fits, in all sizes', () => {
    const ascii = fc.string({ maxLength: 1200, unit: 'binary-ascii', size: 'max' });
    fc.assert(
      fc.property(ascii, (text) => assert.equal(readSymbol(readLines(renderModules(buildModules(text)))), text)),
      { numRuns: 40 },
    );
  });

  test('is not drawn on a terminal that is too narrow', () => {
    assert.throws(
      () => drawCode(FILE, 60),
      /^InputError: Cannot draw the QR code: it needs \d+ columns, .* has 60; make/,
    );
  });
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseInstanceName } from '../../src/core/client/instance.ts';
import { InputError } from '../../src/core/values/errors.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { type JoinState, readState, writeState } from '../../src/join/daemon/state-file.ts';

const NAME = parseInstanceName('members');
const directory = mkdtempSync(join(tmpdir(), 'wgkex-join-state-'));
const path = join(directory, NAME, 'state.json');
mkdirSync(join(directory, NAME));
after(() => rmSync(directory, { recursive: true }));

const STATE: JoinState = {
  doing: 'up',
  since: 1_700_000_000,
  gateway: 'gw1.example.org:10012',
  via: 'udp',
  look: {
    at: 1_700_000_060,
    isUp: true,
    handshake: 1_700_000_001,
    received: 1,
    sent: 2,
    expires: 1_800_000_000,
    addresses: [parseIpAddress('10.66.0.7'), parseIpAddress('fd66::7')],
  },
  failures: [
    { gateway: 'gw2.example.org:10012', code: 'FULL', reason: 'the gateway has no free address', at: 1_700_000_000 },
  ],
};

describe('the state of a client', { concurrency: false }, () => {
  test('is read as it was written, and the file is replaced in one step', () => {
    writeState(join(directory, NAME), STATE);
    assert.deepEqual(readState(NAME, directory), STATE);
    assert.deepEqual(readdirSync(join(directory, NAME)), ['state.json']);
  });

  test('is undefined while there is no file', () => {
    assert.equal(readState(parseInstanceName('others'), directory), undefined);
  });

  const FOREIGN: [name: string, make: () => void][] = [
    ['a link', () => symlinkSync('/etc/passwd', path)],
    ['a pipe that nobody writes to', () => execFileSync('mkfifo', [path])],
    ['a folder', () => mkdirSync(path)],
    ['a file without end', () => writeFileSync(path, ' '.repeat(1_000_000))],
    ['characters that move a cursor', () => writeFileSync(path, JSON.stringify({ ...STATE, reason: '\x1b[2J' }))],
    ['a field that it does not have', () => writeFileSync(path, JSON.stringify({ ...STATE, more: 1 }))],
    ['not JSON', () => writeFileSync(path, '{')],
  ];
  for (const [name, make] of FOREIGN)
    test(`is refused in one line if the file has been replaced by ${name}`, () => {
      rmSync(path, { recursive: true, force: true });
      make();
      assert.throws(
        () => readState(NAME, directory),
        (error) => error instanceof InputError && /^Cannot read [^\n]*state\.json[^\n]*$/.test(error.message),
      );
    });

  test('is what it is or an error in one line, whatever the file contains', () => {
    rmSync(path, { recursive: true, force: true });
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (content) => {
        writeFileSync(path, content);
        assert.throws(() => readState(NAME, directory), InputError);
      }),
    );
  });
});

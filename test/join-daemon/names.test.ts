import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { AttemptFailure } from '../../src/join/daemon/failure.ts';
import { Names } from '../../src/join/daemon/gateway/names.ts';

const TIMES = { name: 10, knownName: 5 };
const NEVER = new AbortController().signal;
/** RFC 6761: no name server knows it. */
const UNKNOWN = 'gw1.example.invalid';

describe('addresses of a name', () => {
  test('are those that the machine finds, and are remembered', async (t) => {
    const { names, directory, problems } = create(t);
    const addresses = await names.resolve('localhost', NEVER);
    assert.ok(
      addresses.some((address) => address === '127.0.0.1' || address === '::1'),
      `${addresses}`,
    );
    assert.deepEqual(JSON.parse(readFileSync(join(directory, 'addresses.json'), 'utf8')), { localhost: addresses });
    assert.deepEqual(problems, []);
  });

  test('are the former ones if nobody can be asked', async (t) => {
    const { names } = create(t, JSON.stringify({ [UNKNOWN]: ['192.0.2.1', '2001:db8::1'] }));
    assert.deepEqual(await names.resolve(UNKNOWN, NEVER), ['192.0.2.1', '2001:db8::1']);
  });

  test('are the former ones for the relay, too', async (t) => {
    const { names } = create(t, JSON.stringify({ [UNKNOWN]: ['192.0.2.1', '2001:db8::1'] }));
    const found = await new Promise((resolve) => {
      names.lookup(UNKNOWN, { all: true }, (error, addresses) => resolve([error, addresses]));
    });
    assert.deepEqual(found, [
      null,
      [
        { address: '192.0.2.1', family: 4 },
        { address: '2001:db8::1', family: 6 },
      ],
    ]);
  });

  test('are missing in one line if nobody knows them', async (t) => {
    const { names } = create(t);
    await assert.rejects(
      names.resolve(UNKNOWN, NEVER),
      (error) =>
        error instanceof AttemptFailure && /^no addresses of gw1\.example\.invalid: [a-z ]+$/.test(error.message),
    );
  });

  test('of an address are that address, in its canonical form', async (t) => {
    const { names } = create(t);
    assert.deepEqual(await names.resolve('2001:DB8:0::1', NEVER), ['2001:db8::1']);
  });

  for (const text of ['{', '{"a":["999.1.1.1"]}', '{"a":[]}', '[]', JSON.stringify({ a: Array(9).fill('192.0.2.1') })])
    test(`are asked for again if the file contains ${text.slice(0, 20)}`, async (t) => {
      const { names } = create(t, text);
      assert.deepEqual(await names.resolve('192.0.2.9', NEVER), ['192.0.2.9']);
      await assert.rejects(names.resolve(UNKNOWN, NEVER), AttemptFailure);
    });

  test('are used although they cannot be remembered, which is a line', async (t) => {
    const { names, directory, problems } = create(t);
    rmSync(directory, { recursive: true });
    assert.ok((await names.resolve('localhost', NEVER)).length > 0);
    assert.match(problems.join(), /^[^\n]*Cannot write [^\n]*addresses\.json: no such file or directory$/);
  });
});

function create(t: TestContext, content?: string) {
  const directory = mkdtempSync(join(tmpdir(), 'wgkex-join-names-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  if (content !== undefined) writeFileSync(join(directory, 'addresses.json'), content);
  const problems: string[] = [];
  return { directory, problems, names: new Names(directory, TIMES, (reason) => void problems.push(reason)) };
}

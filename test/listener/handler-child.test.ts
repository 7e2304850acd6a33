import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import type { Exchange } from '../../src/core/exchange.ts';
import { parseIpAddress } from '../../src/core/ip-address.ts';
import { HandlerChild } from '../../src/listener/handler-child.ts';
import { DOMAIN, KEYS } from '../core/arbitraries.ts';

const EXCHANGE: Exchange = { domain: DOMAIN, key: KEYS[0], from: parseIpAddress('2001:db8::1') };
const GREET = `echo '{"ready":true}'`;
/** Reads a request and replies to it; the id is what stands after the first colon. */
const SERVE_ONE = `read -r line; id=\${line#*:}; echo "{\\"id\\":\${id%%,*},\\"reply\\":\\"OK\\"}"`;
const directory = mkdtempSync(join(tmpdir(), 'wgkex-handler-child-'));
after(() => rmSync(directory, { recursive: true }));

describe('a handler', { concurrency: true, timeout: 30_000 }, () => {
  test('that greets and answers is one that serves', async (t) => {
    const { child, ready } = start(t, `${GREET}; ${SERVE_ONE}; ${SERVE_ONE}; cat`);
    await ready;
    assert.equal(child.hasServed, false);
    assert.equal(await child.ask(EXCHANGE), 'OK');
    assert.equal(await child.ask(EXCHANGE), 'OK');
    assert.equal(child.hasServed, true);
  });

  test('gets each request as one line', async (t) => {
    const file = join(directory, 'requests');
    const { child, ready } = start(t, `${GREET}; cat > ${file}`);
    await ready;
    void child.ask(EXCHANGE);
    void child.ask({ ...EXCHANGE, key: KEYS[1] });
    child.retire();
    await child.closed;
    const requests = readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    assert.deepEqual(requests, [
      { id: 1, ...EXCHANGE },
      { id: 2, ...EXCHANGE, key: KEYS[1] },
    ]);
  });

  test('may answer in any order', async (t) => {
    const replies = `{"id":2,"reply":"FULL"}\\n{"id":1,"reply":"OK"}\\n`;
    const { child, ready } = start(t, `${GREET}; read -r a; read -r b; printf '${replies}'; cat`);
    await ready;
    assert.deepEqual(await Promise.all([child.ask(EXCHANGE), child.ask(EXCHANGE)]), ['OK', 'FULL']);
  });

  const FAULTS = [
    ['talks nonsense', 'echo nonsense', /^Cannot read reply: not JSON$/],
    ['says a code of its own', `echo '{"id":1,"reply":"MAYBE"}'`, /^Cannot read reply: unexpected/],
    ['says more than was asked', `echo '{"id":1,"reply":"OK","more":1}'`, /^Cannot read reply: unexpected/],
    ['answers what nobody asked', `echo '{"id":99,"reply":"OK"}'`, /^Cannot read reply: nobody asked for it$/],
    ['talks without end', 'head -c 100000 /dev/zero', /^Cannot read a line: more than 512 bytes$/],
    ['dies', 'exit 3', /^exit status 3$/],
    ['is killed', 'kill -KILL $$', /^ended by SIGKILL$/],
    ['ends well, but ends', 'exit 0', /^exit status 0$/],
  ] as const;
  for (const [name, script, reason] of FAULTS) {
    test(`that ${name} instead of an answer is ended, and its requests fail`, async (t) => {
      const { child, ready, ends, isGone } = start(t, `${GREET}; read -r line; ${script}; cat`);
      await ready;
      assert.deepEqual(await Promise.all([child.ask(EXCHANGE), child.ask(EXCHANGE)]), ['FAILED', 'FAILED']);
      await child.closed;
      assert.equal(ends.length, 1);
      assert.match(ends[0] ?? '', reason);
      assert.equal(await child.ask(EXCHANGE), 'FAILED');
      assert.ok(isGone());
    });

    test(`that ${name} instead of a greeting is ended, and was never ready`, async (t) => {
      const { child, ready, ends } = start(t, `${script}; cat`);
      await child.closed;
      assert.equal(await Promise.race([ready.then(() => 'ready'), 'not ready']), 'not ready');
      assert.match(ends.join(), reason);
    });
  }

  test('that does not answer within 10 s is ended, and what it was asked fails', async (t) => {
    const started = performance.now();
    const { child, ends } = start(t, `${GREET}; exec sleep 60`);
    assert.equal(await child.ask(EXCHANGE), 'FAILED');
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds > 9.9 && seconds < 12, `${seconds} s`);
    assert.deepEqual(ends, ['no reply within 10 s']);
  });

  test('that does not greet within 30 s is ended', (t) => {
    const timers = t.mock.method(globalThis, 'setTimeout');
    const { ends } = start(t, 'exec sleep 60');
    const [onTimeout] = timers.mock.calls.find(({ arguments: [, wait] }) => wait === 30_000)?.arguments ?? [];
    assert.deepEqual(ends, []);
    onTimeout?.();
    assert.deepEqual(ends, ['no greeting within 30 s']);
  });

  test('that answers twice is ended', async (t) => {
    const { child, ready, ends } = start(
      t,
      `${GREET}; read -r line; for i in 1 2; do echo '{"id":1,"reply":"OK"}'; done; cat`,
    );
    await ready;
    assert.equal(await child.ask(EXCHANGE), 'OK');
    await child.closed;
    assert.deepEqual(ends, ['Cannot read reply: nobody asked for it']);
  });

  test('that cannot be started is one that ended', async () => {
    const ends: string[] = [];
    const child = new HandlerChild(['/nowhere/wgkex-handler'], { onReady: () => {}, onEnd: (end) => ends.push(end) });
    assert.equal(await child.ask(EXCHANGE), 'FAILED');
    await child.closed;
    assert.equal(ends.length, 1);
    assert.match(ends[0] ?? '', /ENOENT/);
  });

  test('that ended may still owe a reply, which counts', async (t) => {
    const reply = `{"id":1,"reply":"OK"}`;
    const { child, ready, ends } = start(t, `${GREET}; read -r line; (sleep 0.2; echo '${reply}') & exit 0`);
    await ready;
    assert.equal(await child.ask(EXCHANGE), 'OK');
    assert.deepEqual(ends, ['exit status 0']);
  });

  test('that is told to end answers what it was asked, takes no more, and says nothing of its end', async (t) => {
    const { child, ready, ends } = start(t, `${GREET}; sleep 0.2; ${SERVE_ONE}; cat`);
    await ready;
    const asked = child.ask(EXCHANGE);
    child.retire();
    assert.equal(await child.ask(EXCHANGE), 'FAILED');
    assert.equal(await asked, 'OK');
    await child.closed;
    assert.deepEqual(ends, []);
  });

  test('gets nothing of the environment but where sudo is', async (t) => {
    process.env['WGKEX_TEST'] = 'secret';
    t.after(() => delete process.env['WGKEX_TEST']);
    const file = join(directory, 'environment');
    const { child, ready } = start(t, `env > ${file}; pwd >> ${file}; ${GREET}; cat`);
    await ready;
    child.retire();
    await child.closed;
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.ok(lines.includes('PATH=/usr/sbin:/usr/bin:/sbin:/bin'));
    assert.equal(lines.at(-1), '/');
    const unexpected = lines.slice(0, -1).filter((line) => !/^(PATH|JOURNAL_STREAM|PWD|OLDPWD|SHLVL|_)=/.test(line));
    assert.deepEqual(unexpected, []);
  });
});

/** A fake handler, written in shell; it says its process id in a file, and ends with the test. */
function start(t: TestContext, script: string) {
  const file = join(mkdtempSync(join(directory, 'child-')), 'pid');
  const ends: string[] = [];
  let greet: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    greet = resolve;
  });
  const child = new HandlerChild(['sh', '-c', `echo $$ > ${file}; ${script}`], {
    onReady: greet,
    onEnd: (reason) => void ends.push(reason),
  });
  t.after(() => {
    child.retire();
    return child.closed;
  });
  const isGone = () => !isRunning(Number(readFileSync(file, 'utf8')));
  return { child, ready, ends, isGone };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

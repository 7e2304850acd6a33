import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT_RESTART } from '../../src/command-line.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { DomainNumbers } from '../../src/core/privsep/requests.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import type { DomainName } from '../../src/core/values/names.ts';
import { HandlerChild } from '../../src/handler-client/child.ts';
import { DOMAIN, KEYS } from '../core/arbitraries.ts';

const EXCHANGE: Exchange = { domain: DOMAIN, key: KEYS[0], from: parseIpAddress('2001:db8::1') };
const GREET = `echo '{"type":"ready","answers":["exchange"]}'`;
/** Reads a request and replies to it; the id is the second field. */
const SERVE_ONE = `read -r line; id=\${line#*,*:}; echo "{\\"type\\":\\"exchange\\",\\"id\\":\${id%%,*},\\"code\\":\\"OK\\"}"`;
/** Longer than a test may last. */
const PATIENT = { greetingMilliseconds: 300_000, replyMilliseconds: 300_000 };
const directory = mkdtempSync(join(tmpdir(), 'wgkex-handler-child-'));
after(() => rmSync(directory, { recursive: true }));

describe('a handler', { concurrency: true, timeout: 120_000 }, () => {
  test('serves once it has greeted and answered', async (t) => {
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
      { type: 'exchange', id: 1, ...EXCHANGE },
      { type: 'exchange', id: 2, ...EXCHANGE, key: KEYS[1] },
    ]);
  });

  test('may answer in any order', async (t) => {
    const replies = `{"type":"exchange","id":2,"code":"FULL"}\\n{"type":"exchange","id":1,"code":"OK"}\\n`;
    const { child, ready } = start(t, `${GREET}; read -r a; read -r b; printf '${replies}'; cat`);
    await ready;
    assert.deepEqual(await Promise.all([child.ask(EXCHANGE), child.ask(EXCHANGE)]), ['OK', 'FULL']);
  });

  const FAULTS = [
    ['prints nonsense', 'echo nonsense', /^Cannot read reply: not JSON$/],
    [
      'replies with an unknown code',
      `echo '{"type":"exchange","id":1,"code":"MAYBE"}'`,
      /^Cannot read reply: unexpected/,
    ],
    [
      'replies with an additional field',
      `echo '{"type":"exchange","id":1,"code":"OK","more":1}'`,
      /^Cannot read reply: unexpected/,
    ],
    [
      'answers a request that was not sent',
      `echo '{"type":"exchange","id":99,"code":"OK"}'`,
      /^Cannot read reply: no such request is pending$/,
    ],
    ['prints without end', 'head -c 100000 /dev/zero', /^Cannot read a line: more than 4096 bytes$/],
    ['dies', 'exit 3', /^exit status 3$/],
    ['is killed', 'kill -KILL $$', /^ended by SIGKILL$/],
    ['ends without an error', 'exit 0', /^exit status 0$/],
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

  test('that does not answer in time is ended, and its pending request fails', async (t) => {
    const { child, ready, ends } = start(t, `${GREET}; exec sleep 60`, { ...PATIENT, replyMilliseconds: 300 });
    await ready;
    const asked = performance.now();
    assert.equal(await child.ask(EXCHANGE), 'FAILED');
    const seconds = (performance.now() - asked) / 1000;
    assert.ok(seconds > 0.29 && seconds < 10, `${seconds} s`);
    assert.deepEqual(ends, ['no reply within 0.3 s']);
  });

  test('that does not greet in time is ended', async (t) => {
    const { child, ends } = start(t, 'exec sleep 60', { ...PATIENT, greetingMilliseconds: 300 });
    await child.closed;
    assert.deepEqual(ends, ['no greeting within 0.3 s']);
  });

  test('that greeted and replied while the machine stood still was in time', async (t) => {
    const [greeted, replied] = [join(directory, 'greeted'), join(directory, 'replied')];
    const script = `${GREET}; touch ${greeted}; ${SERVE_ONE}; touch ${replied}; cat`;
    const limits = { greetingMilliseconds: 300, replyMilliseconds: 300 };
    const { child, ready, ends } = start(t, script, limits);
    await pause(1);
    standStill(greeted, 300);
    await ready;
    await pause(1);
    const reply = child.ask(EXCHANGE);
    standStill(replied, 300);
    assert.equal(await reply, 'OK');
    assert.deepEqual(ends, []);
  });

  test('that answers twice is ended', async (t) => {
    const { child, ready, ends } = start(
      t,
      `${GREET}; read -r line; for i in 1 2; do echo '{"type":"exchange","id":1,"code":"OK"}'; done; cat`,
    );
    await ready;
    assert.equal(await child.ask(EXCHANGE), 'OK');
    await child.closed;
    assert.deepEqual(ends, ['Cannot read reply: no such request is pending']);
  });

  test('that greets twice is ended', async (t) => {
    const { child, ends } = start(t, `${GREET}; ${GREET}; cat`);
    await child.closed;
    assert.deepEqual(ends, ['Cannot read reply: a second greeting']);
  });

  test('that cannot be started counts as ended', async () => {
    const ends: string[] = [];
    const child = new HandlerChild(['/nowhere/wgkex-handler'], {
      onReady: () => {},
      onEnd: (end) => void ends.push(end),
      onRestartNeeded: () => {},
      onBatch: () => {},
    });
    assert.equal(await child.ask(EXCHANGE), 'FAILED');
    await child.closed;
    assert.equal(ends.length, 1);
    assert.match(ends[0] ?? '', /ENOENT/);
  });

  test('that has ended may still send a reply, which counts', async (t) => {
    const mark = join(directory, 'ended');
    const late = `(while [ ! -e ${mark} ]; do sleep 0.05; done; echo '{"type":"exchange","id":1,"code":"OK"}')`;
    const { child, ready, ends } = start(t, `${GREET}; read -r line; ${late} & exit 0`);
    await ready;
    const asked = child.ask(EXCHANGE);
    while (ends.length === 0) await pause(20);
    writeFileSync(mark, '');
    assert.equal(await asked, 'OK');
    assert.deepEqual(ends, ['exit status 0']);
  });

  test('that ends with the status for a restart makes the whole service restart', async (t) => {
    const { child, ends } = start(t, `${GREET}; exit ${EXIT_RESTART}`);
    await child.closed;
    assert.deepEqual(ends, [`exit status ${EXIT_RESTART}`, 'restart']);
  });

  test('that is retired answers its pending requests, takes no more, and does not report its end', async (t) => {
    const { child, ready, ends } = start(t, `${GREET}; sleep 0.2; ${SERVE_ONE}; cat`);
    await ready;
    const asked = child.ask(EXCHANGE);
    child.retire();
    assert.equal(await child.ask(EXCHANGE), 'FAILED');
    assert.equal(await asked, 'OK');
    await child.closed;
    assert.deepEqual(ends, []);
  });

  const GREET_WITH_METRICS = `echo '{"type":"ready","answers":["exchange","numbers"]}'`;
  const NUMBERS: DomainNumbers = {
    ...{ alive: 1, idle: 2, stale: 3, pending: 4, static: 5, entries: 12 },
    ...{ passes: 6, removals: 7, lastPass: 1_700_000_000 },
  };
  const sayNumbers = (id: number, numbers: DomainNumbers | null) =>
    `echo '${JSON.stringify({ type: 'numbers', id, numbers })}'`;
  const OTHER = 'ffmuc_welt' as DomainName;

  test('with metrics reports its batches, and the numbers of its domains', async (t) => {
    const file = join(directory, 'numbers');
    const say = `echo '{"type":"batch","domain":"ffww01","exchanges":3}'; ${sayNumbers(2, null)}; ${sayNumbers(1, NUMBERS)}`;
    const read = `read -r a; read -r b; echo "$a" > ${file}; echo "$b" >> ${file}`;
    const { child, ready, batches } = start(t, `${GREET_WITH_METRICS}; ${read}; ${say}; cat`);
    await ready;
    const asked = [child.findNumbers(DOMAIN), child.findNumbers(OTHER), child.findNumbers(DOMAIN)];
    assert.deepEqual(await Promise.all(asked), [NUMBERS, null, NUMBERS]);
    assert.deepEqual(batches, [['ffww01', 3]]);
    assert.equal(
      readFileSync(file, 'utf8'),
      `{"type":"numbers","id":1,"domain":"ffww01"}\n{"type":"numbers","id":2,"domain":"ffmuc_welt"}\n`,
    );
    assert.equal(child.hasServed, false);
  });

  test('is asked for numbers again after it has answered', async (t) => {
    const answer = (id: number, numbers: DomainNumbers | null) => `read -r line; ${sayNumbers(id, numbers)}`;
    const { child, ready } = start(t, `${GREET_WITH_METRICS}; ${answer(1, null)}; ${answer(2, NUMBERS)}; cat`);
    await ready;
    assert.equal(await child.findNumbers(DOMAIN), null);
    assert.deepEqual(await child.findNumbers(DOMAIN), NUMBERS);
  });

  test('without metrics is not asked for numbers, as that would end it', async (t) => {
    const { child, ready, ends } = start(t, `${GREET}; ${SERVE_ONE}; cat`);
    await ready;
    assert.equal(await child.findNumbers(DOMAIN), null);
    assert.equal(await child.ask(EXCHANGE), 'OK');
    assert.deepEqual(ends, []);
  });

  test('that has ended gives no numbers', async (t) => {
    const { child, ready } = start(t, `${GREET_WITH_METRICS}; read -r line; exit 3`);
    await ready;
    assert.equal(await child.findNumbers(DOMAIN), null);
    assert.equal(await child.findNumbers(DOMAIN), null);
  });

  test('that does not give numbers in time is not ended for that', async (t) => {
    const { child, ready, ends } = start(t, `${GREET_WITH_METRICS}; read -r line; ${SERVE_ONE}; cat`);
    await ready;
    void child.findNumbers(DOMAIN);
    assert.equal(await child.ask(EXCHANGE), 'OK');
    assert.deepEqual(ends, []);
  });

  const UNASKED = [
    [
      'reports a batch without having said that it would',
      GREET,
      `echo '{"type":"batch","domain":"ffww01","exchanges":3}'`,
    ],
    ['gives numbers without a request', GREET_WITH_METRICS, sayNumbers(1, NUMBERS)],
    ['answers a request with numbers', GREET_WITH_METRICS, `read -r line; ${sayNumbers(1, NUMBERS)}`],
  ] as const;
  for (const [name, greet, script] of UNASKED) {
    test(`that ${name} is ended`, async (t) => {
      const { child, ready, ends } = start(t, `${greet}; ${script}; cat`);
      await ready;
      assert.equal(await child.ask(EXCHANGE), 'FAILED');
      await child.closed;
      assert.match(ends.join(), /^Cannot read reply: (no such request is pending|a batch without metrics)$/);
    });
  }

  test('gets nothing of the environment except the path of sudo', async (t) => {
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

/** A fake handler, written in shell; it writes its process ID to a file, and ends with the test. */
function start(t: TestContext, script: string, limits = PATIENT) {
  const file = join(mkdtempSync(join(directory, 'child-')), 'pid');
  const ends: string[] = [];
  const batches: [domain: string, exchanges: number][] = [];
  let greet: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    greet = resolve;
  });
  const child = new HandlerChild(
    ['sh', '-c', `echo $$ > ${file}; ${script}`],
    {
      onReady: greet,
      onEnd: (reason) => void ends.push(reason),
      onRestartNeeded: () => void ends.push('restart'),
      onBatch: (domain, exchanges) => void batches.push([domain, exchanges]),
    },
    limits,
  );
  t.after(() => {
    child.retire();
    return child.closed;
  });
  const isGone = () => !isRunning(Number(readFileSync(file, 'utf8')));
  return { child, ready, ends, batches, isGone };
}

/**
 * Blocks this process for this time, and until the file exists. Call it after a pause: afterwards the first thing to
 * happen is that timers fire.
 */
function standStill(file: string, milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() <= end || !existsSync(file))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

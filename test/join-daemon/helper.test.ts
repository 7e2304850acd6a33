import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { parseInstanceName } from '../../src/core/client/instance.ts';
import { AttemptFailure } from '../../src/join/daemon/failure.ts';
import { HelperChild } from '../../src/join/daemon/helper/child.ts';
import { Helper } from '../../src/join/daemon/helper/helper.ts';
import { keepLog } from '../system/events.ts';
import { until } from './scene.ts';

const NAME = parseInstanceName('members');
const GREET = `read -r begin; echo '{"type":"ready"}'`;
const LOOK = '{"isUp":false,"handshake":0,"received":0,"sent":0,"addresses":[]}';
const SERVE_ONE = `read -r line; id=\${line##*:}; echo "{\\"type\\":\\"look\\",\\"id\\":\${id%\\}},\\"look\\":${LOOK.replaceAll('"', '\\"')}}"`;
const PATIENT_SECONDS = 60;

describe('wgkex-tunnel', { concurrency: true }, () => {
  test('gets the name of the tunnel, then each request as one line, and answers', async (t) => {
    const { child, ready } = start(
      t,
      `read -r begin; case $begin in *'"name":"members"'*) echo '{"type":"ready"}';; esac; ${SERVE_ONE}; ${SERVE_ONE}; cat`,
    );
    await ready;
    const replies = await Promise.all([child.ask('look', {}), child.ask('look', {})]);
    assert.deepEqual(
      replies,
      [1, 2].map((id) => ({ type: 'look', id, look: JSON.parse(LOOK) as unknown })),
    );
    assert.equal(child.hasServed, true);
  });

  const FAULTS = [
    ['prints nonsense', 'echo nonsense', /^Cannot read reply: not JSON$/],
    ['replies with an additional field', `echo '{"type":"down","id":1,"more":1}'`, /^Cannot read reply: unexpected/],
    [
      'replies with two lines in a reason',
      `printf '%s\\n' '{"type":"look","id":1,"refused":""}'`,
      /^Cannot read reply: unexpected/,
    ],
    ['answers what it was not asked', `echo '{"type":"look","id":99,"refused":"no"}'`, /no such request is pending$/],
    ['answers with another type', `echo '{"type":"down","id":1}'`, /no such request is pending$/],
    ['answers out of order', `echo '{"type":"look","id":2,"refused":"no"}'`, /no such request is pending$/],
    ['greets twice', `echo '{"type":"ready"}'`, /^Cannot read reply: a second greeting$/],
    ['prints without end', 'head -c 100000 /dev/zero', /^Cannot read a line: more than 4096 bytes$/],
    ['dies', 'exit 3', /^exit status 3$/],
    ['is killed', 'kill -KILL $$', /^ended by SIGKILL$/],
  ] as const;
  for (const [name, script, reason] of FAULTS)
    test(`that ${name} is ended, and its requests fail`, async (t) => {
      const { child, ready, ends } = start(t, `${GREET}; read -r line; ${script}; cat`);
      await ready;
      assert.deepEqual(await Promise.all([child.ask('look', {}), child.ask('look', {})]), [undefined, undefined]);
      await child.closed;
      assert.equal(ends.length, 1);
      assert.match(ends[0] ?? '', reason);
      assert.equal(await child.ask('look', {}), undefined);
    });

  test('that does not answer in time is ended', async (t) => {
    const { child, ready, ends } = start(t, `${GREET}; exec sleep 60`, 0.3);
    await ready;
    assert.equal(await child.ask('look', {}), undefined);
    assert.deepEqual(ends, ['no reply within 0.3 s']);
  });

  test('that does not greet in time is ended', async (t) => {
    const { child, ends } = start(t, 'exec sleep 60', 0.3);
    await child.closed;
    assert.deepEqual(ends, ['no greeting within 0.3 s']);
  });

  test('that cannot be started counts as ended', async () => {
    const ends: string[] = [];
    const child = new HelperChild(
      ['/nowhere/wgkex-tunnel'],
      NAME,
      { onReady() {}, onEnd: (end) => void ends.push(end) },
      10,
    );
    assert.equal(await child.ask('look', {}), undefined);
    await child.closed;
    assert.match(ends.join(), /ENOENT/);
  });

  test('answers what it was asked before it is retired', async (t) => {
    const { child, ready, ends } = start(t, `${GREET}; ${SERVE_ONE}; cat`);
    await ready;
    const asked = child.ask('look', {});
    child.retire();
    assert.equal((await asked)?.type, 'look');
    await child.closed;
    assert.deepEqual(ends, []);
  });
});

describe('the keeper of wgkex-tunnel', { concurrency: true }, () => {
  test('starts it again after pauses that grow, and then serves those that wait', async (t) => {
    const { log, lines } = keepLog();
    // The third one serves: each begins with a longer file.
    const script = `n=$(wc -c < "$0"); printf x >> "$0"; [ "$n" -lt 2 ] && exit 3; ${GREET}; ${SERVE_ONE}; cat`;
    const file = await makeFile(t);
    const helper = new Helper(NAME, { command: ['sh', '-c', script, file], seconds: PATIENT_SECONDS, events: log });
    t.after(() => helper.stop());
    assert.equal((await helper.ask('look', {})).type, 'look');
    assert.deepEqual(
      lines,
      [100, 200].map((pause) => `<3>tunnel helper ended restart_ms=${pause}: exit status 3`),
    );
  });

  test('says that there is none once that has taken too long', async (t) => {
    const { log, lines } = keepLog();
    const helper = new Helper(NAME, { command: ['/nowhere/wgkex-tunnel'], seconds: 0.5, events: log });
    t.after(() => helper.stop());
    await assert.rejects(
      helper.ask('look', {}),
      (error) => error instanceof AttemptFailure && error.fault === 'machine',
    );
    await until(
      () => lines.length >= 2,
      () => lines,
    );
    assert.match(lines[0] ?? '', /^<3>tunnel helper ended restart_ms=100: .*ENOENT/);
  });

  test('starts no more once it was stopped, and fails those that wait', async () => {
    const { log, lines } = keepLog();
    const helper = new Helper(NAME, { command: ['sh', '-c', 'exec sleep 60'], seconds: 0.5, events: log });
    const asked = helper.ask('look', {});
    const failed = assert.rejects(asked, AttemptFailure);
    await helper.stop();
    await failed;
    assert.deepEqual(lines, []);
  });
});

function start(t: TestContext, script: string, seconds = PATIENT_SECONDS) {
  const ends: string[] = [];
  let greeted = () => {};
  const ready = new Promise<void>((resolve) => {
    greeted = resolve;
  });
  const events = { onReady: () => greeted(), onEnd: (reason: string) => void ends.push(reason) };
  const child = new HelperChild(['sh', '-c', script], NAME, events, seconds);
  t.after(() => child.retire());
  return { child, ready, ends };
}

async function makeFile(t: TestContext): Promise<string> {
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const directory = await mkdtemp(`${tmpdir()}/wgkex-join-helper-`);
  t.after(() => rm(directory, { recursive: true }));
  await writeFile(`${directory}/starts`, '');
  return `${directory}/starts`;
}

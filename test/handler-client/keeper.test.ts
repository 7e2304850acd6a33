import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { EXIT_RESTART } from '../../src/command-line.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { HandlerKeeper } from '../../src/handler-client/keeper.ts';
import { Log } from '../../src/log/log.ts';
import { DOMAIN, KEYS } from '../core/arbitraries.ts';

const EXCHANGE: Exchange = { domain: DOMAIN, key: KEYS[0], from: parseIpAddress('2001:db8::1') };
const GREET = `echo '{"type":"ready","answers":["exchange"]}'`;
/** Longer than a test may last. */
const NEVER_MILLISECONDS = 300_000;
const directory = mkdtempSync(join(tmpdir(), 'wgkex-handler-keeper-'));
after(() => rmSync(directory, { recursive: true }));

/** A handler, written in shell, that answers every request with `code`; "stop" in place of a code ends it. */
const serving = (code: string) =>
  shell(
    `${GREET}; while read -r line; do id=\${line#*,*:}; echo "{\\"type\\":\\"exchange\\",\\"id\\":\${id%%,*},\\"code\\":\\"${code}\\"}"; done`,
  );
const shell = (script: string) => ['sh', '-c', script];

describe('the keeper of the handler', { concurrency: true, timeout: 120_000 }, () => {
  test('starts nothing without a command, and a handler once it has one', async (t) => {
    const { keeper } = keep(t, undefined);
    await keeper.isDecided;
    assert.equal(await keeper.ask(EXCHANGE), 'FAILED');
    assert.equal(await keeper.reload(serving('OK')), true);
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
    assert.equal(await keeper.reload(undefined), true);
    assert.deepEqual([await keeper.ask(EXCHANGE), keeper.isServing], ['FAILED', false]);
  });

  test('makes requests wait until the handler is ready', async (t) => {
    const keeper = keep(t, shell(`sleep 0.2; ${serving('OK')[2]}`)).keeper;
    assert.deepEqual(await Promise.all([keeper.ask(EXCHANGE), keeper.ask(EXCHANGE)]), ['OK', 'OK']);
  });

  test('restarts a handler that died, and makes requests wait for it', async (t) => {
    const mark = join(directory, 'died-once');
    const script = `if [ -e ${mark} ]; then ${serving('OK')[2]}; else ${GREET}; read -r line; touch ${mark}; exit 3; fi`;
    const { keeper, restarts, counted } = keep(t, shell(script));
    assert.equal(await keeper.ask(EXCHANGE), 'FAILED');
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
    assert.deepEqual([keeper.isServing, counted.restarts], [true, 1]);
    assert.deepEqual(restarts(), [{ restart_ms: 100, reason: 'exit status 3' }]);
  });

  test('does not serve after a handler died until the next one greets', async (t) => {
    const mark = join(directory, 'died-for-good');
    const script = `if [ -e ${mark} ]; then cat > /dev/null; else touch ${mark}; ${GREET}; read -r line; exit 3; fi`;
    const { keeper } = keep(t, shell(script));
    await eventually(() => keeper.isServing);
    assert.equal(await keeper.ask(EXCHANGE), 'FAILED');
    assert.equal(keeper.isServing, false);
  });

  test('reports batches, and asks for numbers if there is a handler', async (t) => {
    const greet = `echo '{"type":"ready","answers":["exchange","numbers"]}'; echo '{"type":"batch","domain":"ffww01","exchanges":7}'`;
    const late = join(directory, 'greets-late');
    const script = `while [ ! -e ${late} ]; do sleep 0.05; done; ${greet}; read -r line; echo '{"type":"numbers","id":1,"numbers":null}'`;
    const { keeper, counted } = keep(t, shell(`${script}; cat`));
    assert.equal(await keeper.findNumbers(DOMAIN), null, 'at once, as there is no handler to ask');
    writeFileSync(late, '');
    await eventually(() => keeper.isServing);
    assert.equal(await keeper.findNumbers(DOMAIN), null);
    assert.equal(counted.exchanges, 7);
  });

  test('doubles its pause before each further start', async (t) => {
    const { restarts } = keep(t, shell('exit 1'));
    await eventually(() => restarts().length >= 3);
    assert.deepEqual(
      restarts()
        .slice(0, 3)
        .map(({ restart_ms }) => restart_ms),
      [100, 200, 400],
    );
  });

  test('returns to its first pause if the handler has served since', async (t) => {
    const once = `${GREET}; read -r line; id=\${line#*,*:}; echo "{\\"type\\":\\"exchange\\",\\"id\\":\${id%%,*},\\"code\\":\\"OK\\"}"; sleep 0.1; exit 4`;
    const { keeper, restarts } = keep(t, shell(once));
    for (const round of [1, 2, 3]) {
      assert.equal(await keeper.ask(EXCHANGE), 'OK');
      await eventually(() => restarts().length === round);
    }
    assert.deepEqual(
      restarts().map(({ restart_ms }) => restart_ms),
      [100, 100, 100],
    );
  });

  test('tries again to start a handler that cannot be started', async (t) => {
    const program = join(directory, 'installed-late');
    const { keeper } = keep(t, [program]);
    const asked = keeper.ask(EXCHANGE);
    await pause(50);
    writeFileSync(program, `#!/bin/sh\n${serving('OK')[2]}\n`, { mode: 0o755 });
    assert.equal(await asked, 'OK');
  });

  test('lets a new handler take over when it is ready, and the old one answer its pending requests', async (t) => {
    const mark = join(directory, 'asked');
    const reply = `echo '{"type":"exchange","id":1,"code":"FULL"}'`;
    const { keeper } = keep(t, shell(`${GREET}; read -r line; touch ${mark}; sleep 0.3; ${reply}; cat > /dev/null`));
    const asked = keeper.ask(EXCHANGE);
    await eventually(() => existsSync(mark));
    keeper.reload(serving('OK'));
    await eventually(async () => (await keeper.ask(EXCHANGE)) === 'OK');
    assert.equal(await asked, 'FULL');
  });

  test('keeps the old handler if the new one dies', async (t) => {
    const { keeper, logged } = keep(t, serving('OK'));
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
    keeper.reload(shell('exit 78'));
    await eventually(() => logged().some(({ msg }) => msg === 'kept the old handler'));
    const { level, reason } = logged().find(({ msg }) => msg === 'kept the old handler') ?? {};
    assert.deepEqual([level, reason], [50, 'the new one ended: exit status 78']);
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
  });

  test('continues with the old handler while the new one is not ready', async (t) => {
    const { keeper } = keep(t, serving('OK'));
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
    keeper.reload(shell('cat > /dev/null'));
    await pause(100);
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
  });

  test('takes the last of several new handlers', async (t) => {
    const { keeper } = keep(t, serving('FULL'));
    assert.equal(await keeper.ask(EXCHANGE), 'FULL');
    keeper.reload(shell(`sleep 0.2; ${serving('BUSY')[2]}`));
    keeper.reload(serving('OK'));
    await eventually(async () => (await keeper.ask(EXCHANGE)) === 'OK');
    await pause(300);
    assert.equal(await keeper.ask(EXCHANGE), 'OK');
  });

  test('stops when the handler has answered its pending requests, and leaves no process', async (t) => {
    const file = join(directory, 'stopped');
    const reply = `echo '{"type":"exchange","id":1,"code":"OK"}'`;
    const { keeper } = keep(t, shell(`${GREET}; read -r line; echo $$ > ${file}; sleep 0.2; ${reply}`));
    const asked = keeper.ask(EXCHANGE);
    await eventually(() => existsSync(file));
    await keeper.stop();
    assert.equal(await asked, 'OK');
    assert.throws(() => process.kill(Number(readFileSync(file, 'utf8')), 0), { code: 'ESRCH' });
  });

  test('reports that the whole service has to restart if its handler ends for that, and for no other end', async (t) => {
    const { counted } = keep(t, shell(`${GREET}; exit ${EXIT_RESTART}`));
    await eventually(() => counted.serviceRestarts > 0);
    const other = keep(t, shell('exit 78'));
    await other.ended;
    assert.equal(other.counted.serviceRestarts, 0);
  });

  test('starts no handler after it was stopped', async (t) => {
    const file = join(directory, 'starts');
    const { keeper, ended } = keep(t, shell(`echo started >> ${file}; exit 1`));
    // At once: the next start comes 0.1 s later.
    await ended;
    await keeper.stop();
    await pause(250);
    assert.equal(readFileSync(file, 'utf8'), 'started\n');
  });
});

// Not among the others: the processes that they start delay the timers of this one by seconds.
test('the keeper makes a request wait as long as it may for a handler, and no longer', async (t) => {
  const { keeper } = keep(t, shell('cat > /dev/null'), 300);
  const asked = performance.now();
  assert.equal(await keeper.ask(EXCHANGE), 'FAILED');
  const seconds = (performance.now() - asked) / 1000;
  assert.ok(seconds > 0.29 && seconds < 10, `${seconds} s`);
});

interface Logged {
  readonly msg: string;
  readonly level: number;
  readonly reason?: string;
  readonly restart_ms?: number;
}

/** A keeper that stops with the test. */
function keep(t: TestContext, command: readonly string[] | undefined, waitMilliseconds = NEVER_MILLISECONDS) {
  const lines: string[] = [];
  const log = new Log({ level: 'debug', addresses: 'full' }, 'json', (line) => {
    lines.push(line);
  });
  const counted = { restarts: 0, exchanges: 0, serviceRestarts: 0 };
  let end: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const meter = {
    handlerRestarted: () => {
      counted.restarts++;
      end();
    },
    batchServed: (_: string, exchanges: number) => {
      counted.exchanges += exchanges;
    },
  };
  const onRestartNeeded = () => {
    counted.serviceRestarts++;
  };
  const keeper = new HandlerKeeper(command, log, meter, onRestartNeeded, waitMilliseconds);
  t.after(() => keeper.stop());
  const logged = () => lines.map((line) => JSON.parse(line) as Logged);
  const restarts = () =>
    logged()
      .filter(({ msg }) => msg === 'handler ended')
      .map(({ restart_ms, reason }) => ({ restart_ms, reason }));
  return { keeper, logged, restarts, counted, ended };
}

async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    assert.ok(performance.now() < end, 'the condition did not hold within 60 s');
    await pause(20);
  }
}

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { attempt, type Background, eventually, sh, startIn } from '../../lab/commands.ts';
import { Gateway } from '../../lab/gateway.ts';
import { look } from '../../lab/operator.ts';
import { Router } from '../../lab/router.ts';

/** xterm: into the alternate screen, and out of it. */
const ENTER = '\x1b[?1049h';
const LEAVE = '\x1b[?1049l';

let gateway: Gateway;
let router: Router;

before(async () => {
  gateway = await Gateway.create(33, [{ name: 'ffww01' }, { name: 'ffww02' }]);
  await gateway.start();
  router = await Router.create(gateway, 1);
  assert.equal(await router.exchange('ffww01'), 'OK');
  await router.up();
  await router.connected();
});
after(() => gateway.close());

describe('wgkex watch on a terminal', () => {
  test('shows the traffic of each peer, and keeps refreshing', async () => {
    const terminal = await openTerminal();
    const pings = router.ping(30);
    const flow = /(?:[1-9]\d*|[\d.]+K) +(?:[1-9]\d*|[\d.]+K)$/m;
    const hasFlow = () => findLine(terminal, router.key).some((line) => flow.test(line));
    await eventually('it shows a flow in both directions', hasFlow);
    const [line] = lastFrame(terminal).split('\n');
    await eventually('it has looked again', () => lastFrame(terminal).split('\n')[0] !== line);
    await pings;
    terminal.child.stdin?.write('q');
    await assertRestored(terminal);
  });

  const ENDS = [
    ['q', (terminal: Background) => terminal.child.stdin?.write('q'), 0],
    ['Ctrl-C', (terminal: Background) => terminal.child.stdin?.write('\x03'), 0],
    ['SIGTERM', () => killWatch('SIGTERM'), 143],
    ['SIGHUP', () => killWatch('SIGHUP'), 129],
    ['SIGINT', () => killWatch('SIGINT'), 130],
  ] as const;
  for (const [name, end, status] of ENDS) {
    test(`restores the terminal after ${name}`, async () => {
      const terminal = await openTerminal();
      await end(terminal);
      await assertRestored(terminal, status);
    });
  }

  test('prints no more lines than the terminal has', async () => {
    const terminal = await openTerminal({ size: 'rows 6 cols 60' });
    const lines = lastFrame(terminal).split('\n');
    assert.ok(lines.length <= 6, String(lines.length));
    terminal.child.stdin?.write('q');
    await assertRestored(terminal);
  });

  const KEYS = [
    ['filters while letters are typed', '/nowhere', /^No peer matches\.$/m],
    ['clears the filter with Esc', '\x1b', /^[\s\S]*KEY[^\n]*\n.*\d+ s/],
    ['sorts by the next column', '>', /by entries /],
    ['reverses', 'I', /by entries, reversed /],
    ['sorts by the column before', '<', /by traffic /],
    ['shows its keys with F1', '\x1bOP', /^Keys of wgkex watch$/m],
  ] as const;
  test('obeys keys at once, however long the interval is', async () => {
    const terminal = await openTerminal({ interval: 3600 });
    for (const [what, keys, expected] of KEYS) {
      terminal.child.stdin?.write(keys);
      await eventually(what, () => expected.test(lastFrame(terminal)));
    }
    terminal.child.stdin?.write('xq');
    await assertRestored(terminal);
  });

  test('follows a resize to 80 columns, where its lines fit', async () => {
    const terminal = await openTerminal({ size: 'rows 30 cols 160', interval: 3600 });
    assert.match(lastFrame(terminal), /ENDPOINT/);
    await resize(terminal, 12, 80);
    await eventually('it is narrower', () => !/ENDPOINT/.test(lastFrame(terminal)));
    const lines = lastFrame(terminal).split('\n');
    assert.ok(lines.length <= 12 && lines.every((line) => line.length <= 80), lines.join('\n'));
    terminal.child.stdin?.write('q');
    await assertRestored(terminal);
  });

  test('ends when its terminal is gone', async () => {
    const terminal = await openTerminal();
    const watch = Number(await readFile(`${FILES}.pid`, 'utf8'));
    await terminal.stop('SIGKILL');
    await eventually('the watch has ended', () => !existsSync(`/proc/${watch}`));
  });

  for (const [what, environment, hasColour] of [
    ['paints', '', true],
    ['paints nothing with NO_COLOR', 'NO_COLOR=1', false],
  ] as const) {
    test(what, async () => {
      const terminal = await openTerminal({ environment });
      await eventually('a frame is complete', () => terminal.stdout.includes('\x1b[J'));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: ECMA-48.
      assert.equal(/\x1b\[[0-9;]*m/.test(terminal.stdout), hasColour);
      terminal.child.stdin?.write('q');
      await assertRestored(terminal);
    });
  }

  test('draws nothing on a dumb terminal, and says so in one line', async () => {
    const script = ['--quiet', '--return', '--command', 'TERM=dumb wgkex watch', '/dev/null'];
    const { exitCode, stdout } = await attempt(gateway.namespace, 'script', script);
    const reason = 'watch cannot draw on a terminal with TERM=dumb; use --json or wgkex peers';
    assert.deepEqual([exitCode, stdout.trim()], [2, `wgkex: ${reason}; try wgkex --help`]);
  });

  test('reports a domain that cannot be read, and shows the rest', async () => {
    await gateway.removeInterfaces('ffww02');
    const terminal = await openTerminal();
    const complaint = /Cannot read the peers of ffww02: interface \S+ does not exist/;
    // A frame may be incomplete.
    await eventually('it does both', () => {
      return complaint.test(lastFrame(terminal)) && findLine(terminal, router.key).length === 1;
    });
    terminal.child.stdin?.write('q');
    await assertRestored(terminal);
    await gateway.addInterfaces('ffww02');
  });
});

describe('wgkex watch --json', () => {
  test('prints one object per line, with rates from the second one on', async () => {
    const watch = startIn(gateway.namespace, 'wgkex', 'watch', '--json', '--interval', '0.2');
    const frames = () =>
      watch.stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    await eventually('it has looked once', () => frames().length > 0);
    const pings = router.ping(10);
    await eventually('there is traffic', () =>
      frames().some(({ peers }) => peers[0].receive_rate > 0 && peers[0].send_rate > 0),
    );
    await pings;
    const [first, second] = frames();
    assert.deepEqual(
      [first.peers[0].key, first.peers[0].receive_rate, first.peers[0].send_rate],
      [router.key, null, null],
    );
    assert.equal(typeof second.peers[0].receive_rate, 'number');
    await watch.stop();
  });

  test('ends quietly with its reader', async () => {
    const script = 'set -o pipefail; wgkex watch --json --interval 0.2 | head -2';
    const { exitCode, stdout, stderr } = await attempt(gateway.namespace, 'bash', ['-c', script]);
    assert.deepEqual([exitCode, stderr, stdout.split('\n').length], [0, '', 2]);
  });
});

const WRONG_CALLS = [
  [[], 'watch needs a terminal, or --json'],
  [['--interval', '0'], 'Cannot use "0" as an interval: expected 0.2 to 3600 seconds'],
  [['--interval', 'soon'], 'Cannot use "soon" as an interval: expected 0.2 to 3600 seconds'],
] as const;
for (const [args, reason] of WRONG_CALLS) {
  test(`wgkex watch with ${args.join(' ') || 'no terminal'} is a usage error`, async () => {
    const { exitCode, stdout, stderr } = await look(gateway, ['watch', ...args]);
    assert.deepEqual([exitCode, stdout, stderr], [2, '', `wgkex: ${reason}; try wgkex --help`]);
  });
}

/** Starts the watch on a terminal of its own, and waits until it shows the router. */
async function openTerminal({ size = 'rows 24 cols 80', interval = 0.2, environment = '' } = {}): Promise<Background> {
  const watch = `echo $$ >${FILES}.pid; exec env --unset=NO_COLOR TERM=xterm-256color ${environment} wgkex watch --interval ${interval}`;
  const script = `tty >${FILES}.tty; stty ${size}; stty -g >${FILES}.before; sh -c '${watch}'; status=$?; stty -g >${FILES}.after; exit $status`;
  const words = ['script', '--quiet', '--return', '--command', script, '/dev/null'];
  const terminal = startIn(gateway.namespace, ...words);
  await eventually('the watch shows something', () => terminal.stdout.includes('KEY'));
  assert.ok(terminal.stdout.startsWith(ENTER));
  return terminal;
}

/** The prefix of files with the process id of the watch, its terminal, and the state of that before and after it. */
const FILES = '/run/watch';

async function resize(terminal: Background, rows: number, columns: number): Promise<void> {
  const device = (await readFile(`${FILES}.tty`, 'utf8')).trim();
  const { length } = terminal.stdout;
  await sh('stty', '-F', device, 'rows', String(rows), 'cols', String(columns));
  await eventually('it draws', () => terminal.stdout.slice(length).includes('\x1b[J'));
}

async function killWatch(signal: NodeJS.Signals): Promise<void> {
  process.kill(Number(await readFile(`${FILES}.pid`, 'utf8')), signal);
}

async function assertRestored(terminal: Background, status = 0): Promise<void> {
  await eventually('the watch has ended', () => terminal.hasEnded);
  assert.equal(terminal.child.exitCode, status);
  // After that there is only the message of the shell about a signal.
  const rest = terminal.stdout.slice(terminal.stdout.lastIndexOf(LEAVE));
  assert.ok(rest.startsWith(LEAVE) && rest.lastIndexOf('\x1b') === 0, JSON.stringify(rest));
  const [before, after] = await Promise.all(['before', 'after'].map((when) => readFile(`${FILES}.${when}`, 'utf8')));
  assert.equal(after, before);
}

/** The current screen of the terminal. */
function lastFrame({ stdout }: Background): string {
  return stripVTControlCharacters(stdout.split('\x1b[H').at(-1) ?? '').replaceAll('\r', '');
}

/** The lines that show the peer with this key. */
function findLine(terminal: Background, key: string): string[] {
  return lastFrame(terminal)
    .split('\n')
    .filter((line) => line.includes(key.slice(0, 12)));
}

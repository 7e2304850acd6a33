import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { exchange, makeKey } from '../../lab/client.ts';
import { attempt, eventually, startIn } from '../../lab/commands.ts';
import { AS_WGKEX, Gateway, IS_IN_USER_NAMESPACE, IS_ROOT_ALONE } from '../../lab/gateway.ts';
import { giveOperators } from '../../lab/holdings.ts';
import { startJournal } from '../../lab/journal.ts';
import { connect, look, lookUp, makeKeyPair } from '../../lab/operator.ts';
import { assertSnapshot } from '../snapshot.ts';

const [TOWER, SCHOOL, OPERATORS, ABSENT] = ['tower', 'school', 'static', 'absent'].map((name) =>
  makeKeyPair(`named: ${name}`),
) as [
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
  ReturnType<typeof makeKeyPair>,
];
const NAMES = {
  tower: 'Church tower, Köln',
  school: '学校の屋根 (Schule)',
  operators: 'Gateway 2',
  absent: 'Depot, shelf 3 #2',
};
const PATH = '/etc/wgkex/router_names';
const FIRST_LINES = '# names of routers\n\n';

let gateway: Gateway;
let file: string;
let disallowed: string;
/** 45 s after the one handshake. */
let now: number;

before(async () => {
  gateway = await Gateway.create(80, [{ name: 'ffww01' }, { name: 'ffmuc', settings: { address: 'ffmuc' } }]);
  file = `/etc/netns/${gateway.namespace}/wgkex/router_names`;
  disallowed = `/etc/netns/${gateway.namespace}/wgkex/disallowed_keys`;
  await gateway.configure({ metrics: { listen: `${gateway.address}:9586` } });
  await gateway.start();
  for (const { publicKey } of [TOWER, SCHOOL])
    assert.equal(await exchange(gateway.address, 'ffww01', publicKey), 'OK\n');
  await gateway.run('wg', 'set', gateway.wireguard(), 'peer', OPERATORS.publicKey, 'allowed-ips', '192.0.2.0/24');
  now = (await connect(gateway, TOWER)) + 45;
});
after(() => gateway.close());
beforeEach(async () => {
  await writeNames(
    ...[`${TOWER.publicKey} ${NAMES.tower}`, `${SCHOOL.publicKey}\t${NAMES.school}`],
    ...[`${OPERATORS.publicKey} ${NAMES.operators}`, `${ABSENT.publicKey} ${NAMES.absent}`],
  );
  await rm(disallowed, { force: true });
});

describe('wgkex name', () => {
  test('creates a file that root alone can read', async () => {
    await rm(file);
    const { exitCode, stdout, stderr } = await look(gateway, ['name', TOWER.publicKey, NAMES.tower], { columns: 160 });
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(stdout, `${PATH}: added ${TOWER.publicKey} ${NAMES.tower}`);
    assert.equal(await readFile(file, 'utf8'), `${TOWER.publicKey} ${NAMES.tower}\n`);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  test('changes one line, and keeps the others and the mode', async () => {
    await chmod(file, 0o640);
    const before = await readFile(file, 'utf8');
    const { document } = await lookUp(gateway, ['name', SCHOOL.publicKey, 'Turnhalle']);
    const line = `${SCHOOL.publicKey} Turnhalle`;
    const naming = { file: PATH, outcome: 'changed', line };
    const same = { key: SCHOOL.publicKey, name: 'Turnhalle', dry_run: false, success: true, list: null, domains: [] };
    assert.deepEqual(document, { ...same, naming });
    assert.equal(await readFile(file, 'utf8'), before.replace(/^.*学校.*$/m, line));
    assert.equal((await stat(file)).mode & 0o777, 0o640);
  });

  test('takes a name away with --remove; without one there is nothing to remove, status 1', async () => {
    const before = await readFile(file, 'utf8');
    const removed = await look(gateway, ['name', SCHOOL.publicKey, '--remove'], { columns: 160 });
    assert.deepEqual([removed.exitCode, removed.stdout], [0, `${PATH}: removed the name of ${SCHOOL.publicKey}`]);
    assert.equal(await readFile(file, 'utf8'), before.replace(/^.*学校.*\n/m, ''));
    const { exitCode, stdout, stderr } = await look(gateway, ['name', SCHOOL.publicKey, '--remove']);
    const reason = `wgkex: Cannot remove the name of ${SCHOOL.publicKey}: it is not in ${PATH}`;
    assert.deepEqual([exitCode, stdout, stderr], [1, '', reason]);
  });

  test('with --dry-run changes nothing', async () => {
    const before = await readFile(file, 'utf8');
    for (const [words, expected] of [
      [['New name'], `would set ${TOWER.publicKey} New name`],
      [[NAMES.tower], `${TOWER.publicKey} already has this name`],
      [['--remove'], `would remove the name of ${TOWER.publicKey}`],
    ] as const) {
      const { exitCode, stdout } = await look(gateway, ['name', TOWER.publicKey, ...words, '--dry-run'], {
        columns: 160,
      });
      assert.deepEqual([exitCode, stdout], [0, `${PATH}: ${expected}\nNothing was changed.`]);
    }
    assert.equal(await readFile(file, 'utf8'), before);
  });

  const BAD: readonly (readonly [what: string, name: string, reason: string])[] = [
    ['an empty name', ' ', 'expected 1 to 64 characters'],
    ['a name that is too long', 'x'.repeat(65), 'it has 65 characters, expected at most 64'],
    ['a line break', 'a\nb', 'it has a control or invisible character (U+000A)'],
    ['a terminal escape', '\x1b[31mred', 'it has a control or invisible character (U+001B)'],
    ['a bidi control', 'gw\u202e1', 'it has a control or invisible character (U+202E)'],
  ];
  for (const [what, name, reason] of BAD) {
    test(`refuses ${what} in one line, status 2`, async () => {
      const before = await readFile(file, 'utf8');
      for (const words of [
        ['name', TOWER.publicKey, name],
        ['add', 'ffww01', makeKey(), '--name', name],
      ]) {
        const { exitCode, stdout, stderr } = await look(gateway, words);
        assert.deepEqual([exitCode, stdout], [2, '']);
        assert.match(stderr, /^wgkex: Cannot use ".*"…? as a name: [^\n]*; try wgkex --help$/);
        assert.ok(stderr.includes(`: ${reason};`), stderr);
      }
      assert.equal(await readFile(file, 'utf8'), before);
    });
  }

  test('wants either a name or --remove', async () => {
    for (const words of [[], ['x', '--remove']]) {
      const { exitCode, stderr } = await look(gateway, ['name', TOWER.publicKey, ...words]);
      assert.deepEqual([exitCode, stderr], [2, 'wgkex: expected either a name or --remove; try wgkex --help']);
    }
  });

  test('is for root alone', {
    skip: IS_ROOT_ALONE ? 'SKIPPED: a user namespace has no other users' : false,
  }, async () => {
    const { exitCode, stderr } = await lookAsUser('name', TOWER.publicKey, 'x');
    assert.deepEqual([exitCode, stderr], [2, 'wgkex: it must be run as root; try wgkex --help']);
  });

  test('does not touch a file in a directory that others may write to', async () => {
    const directory = await mkdtemp('/run/names-');
    await chmod(directory, 0o777);
    await gateway.configure({ router_names: `${directory}/names` });
    const { exitCode, stderr } = await look(gateway, ['name', TOWER.publicKey, 'x']);
    await gateway.configure();
    const reason = `Cannot trust ${directory}: users other than root may write to it, expected mode go-w`;
    assert.deepEqual([exitCode, stderr], [1, `wgkex: ${reason}`]);
    await rm(directory, { recursive: true });
  });
});

describe('the name of a router', () => {
  for (const columns of [80, 160]) {
    test(`is in the list of peers as in its snapshot in ${columns} columns`, async () => {
      const { exitCode, stdout } = await look(gateway, ['peers', '--sort', 'key'], { now, columns });
      assert.equal(exitCode, 0);
      assertSnapshot(new URL(`snapshots/peers-named-${columns}.txt`, import.meta.url), hideTraffic(stdout));
    });

    test(`is shown with its router as in its snapshot in ${columns} columns`, async () => {
      const { exitCode, stdout } = await look(gateway, ['show', 'shelf 3'], { columns });
      assert.equal(exitCode, 1, 'it is not there');
      assertSnapshot(new URL(`snapshots/show-named-${columns}.txt`, import.meta.url), stdout.split('\n'));
    });
  }

  test('is the last column in a pipe, and whole', async () => {
    const { stdout } = await attempt(gateway.namespace, 'sh', ['-c', 'unset COLUMNS; wgkex peers ffww01']);
    const names = stdout.split('\n').map((line) => line.split(/ {2,}/).at(-1));
    assert.deepEqual(new Set(names), new Set(['NAME', NAMES.tower, NAMES.school, NAMES.operators]));
  });

  test('finds it, by any part and in any case', async () => {
    for (const part of ['church', 'TOWER, KÖ', 'Ko\u0308ln', 'tower,']) {
      const { exitCode, document } = await lookUp(gateway, ['show', part]);
      assert.equal(exitCode, 0, part);
      assert.deepEqual(
        document.routers.map(({ key, name }: Named) => [key, name]),
        [[TOWER.publicKey, NAMES.tower]],
      );
      const { document: list } = await lookUp(gateway, ['peers', '--name', part]);
      assert.deepEqual(
        list.peers.map(({ key, name }: Named) => [key, name]),
        [[TOWER.publicKey, NAMES.tower]],
      );
    }
    const { document } = await lookUp(gateway, ['peers', '--name', 'nowhere']);
    assert.deepEqual(document.peers, []);
  });

  test('is null in JSON if it has none', async () => {
    await rm(file);
    const { document } = await lookUp(gateway, ['peers']);
    assert.deepEqual(new Set(document.peers.map(({ name }: Named) => name)), new Set([null]));
    const { document: shown } = await lookUp(gateway, ['show', TOWER.publicKey]);
    assert.deepEqual([shown.routers[0].name, shown.routers[0].domains[0].peer.name], [null, null]);
    const { document: edit } = await lookUp(gateway, ['add', 'ffww01', TOWER.publicKey, '--dry-run']);
    assert.deepEqual([edit.name, edit.naming, edit.domains[0].effects[0].name], [null, null, null]);
  });

  test('is in a frame of watch on a terminal, and in its JSON', async () => {
    const terminal = startIn(gateway.namespace, 'script', '-qfec', 'stty rows 24 cols 80; wgkex watch', '/dev/null');
    await eventually('it shows the names', () =>
      [NAMES.tower, NAMES.school].every((name) => terminal.stdout.includes(name)),
    );
    terminal.child.stdin?.write('q');
    await eventually('it ends', () => terminal.hasEnded);
    const watch = startIn(gateway.namespace, 'wgkex', 'watch', '--json', '--name', 'schule');
    await eventually('it has looked once', () => watch.stdout.includes('\n'));
    await watch.stop();
    const [line = ''] = watch.stdout.split('\n');
    assert.deepEqual(
      JSON.parse(line).peers.map(({ name }: Named) => name),
      [NAMES.school],
    );
  });

  test('is in the findings of status and check that are about its key', async () => {
    await writeFile(disallowed, `${SCHOOL.publicKey}\n`);
    const problem = `a disallowed key is a peer (${NAMES.school})`;
    const { document } = await lookUp(gateway, ['status']);
    const remedy = `wgkex remove ffww01 ${SCHOOL.publicKey}`;
    assert.deepEqual(document.domains[0].attention, [{ code: 'disallowed-peer', problem, remedy }]);
    assert.ok((await look(gateway, ['check'])).stdout.includes(problem));
  });

  test('is neither on the public page nor in the metrics', async () => {
    await writeFile(disallowed, `${SCHOOL.publicKey}\n`);
    const directory = await mkdtemp('/var/lib/wgkex-named-');
    const page = join(directory, 'page.html');
    assert.equal((await look(gateway, ['status', '--html', page])).exitCode, 0);
    const { stdout: metrics } = await attempt(gateway.namespace, process.execPath, [
      ...[
        '-e',
        `fetch('http://${gateway.address}:9586/metrics').then(async (reply) => console.log(await reply.text()))`,
      ],
    ]);
    assert.match(metrics, /^wgkex_domain_up\{domain="ffww01"\} 1$/m);
    for (const text of [await readFile(page, 'utf8'), metrics, gateway.listener?.stderr ?? '']) {
      assert.ok(text.length > 500);
      assert.doesNotMatch(text, /tower|Köln|K.{1,6}ln|学|Schule|Gateway 2|shelf/i);
    }
    await rm(directory, { recursive: true });
  });
});

describe('a bad line of the file', () => {
  const KEY = makeKey();
  const BAD: readonly (readonly [line: string, reason: string])[] = [
    ['no key', 'expected a public key, found "no"'],
    [KEY, 'Cannot use "" as a name: expected 1 to 64 characters'],
    [
      `${KEY} ${'x'.repeat(65)}`,
      `Cannot use "${'x'.repeat(64)}"… as a name: it has 65 characters, expected at most 64`,
    ],
    [
      `${KEY} \x1b]0;x\x07`,
      'Cannot use "\\u001b]0;x\\u0007" as a name: it has a control or invisible character (U+001B)',
    ],
    [`${KEY} \u2067x`, 'Cannot use "\\u2067x" as a name: it has a control or invisible character (U+2067)'],
    [`${KEY} K\xf6ln`, 'Cannot use "K\\ufffdln" as a name: it is not UTF-8'],
    [`${TOWER.publicKey} other`, `${TOWER.publicKey} has a name already`],
  ];
  const LINES = BAD.map(([line, reason], index) => [line, `${PATH}: line ${index + 4}: ${reason}`] as const);

  beforeEach(async () => {
    const bytes = LINES.map(([line]) =>
      line.includes('\xf6') ? Buffer.from(`${line}\n`, 'latin1') : Buffer.from(`${line}\n`),
    );
    const [tower, school] = [`${TOWER.publicKey} ${NAMES.tower}\n`, `${SCHOOL.publicKey} ${NAMES.school}\n`];
    await writeFile(file, Buffer.concat([Buffer.from(FIRST_LINES + tower), ...bytes, Buffer.from(school)]));
  });

  test('is a finding of status, one line each', async () => {
    const { exitCode, document } = await lookUp(gateway, ['status']);
    assert.equal(exitCode, 1);
    assert.deepEqual(
      document.attention,
      LINES.map(([, problem]) => ({ code: 'key-list', problem, remedy: null })),
    );
  });

  test('costs no other line its name, and peers and show say so in one line', async () => {
    for (const words of [
      ['peers', 'ffww01', '--sort', 'key'],
      ['show', TOWER.publicKey],
    ]) {
      const { exitCode, stderr, stdout } = await look(gateway, words);
      assert.deepEqual([exitCode, stderr], [0, `wgkex: ${LINES[0]?.[1]} (and 6 more, see wgkex status)`]);
      assert.ok(stdout.includes(NAMES.tower), stdout);
    }
    const { document } = await lookUp(gateway, ['peers', '--name', 'schule']);
    assert.equal(document.peers.length, 1);
  });

  test('stays as it is when another one changes', async () => {
    const before = await readFile(file, 'latin1');
    await look(gateway, ['name', SCHOOL.publicKey, 'Turnhalle']);
    const school = Buffer.from(`${SCHOOL.publicKey} ${NAMES.school}`).toString('latin1');
    assert.equal(await readFile(file, 'latin1'), before.replace(school, `${SCHOOL.publicKey} Turnhalle`));
  });

  test('is replaced when its key gets a name', async () => {
    const { document } = await lookUp(gateway, ['name', KEY, 'Turnhalle']);
    assert.equal(document.naming.outcome, 'changed');
    const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith(KEY));
    assert.deepEqual(lines, [`${KEY} Turnhalle`]);
  });
});

describe('a file of names', () => {
  test('that cannot be read is a finding, and the peers are listed without names', async () => {
    await rm(file);
    await attempt(gateway.namespace, 'mkdir', [PATH]);
    const reason = `Cannot read ${PATH}: illegal operation on a directory`;
    const { exitCode, stderr, stdout } = await look(gateway, ['peers', 'ffww01']);
    assert.deepEqual([exitCode, stderr, stdout.split('\n').length], [0, `wgkex: ${reason}`, 4]);
    const { document } = await lookUp(gateway, ['status']);
    assert.deepEqual(document.attention, [{ code: 'key-list', problem: reason, remedy: null }]);
    const key = makeKey();
    const blocked = await lookUp(gateway, ['block', key, '--name', 'stolen']);
    await rm(file, { recursive: true });
    assert.deepEqual([blocked.exitCode, blocked.document.list.outcome, blocked.document.naming], [1, 'added', null]);
    assert.ok((await readFile(disallowed, 'utf8')).startsWith(`${key} # `), 'it is blocked all the same');
  });

  test('that others may read or write is a finding of check, and the remedies fix it', async () => {
    await chmod(file, 0o666);
    const find = async () => {
      const { document } = await lookUp(gateway, ['check']);
      const { findings } = document.checks.find(({ check }: { check: string }) => check === 'permissions');
      return findings.filter(({ problem }: { problem: string }) => problem.includes('router_names'));
    };
    const findings = await find();
    assert.deepEqual(findings, [
      {
        domain: null,
        code: 'writable-by-others',
        problem: `users other than root may write to ${PATH}`,
        remedy: `chmod go-w ${PATH}`,
      },
      {
        domain: null,
        code: 'names-readable',
        problem: `every user may read the names of routers in ${PATH}`,
        remedy: `chmod o-rwx ${PATH}`,
      },
    ]);
    for (const { remedy } of findings) await attempt(gateway.namespace, 'sh', ['-c', remedy]);
    assert.deepEqual(await find(), []);
    await chmod(file, 0o640);
    assert.deepEqual(await find(), [], 'a group of operators may read it');
  });

  test('is of no interest to a user other than root', {
    skip: IS_ROOT_ALONE ? 'SKIPPED: a user namespace has no other users' : false,
  }, async () => {
    await chmod(file, 0o600);
    const { stdout, stderr } = await lookAsUser('status');
    assert.doesNotMatch(stdout + stderr, /router_names/);
  });
});

const needsRoot = IS_IN_USER_NAMESPACE
  ? 'SKIPPED: journald needs a cgroup file system, which a user namespace lacks'
  : false;
describe('an edit with a name', { skip: needsRoot }, () => {
  let end: () => Promise<unknown>;

  before(async () => {
    end = await startJournal();
  });
  after(() => end());

  test('by add, block and static add writes it, and logs it', async () => {
    const keys = [makeKey(), makeKey(), makeKey()] as const;
    const edits = [
      ['add', 'ffww01', keys[0], '--name', 'Bäckerei'],
      ['block', keys[1], '--reason', 'stolen', '--name', '"x" \\ y'],
      ['static', 'add', keys[2], '--name', '学校'],
    ];
    for (const words of edits) {
      const { exitCode, document } = await lookUp(gateway, words);
      assert.deepEqual([exitCode, document.name, document.naming.outcome], [0, words.at(-1), 'added']);
    }
    await readJournal(/static key added/);
    const lines = await readJournal(/学校/);
    const own = lines.filter(
      (line) => keys.some((key) => line.includes(`key=${key.slice(0, 12)}…`)) && /by=operator/.test(line),
    );
    const short = keys.map((key) => `key=${key.slice(0, 12)}…`);
    const address = /^admitted ffww01 (\S+) /.exec(own[0] ?? '')?.[1];
    assert.deepEqual(own, [
      `admitted ffww01 ${address} ${short[0]} name=Bäckerei by=operator new`.replace(
        'name=Bäckerei',
        'name="Bäckerei"',
      ),
      `named ${short[0]} name="Bäckerei" by=operator`,
      `blocked ${short[1]} name="\\"x\\" \\\\ y" by=operator: stolen`,
      `named ${short[1]} name="\\"x\\" \\\\ y" by=operator`,
      `static key added ${short[2]} name="学校" by=operator`,
      `named ${short[2]} name="学校" by=operator`,
    ]);
  });

  test('that is refused writes none', async () => {
    const key = makeKey();
    await giveOperators(gateway, key);
    const { exitCode, document } = await lookUp(gateway, ['add', 'ffww01', key, '--name', 'Gateway 3']);
    const { domains, name, naming } = document;
    assert.deepEqual([exitCode, domains[0].outcome, name, naming], [1, 'refused', null, null]);
    assert.ok(!(await readFile(file, 'utf8')).includes('Gateway 3'));
  });

  test('takes none with static remove', async () => {
    const { exitCode, stderr } = await look(gateway, ['static', 'remove', makeKey(), '--name', 'x']);
    assert.deepEqual([exitCode, stderr], [2, 'wgkex: --name is for static add; try wgkex --help']);
  });

  test('keeps the name when the key is removed, blocked, unblocked or released, and logs it', async () => {
    const { publicKey: key } = makeKeyPair('named: to and fro');
    await look(gateway, ['add', 'ffww01', key, '--name', 'Feuerwehr']);
    for (const words of [
      ['remove', 'ffww01', key],
      ['block', key],
      ['unblock', key],
    ]) {
      assert.equal((await look(gateway, words)).exitCode, 0, words[0]);
      assert.ok((await readFile(file, 'utf8')).includes(`${key} Feuerwehr\n`), words[0]);
    }
    await look(gateway, ['add', 'ffww01', key]);
    const released = await look(gateway, ['release', 'ffww01', key], { columns: 160 });
    assert.equal(released.stdout, `ffww01: released peer ${key} (Feuerwehr) to the operator`);
    assert.ok((await readFile(file, 'utf8')).includes(`${key} Feuerwehr\n`));
    const { document: removed } = await lookUp(gateway, ['name', key, '--remove']);
    assert.deepEqual([removed.name, removed.naming.outcome], [null, 'removed']);
    const lines = await readJournal(/name removed .*Feuerwehr/);
    const events = lines
      .filter((line) => line.includes('name=Feuerwehr'))
      .map((line) => /^[a-z ]+(?= ffww| key)/.exec(line)?.[0]);
    const expected = ['admitted', 'named', 'removed', 'blocked', 'unblocked', 'admitted', 'released', 'name removed'];
    assert.deepEqual(events, expected);
  });

  test('is found in the journal by its name, and shown as it is', async () => {
    const key = makeKey();
    await look(gateway, ['add', 'ffww01', key, '--name', 'Rathaus Köln']);
    await look(gateway, ['remove', 'ffww01', key]);
    await readJournal(/removed .*Rathaus/);
    const { stdout } = await look(gateway, ['show', 'rathaus'], { columns: 160 });
    assert.match(stdout, /removed ffww01 \S+ key=\S+ name="Rathaus Köln" by=operator/);
  });
});

interface Named {
  readonly key: string;
  readonly name: string | null;
}

function writeNames(...lines: readonly string[]): Promise<void> {
  return writeFile(file, FIRST_LINES + lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
}

function lookAsUser(...words: readonly string[]) {
  const [program = '', ...options] = AS_WGKEX;
  return attempt(gateway.namespace, program, [...options, 'wgkex', ...words]);
}

/** The lines of the journal, oldest first, once one of them matches. */
async function readJournal(awaited: RegExp): Promise<string[]> {
  let lines: string[] = [];
  await eventually('the journal has it', async () => {
    const { stdout } = await attempt(gateway.namespace, 'journalctl', [
      '--output=cat',
      '--identifier=wgkex',
      '--quiet',
    ]);
    lines = stdout.split('\n');
    return lines.some((line) => awaited.test(line));
  });
  return lines;
}

/** A traffic of the same width. */
function hideTraffic(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/(?<=(ago|never) {2})[ \d.K]{12}(?= {2}(ok|-))/, '#'.repeat(12)));
}

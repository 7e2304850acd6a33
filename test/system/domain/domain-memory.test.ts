import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { parseConfig } from '../../../src/config/config.ts';
import { DomainMemory } from '../../../src/system/domain/domain-memory.ts';
import { readBootId } from '../../../src/system/domain/moment.ts';
import { DomainStore } from '../../../src/system/store/domain-store.ts';
import { type DomainState, EMPTY_STATE } from '../../../src/system/store/state.ts';
import { DOMAIN, KEYS, MOMENT, NOW } from '../../core/arbitraries.ts';
import { keepLog } from '../events.ts';

const [KEY, OTHER] = KEYS;
const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as state is kept only in directories of root';
const base = mkdtempSync(join(tmpdir(), 'wgkex-memory-'));
after(() => rmSync(base, { recursive: true }));
const CLAIM = { first: NOW - 900, last: NOW - 600, silentSeconds: 300 };
const STATE: DomainState = {
  ...EMPTY_STATE,
  marks: new Map([
    [KEY, 1],
    [OTHER, 2],
  ]),
  alive: new Map([[KEY, NOW]]),
  interfaces: 'boot 3 4',
};
let directory: string;
let files: DomainStore;
let lines: string[];
let memory: DomainMemory;
beforeEach(() => {
  directory = mkdtempSync(join(base, 'state-'));
  memory = open();
});

/** A memory as another process would open it. */
function open(dryRun = false): DomainMemory {
  const text = `state_directory = "${directory}"\n[domains.ffww01]\nwireguard = "wg"\nvxlan = "vx"\n`;
  const config = parseConfig(text, 'test.toml');
  const domain = config.domains.get(DOMAIN) ?? assert.fail('no domain');
  files = new DomainStore(domain, config);
  const kept = keepLog();
  lines = kept.lines;
  return new DomainMemory(files, domain, { log: kept.log, dryRun });
}

const writePass = (boot: string, at: number) => files.claims.write({ claims: new Map(), pass: { boot, at } });

test('state and claims are read back, for a record to begin with', { skip }, () => {
  memory.writeState(STATE);
  memory.writeClaims(new Map([[KEY, CLAIM]]), MOMENT);
  const { marks, alive, interfaces, claims } = open().read();
  const expected = {
    marks: STATE.marks,
    alive: STATE.alive,
    interfaces: STATE.interfaces,
    claims: new Map([[KEY, CLAIM]]),
  };
  assert.deepEqual({ marks, alive, interfaces, claims }, expected);
});

test('the time since the last pass is counted by the monotonic clock', { skip }, () => {
  memory.writeClaims(new Map(), MOMENT);
  const later = { unix: NOW - 86_400, monotonic: MOMENT.monotonic + 900 };
  assert.equal(open().findSecondsSincePass(later), 900);
});

test('after a reboot only the time since then counts, as if there was no pass', { skip }, () => {
  assert.equal(memory.findSecondsSincePass(MOMENT), MOMENT.monotonic);
  writePass(`not ${readBootId()}`, MOMENT.monotonic - 900);
  assert.equal(memory.findSecondsSincePass(MOMENT), MOMENT.monotonic);
  writePass(readBootId(), MOMENT.monotonic - 900);
  assert.equal(memory.findSecondsSincePass(MOMENT), 900);
});

const FILES = [
  ['state', 'ffww01.json', 'started without marks', () => memory.readState(), EMPTY_STATE],
  ['claims', 'ffww01.claims.json', 'started without claims', () => memory.readClaims().claims, new Map()],
] as const;
for (const [name, file, event, read, nothing] of FILES) {
  test(`damaged ${name} count as missing, and are set aside once with a warning`, { skip }, () => {
    const path = join(directory, file);
    writeFileSync(path, 'rubbish');
    assert.deepEqual([read(), read()], [nothing, nothing]);
    assert.deepEqual([existsSync(path), readFileSync(`${path}.damaged`, 'utf8'), lines.length], [false, 'rubbish', 1]);
    assert.ok(lines[0]?.startsWith(`<4>${event} ffww01 aside=`), lines[0]);
    assert.ok(lines[0]?.includes(`: Cannot read the ${name} in `), lines[0]);
  });

  test(`damaged ${name} stay where they are in a dry run`, { skip }, () => {
    const path = join(directory, file);
    writeFileSync(path, 'rubbish');
    memory = open(true);
    assert.deepEqual([read(), readFileSync(path, 'utf8')], [nothing, 'rubbish']);
    assert.equal(lines.length, 1);
  });

  test(`${name} that cannot be read count as missing with a warning, and are not set aside`, { skip }, () => {
    const path = join(directory, file);
    mkdirSync(path);
    assert.deepEqual(read(), nothing);
    assert.deepEqual(lines, [`<4>${event} ffww01: Cannot read ${path}: illegal operation on a directory`]);
    rmdirSync(path);
  });
}

test('damaged claims do not affect the state', { skip }, () => {
  memory.writeState(STATE);
  writeFileSync(files.claims.path, 'rubbish');
  assert.deepEqual([memory.read().marks, memory.read().alive], [STATE.marks, STATE.alive]);
});

test('a key is remembered by its mark or its handshake, and forgotten with its claim', { skip }, () => {
  const stale = { ...STATE, marks: new Map([[KEY, 1]]), alive: new Map([[OTHER, NOW]]) };
  memory.writeState(stale);
  memory.writeClaims(new Map([KEY, OTHER].map((key) => [key, CLAIM])), MOMENT);
  assert.deepEqual(
    [KEY, OTHER, KEYS[2]].map((key) => memory.remembers(key)),
    [true, true, false],
  );
  memory.forget(KEY);
  const { marks, alive, claims, interfaces } = open().read();
  assert.deepEqual([[...marks.keys()], [...alive.keys()], [...claims.keys()]], [[], [OTHER], [OTHER]]);
  assert.equal(interfaces, STATE.interfaces);
  assert.equal(memory.findSecondsSincePass({ ...MOMENT, monotonic: MOMENT.monotonic + 5 }), 5, 'the pass stays');
  memory.forget(OTHER);
  assert.deepEqual([open().read().alive.size, memory.read().claims.size], [0, 0]);
});

test('forgetting an unknown key writes nothing', { skip }, () => {
  memory.forget(KEY);
  assert.deepEqual([existsSync(files.state.path), existsSync(files.claims.path)], [false, false]);
});

test('a key that cannot be forgotten causes an error that names the file', { skip }, () => {
  memory.writeState(STATE);
  mkdirSync(`${files.state.path}.new`);
  const message = `Cannot write ${files.state.path}: illegal operation on a directory`;
  assert.throws(() => memory.forget(KEY), { message });
  rmdirSync(`${files.state.path}.new`);
  memory.writeClaims(new Map([[KEY, CLAIM]]), MOMENT);
  mkdirSync(`${files.claims.path}.new`);
  assert.throws(() => memory.forget(KEY), {
    message: `Cannot write ${files.claims.path}: illegal operation on a directory`,
  });
});

test('marks that cannot be forgotten cause a warning', { skip }, () => {
  memory.writeState(STATE);
  memory.forgetMarks([KEY]);
  assert.deepEqual([...memory.readState().marks.keys()], [OTHER]);
  mkdirSync(`${files.state.path}.new`);
  memory.forgetMarks([OTHER]);
  const reason = `Cannot write ${files.state.path}: illegal operation on a directory`;
  assert.deepEqual(lines, [`<4>marks not cleared ffww01: ${reason}`]);
});

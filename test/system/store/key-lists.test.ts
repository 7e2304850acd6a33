import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../../src/config/config.ts';
import { isPublicKey } from '../../../src/core/values/public-key.ts';
import { KeyListFiles } from '../../../src/system/store/key-lists.ts';
import { KEYS, publicKeys, texts } from '../../core/arbitraries.ts';

const directory = mkdtempSync(join(tmpdir(), 'wgkex-lists-'));
after(() => rmSync(directory, { recursive: true }));
const [disallowed, statics, allowed] = ['disallowed', 'static', 'allowed'].map((name) => join(directory, name)) as [
  string,
  string,
  string,
];

const DEFAULTS = parseConfig('[domains.ffww01]\nwireguard = "wg"\nvxlan = "vx"', 'test.toml');

/** With the lists of these settings named in the configuration; the others do not exist. */
function openLists(...named: ('disallowed_keys' | 'static_keys' | 'allowed_keys')[]): KeyListFiles {
  const lines = [
    ...(named.includes('disallowed_keys') ? [`disallowed_keys = "${disallowed}"`] : []),
    ...(named.includes('static_keys') ? [`static_keys = "${statics}"`] : []),
    '[domains.ffww01]\nwireguard = "wg"\nvxlan = "vx"',
    ...(named.includes('allowed_keys') ? [`allowed_keys = "${allowed}"`] : []),
  ];
  const config = parseConfig(lines.join('\n'), 'test.toml');
  const [domain] = config.domains.values();
  assert.ok(domain);
  return new KeyListFiles(domain, config);
}

describe('the lists of keys', () => {
  beforeEach(() => {
    for (const file of [disallowed, statics, allowed]) rmSync(file, { recursive: true, force: true });
  });

  test('that are neither configured nor there are empty', () => {
    const none = { disallowed: new Set(), static: new Set(), allowed: undefined };
    assert.deepEqual(openLists().read(), { ...none, problems: [], doubts: [], complaints: [] });
  });

  for (const [setting, file] of [
    ['disallowed_keys', disallowed],
    ['static_keys', statics],
    ['allowed_keys', allowed],
  ] as const) {
    test(`that are configured as ${setting} and missing are a problem`, () => {
      const { problems, doubts } = openLists(setting).read();
      assert.deepEqual([problems, doubts].flat(), Array(2).fill(`Cannot read ${file}: there is no such file`));
    });
  }

  test('that cannot be read any more are a problem, not empty lists', () => {
    const lists = openLists('disallowed_keys');
    writeFileSync(disallowed, KEYS[0]);
    assert.deepEqual(lists.read().problems, []);
    rmSync(disallowed);
    assert.equal(lists.read().problems.length, 1);
  });

  for (const [setting, file] of [
    ['disallowed_keys', disallowed],
    ['static_keys', statics],
    ['allowed_keys', allowed],
  ] as const) {
    test(`that exist as ${setting} and cannot be read are a problem, and have no keys`, () => {
      mkdirSync(file);
      const lists = openLists(setting).read();
      const problem = `Cannot read ${file}: illegal operation on a directory`;
      const none = { disallowed: new Set(), static: new Set(), allowed: undefined };
      assert.deepEqual(lists, { ...none, problems: [problem], doubts: [problem], complaints: [] });
    });
  }

  test('at the default paths may be missing, but one that exists and cannot be read is a problem', () => {
    const [disallowed_keys, static_keys] = [join(directory, 'nowhere'), statics];
    const lists = new KeyListFiles({}, { ...DEFAULTS, disallowed_keys, static_keys });
    assert.deepEqual([lists.read().problems, lists.read().doubts], [[], []]);
    mkdirSync(statics);
    const problem = `Cannot read ${statics}: illegal operation on a directory`;
    assert.deepEqual([lists.read().problems, lists.read().doubts], [[problem], [problem]]);
    rmSync(statics, { recursive: true });
    symlinkSync('nowhere', statics);
    const leading = `Cannot read ${statics}: it is a broken symbolic link`;
    assert.deepEqual([lists.read().problems, lists.read().doubts], [[leading], [leading]]);
  });

  test('are read again only if they have changed', () => {
    writeFileSync(disallowed, `${KEYS[0]}\n`);
    const lists = openLists('disallowed_keys', 'allowed_keys');
    const { disallowed: first } = lists.read();
    assert.equal(lists.read().disallowed, first, 'the same set');
    writeFileSync(disallowed, `${KEYS[1]}\n`);
    writeFileSync(allowed, KEYS[2]);
    const { disallowed: second, allowed: listed, problems } = lists.read();
    assert.deepEqual([second, listed, problems], [new Set([KEYS[1]]), new Set([KEYS[2]]), []]);
  });

  test('that are empty as allowed_keys allow nobody', () => {
    writeFileSync(allowed, '# nobody yet\n');
    assert.deepEqual(openLists('allowed_keys').read().allowed, new Set());
  });

  test('are read with comments, blanks, empty lines and line ends of either kind', () => {
    writeFileSync(disallowed, `# stolen\n\n${KEYS[0]}\r\n  ${KEYS[1]} # this one, too\n\t${KEYS[2]}`);
    assert.deepEqual(openLists('disallowed_keys').read().disallowed, new Set(KEYS.slice(0, 3)));
  });

  test('are named with each line that is not a key, and their other lines still count', () => {
    for (const file of [disallowed, statics]) writeFileSync(file, `${KEYS[0]}\nkey\x1b[31m\n${KEYS[3]}\n`);
    const lists = openLists('disallowed_keys', 'static_keys').read();
    const describeIn = (file: string) => `${file}: line 2: expected a public key, found "key\\u001b[31m"`;
    assert.deepEqual([lists.disallowed, lists.static], [new Set([KEYS[0], KEYS[3]]), new Set([KEYS[0], KEYS[3]])]);
    assert.deepEqual(lists.complaints, [describeIn(disallowed), describeIn(statics)]);
    assert.deepEqual(
      [lists.problems, lists.doubts],
      [[], [describeIn(statics)]],
      'only the operator’s keys are in doubt',
    );
  });

  test('have every key that is on a line of its own, whatever else they contain', () => {
    const lines = fc.array(fc.oneof(publicKeys, texts), { maxLength: 8 });
    fc.assert(
      fc.property(lines, (some) => {
        writeFileSync(disallowed, some.join('\n'));
        const { disallowed: keys, complaints } = openLists('disallowed_keys').read();
        for (const line of some.filter(isPublicKey)) assert.ok(keys.has(line));
        assert.ok([...keys].every(isPublicKey));
        for (const complaint of complaints) assert.match(complaint, /^[ -~…]+$/);
      }),
    );
  });
});

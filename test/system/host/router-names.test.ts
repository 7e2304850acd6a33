import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { parseRouterName } from '../../../src/core/values/router-name.ts';
import { foreseeNaming, nameRouter, readRouterNames } from '../../../src/system/host/router-names.ts';
import { KEYS } from '../../core/arbitraries.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as lists are changed only in directories of root';
const [KEY, OTHER] = KEYS;
const NAME = parseRouterName('Köln, Kirche');
const LINE = Buffer.from(`${KEY} ${NAME}\n`).toString('latin1');
const directory = mkdtempSync(join(tmpdir(), 'wgkex-names-'));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'router_names');
const settings = { path: file, runtimeDirectory: join(directory, 'run') };
const read = () => readFileSync(file, 'latin1');
const write = (text: string) => writeFileSync(file, text, 'latin1');

/** Comments, empty lines, bytes that are not text, line ends of both kinds. */
const CONTENT = `# names\r\n\n${OTHER} K\xf6ln \xff\xfe\n# ${KEY} old\nno key\n`;

const EDITS: readonly (readonly [
  what: string,
  before: string,
  name: typeof NAME | undefined,
  outcome: string,
  after: string,
])[] = [
  ['a new name comes last', CONTENT, NAME, 'added', CONTENT + LINE],
  ['a new name comes after an open line', `${CONTENT}end`, NAME, 'added', `${CONTENT}end\n${LINE}`],
  ['another name takes the place of the old one', `${KEY} old\n${CONTENT}`, NAME, 'changed', LINE + CONTENT],
  ['a name takes the place of a bad line', `${KEY}\r\n${CONTENT}`, NAME, 'changed', LINE + CONTENT],
  ['one line of several is left', `${KEY} a\n${CONTENT}${KEY} b\n`, NAME, 'changed', LINE + CONTENT],
  ['the same name changes nothing', `${LINE}${CONTENT}`, NAME, 'present', LINE + CONTENT],
  ['all lines of a key are removed', `${KEY} a\n${CONTENT}  ${KEY}\tb`, undefined, 'removed', CONTENT],
  ['without a name nothing is removed', CONTENT, undefined, 'absent', CONTENT],
];

describe('a file of names', { skip, timeout: 60_000 }, () => {
  beforeEach(() => rmSync(file, { force: true }));

  for (const [what, before, name, outcome, expected] of EDITS) {
    test(`${what}, and all else stays byte for byte`, async () => {
      write(before);
      assert.equal(foreseeNaming(KEY, name, file), outcome);
      assert.equal(read(), before);
      assert.equal(await nameRouter(KEY, name, settings), outcome);
      assert.equal(read(), expected);
    });
  }

  test('is created for root alone', async () => {
    assert.equal(await nameRouter(KEY, NAME, settings), 'added');
    assert.deepEqual([read(), statSync(file).mode & 0o777], [LINE, 0o600]);
  });

  test('keeps its owner and its mode', async () => {
    write(CONTENT);
    chownSync(file, 1, 2);
    chmodSync(file, 0o640);
    await nameRouter(KEY, NAME, settings);
    const { uid, gid, mode } = statSync(file);
    assert.deepEqual([uid, gid, mode & 0o7777], [1, 2, 0o640]);
  });

  test('loses no name when several are given at the same time', async () => {
    await Promise.all(KEYS.map((key) => nameRouter(key, NAME, settings)));
    assert.deepEqual(new Set(readRouterNames(file).names.keys()), new Set(KEYS));
  });

  test('in a directory that others may write to is not changed, also behind a link', async () => {
    const open = mkdtempSync(join(tmpdir(), 'wgkex-open-'));
    after(() => rmSync(open, { recursive: true }));
    chmodSync(open, 0o777);
    writeFileSync(join(open, 'names'), '');
    symlinkSync(join(open, 'names'), file);
    const message = `Cannot trust ${open}: users other than root may write to it, expected mode go-w`;
    await assert.rejects(nameRouter(KEY, NAME, settings), { message });
    assert.equal(read(), '');
  });

  test('that does not exist has no names, and one that cannot be read has none and a complaint', () => {
    assert.deepEqual(readRouterNames(file), { names: new Map(), complaints: [] });
    const complaints = [`Cannot read ${directory}: illegal operation on a directory`];
    assert.deepEqual(readRouterNames(directory), { names: new Map(), complaints });
  });

  test('that has a line in another encoding loses that line alone', () => {
    write(`${KEY} K\xf6ln\n${OTHER} Koblenz\n`);
    const { names, complaints } = readRouterNames(file);
    assert.deepEqual([...names], [[OTHER, 'Koblenz']]);
    assert.deepEqual(complaints, [`${file}: line 1: Cannot use "K\\ufffdln" as a name: it is not UTF-8`]);
  });
});

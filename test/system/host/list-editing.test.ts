import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { takeListLock } from '../../../src/system/files/lock.ts';
import { addToList, isListed, removeFromList } from '../../../src/system/host/list-editing.ts';
import { KEYS, keyPool, texts } from '../../core/arbitraries.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as lists are changed only in directories of root';
const [KEY, OTHER] = KEYS;
const directory = mkdtempSync(join(tmpdir(), 'wgkex-list-'));
after(() => rmSync(directory, { recursive: true }));
const file = join(directory, 'disallowed_keys');
const settings = { path: file, runtimeDirectory: join(directory, 'run') };
const read = () => readFileSync(file, 'latin1');
const write = (text: string) => writeFileSync(file, text, 'latin1');

/** Comments, empty lines, bytes that are not text, line ends of both kinds. */
const CONTENT = `# list\r\n\n${OTHER} # K\xf6ln \xff\xfe\nno key\n`;

describe('a list of keys', { skip, timeout: 60_000 }, () => {
  beforeEach(() => rmSync(file, { force: true }));

  test('is created if there is none, readable by all', async () => {
    assert.equal(await addToList(KEY, `${KEY} # x`, settings), true);
    assert.equal(read(), `${KEY} # x\n`);
    assert.equal(statSync(file).mode & 0o777, 0o644);
  });

  for (const [name, end] of [
    ['', ''],
    [', even if its last line has no end', 'last'],
  ] as const) {
    test(`gets a new last line, and keeps all others byte for byte${name}`, async () => {
      write(CONTENT + end);
      assert.equal(await addToList(KEY, `${KEY} # geklaut in Köln`, settings), true);
      const line = Buffer.from(`${KEY} # geklaut in Köln\n`).toString('latin1');
      assert.equal(read(), CONTENT + (end === '' ? '' : `${end}\n`) + line);
    });
  }

  test('stays unchanged if the key is there already', async () => {
    write(`${CONTENT}${KEY}`);
    const { ino } = statSync(file);
    assert.equal(await addToList(KEY, `${KEY} # again`, settings), false);
    assert.deepEqual([read(), statSync(file).ino], [`${CONTENT}${KEY}`, ino]);
  });

  test('loses every line with the key, and no other', async () => {
    write(`${KEY}\n${CONTENT}  ${KEY} # again\r\n# ${KEY}\n${KEY}`);
    assert.equal(await removeFromList(KEY, settings), true);
    assert.equal(read(), `${CONTENT}# ${KEY}\n`);
    assert.equal(await removeFromList(KEY, settings), false);
  });

  test('keeps its owner and its mode', async () => {
    write(CONTENT);
    chownSync(file, 1, 2);
    chmodSync(file, 0o640);
    await addToList(KEY, KEY, settings);
    const { uid, gid, mode } = statSync(file);
    assert.deepEqual([uid, gid, mode & 0o7777], [1, 2, 0o640]);
  });

  test('is changed through a symbolic link', async () => {
    const real = join(directory, 'real');
    writeFileSync(real, '');
    symlinkSync(real, file);
    await addToList(KEY, KEY, settings);
    assert.ok(lstatSync(file).isSymbolicLink());
    assert.equal(readFileSync(real, 'utf8'), `${KEY}\n`);
  });

  const NOBODY = 65534;

  test("that is somebody else's link is not changed, although everything else is root's", async () => {
    const real = join(directory, 'real');
    writeFileSync(real, `${OTHER}\n`);
    symlinkSync(real, file);
    lchownSync(file, NOBODY, NOBODY);
    const message = `Cannot trust ${file}: it belongs to user ${NOBODY}, expected root`;
    await assert.rejects(addToList(KEY, KEY, settings), { message });
    await assert.rejects(removeFromList(OTHER, settings), { message });
    assert.equal(readFileSync(real, 'utf8'), `${OTHER}\n`);
  });

  const PLACES: readonly (readonly [where: string, open: (place: string) => void, message: string])[] = [
    [
      'in a directory that others may write to',
      (place) => chmodSync(place, 0o777),
      'users other than root may write to it, expected mode go-w',
    ],
    [
      'in a directory of somebody else',
      (place) => chownSync(place, NOBODY, 0),
      `it belongs to user ${NOBODY}, expected root`,
    ],
  ];
  for (const [where, open, message] of PLACES) {
    test(`${where} is not changed, nor is the target of a link there`, async () => {
      const place = mkdtempSync(join(directory, 'place-'));
      open(place);
      const link = join(place, 'link');
      symlinkSync(file, link);
      write(`${OTHER}\n`);
      for (const path of [join(place, 'list'), link]) {
        const there = { ...settings, path };
        await assert.rejects(addToList(KEY, KEY, there), { message: `Cannot trust ${place}: ${message}` });
        await assert.rejects(removeFromList(OTHER, there), { message: `Cannot trust ${place}: ${message}` });
      }
      assert.deepEqual([read(), readdirSync(place)], [`${OTHER}\n`, ['link']]);
    });
  }

  test('that cannot be read causes an error of one line, and is not an empty list', async () => {
    const path = mkdtempSync(join(directory, 'no-file-'));
    const message = `Cannot read ${path}: illegal operation on a directory`;
    await assert.rejects(addToList(KEY, KEY, { ...settings, path }), { message });
  });

  test('is not changed while somebody else changes it, so that no line is lost', async () => {
    const lock = await takeListLock(settings.runtimeDirectory);
    write(CONTENT);
    const adding = addToList(KEY, KEY, settings);
    await pause(300);
    write(`${CONTENT}${KEYS[2]}\n`);
    lock.release();
    assert.equal(await adding, true);
    assert.equal(read(), `${CONTENT}${KEYS[2]}\n${KEY}\n`);
  });

  test('is the same after adding and removing a key, whatever it contains, except for the end of its last line', async () => {
    const contents = fc.array(fc.oneof(keyPool, texts), { maxLength: 6 }).map((lines) => lines.join('\n'));
    await fc.assert(
      fc.asyncProperty(contents, async (text) => {
        writeFileSync(file, text);
        fc.pre(!isListed(KEY, file));
        const before = readFileSync(file);
        await addToList(KEY, KEY, settings);
        assert.ok(isListed(KEY, file));
        await removeFromList(KEY, settings);
        const end = before.length === 0 || before.at(-1) === 10 ? '' : '\n';
        assert.deepEqual(readFileSync(file), Buffer.concat([before, Buffer.from(end)]));
      }),
      { numRuns: 40 },
    );
  });
});

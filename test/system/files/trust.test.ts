import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, test } from 'node:test';
import { makeTrustedDirectory, readTrustedFile } from '../../../src/system/files/trust.ts';

const skip = process.getuid?.() === 0 ? false : 'SKIPPED: needs root, as only files of root are trusted';
const NOBODY = 65534;
const base = mkdtempSync(join(tmpdir(), 'wgkex-trust-'));
after(() => rmSync(base, { recursive: true }));

interface Place {
  readonly directory: string;
  readonly file: string;
}

/** A file in a directory of its own, both root's, and so trusted. */
function makePlace(): Place {
  const directory = join(mkdtempSync(join(base, 'place-')), 'etc');
  mkdirSync(directory, { mode: 0o755 });
  const file = join(directory, 'wgkex.toml');
  writeFileSync(file, 'trusted', { mode: 0o644 });
  return { directory, file };
}

const TRUSTED: readonly (readonly [name: string, prepare: (place: Place) => string])[] = [
  ['a file that only root may write', ({ file }) => file],
  ['a file that only root may read', ({ file }) => changed(file, () => chmodSync(file, 0o600))],
  ['a link of root to such a file', ({ file }) => linked(file, makePlace().directory)],
  ['a link of root in a sticky directory', ({ file }) => linked(file, stickyPlace().directory)],
  ['a file below a link of root', ({ directory }) => join(linked(directory, makePlace().directory), 'wgkex.toml')],
  ['a relative link of root', ({ file }) => linked('wgkex.toml', dirname(file))],
  ['a path with names that lead nowhere else', ({ directory }) => `${directory}/.././/etc/wgkex.toml`],
  ['a file of root in a sticky directory', ({ file, directory }) => changed(file, () => chmodSync(directory, 0o1777))],
];
for (const [name, prepare] of TRUSTED) {
  test(`${name} is read`, { skip }, () => {
    assert.equal(readTrustedFile(prepare(makePlace())), 'trusted');
  });
}

const WRITABLE = /^Cannot trust \/.+: users other than root may write to it, expected mode go-w$/;
const FOREIGN = /^Cannot trust \/.+: it belongs to user 65534, expected root$/;
const UNTRUSTED: readonly (readonly [name: string, prepare: (place: Place) => string, message: RegExp])[] = [
  ['a file that its group may write', ({ file }) => changed(file, () => chmodSync(file, 0o664)), WRITABLE],
  ['a file that everybody may write', ({ file }) => changed(file, () => chmodSync(file, 0o646)), WRITABLE],
  ['a file of somebody else', ({ file }) => changed(file, () => chownSync(file, NOBODY, 0)), FOREIGN],
  [
    'a file in a directory of somebody else',
    ({ file, directory }) => changed(file, () => chownSync(directory, NOBODY, 0)),
    FOREIGN,
  ],
  [
    'a file in a directory that its group may write',
    ({ file, directory }) => changed(file, () => chmodSync(directory, 0o775)),
    WRITABLE,
  ],
  [
    'a file below a directory that everybody may write',
    ({ file, directory }) => changed(file, () => chmodSync(join(directory, '..'), 0o777)),
    WRITABLE,
  ],
  ['a link in a directory that everybody may write', ({ file }) => linked(file, openedPlace().directory), WRITABLE],
  [
    'a link of somebody else to a file of root',
    ({ file }) => owned(linked(file, makePlace().directory)),
    /^Cannot trust \/.+\/link: it belongs to user 65534, expected root$/,
  ],
  [
    'a link of somebody else in a sticky directory to a file of root',
    ({ file }) => owned(linked(file, stickyPlace().directory)),
    /^Cannot trust \/.+\/link: it belongs to user 65534, expected root$/,
  ],
  [
    'a file below a link of somebody else to a directory of root',
    ({ directory }) => join(owned(linked(directory, stickyPlace().directory)), 'wgkex.toml'),
    /^Cannot trust \/.+\/link: it belongs to user 65534, expected root$/,
  ],
  [
    "a link of root to somebody else's link to a file of root",
    ({ file }) => linked(owned(linked(file, stickyPlace().directory)), makePlace().directory),
    /^Cannot trust \/.+\/link: it belongs to user 65534, expected root$/,
  ],
  [
    'a file behind a link of root, through a directory that everybody may write',
    ({ file, directory }) => linked(`${openedPlace().directory}/../../${relative(base, file)}`, directory),
    WRITABLE,
  ],
  [
    'a link into a directory that everybody may write',
    ({ directory }) => linked(openedPlace().file, directory),
    WRITABLE,
  ],
];
for (const [name, prepare, message] of UNTRUSTED) {
  test(`${name} is refused`, { skip }, () => {
    const path = prepare(makePlace());
    assert.throws(() => readTrustedFile(path), { name: 'InputError', message });
  });
}

test('a link to itself causes an error that says so', { skip }, () => {
  const { directory } = makePlace();
  const link = join(directory, 'link');
  symlinkSync(link, link);
  assert.throws(() => readTrustedFile(link), {
    name: 'InputError',
    message: `Cannot read ${link}: too many levels of symbolic links`,
  });
});

test('a relative path is judged from the working directory', { skip }, (t) => {
  const { directory } = makePlace();
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(directory);
  assert.equal(readTrustedFile('wgkex.toml'), 'trusted');
  chmodSync(join(directory, '..'), 0o777);
  assert.throws(() => readTrustedFile('wgkex.toml'), { message: WRITABLE });
});

test('a missing file causes an error that says so', () => {
  const path = join(base, 'nowhere');
  assert.throws(() => readTrustedFile(path), {
    name: 'InputError',
    message: `Cannot read ${path}: no such file or directory`,
  });
});

test('a missing directory is created, with all above it', { skip }, () => {
  const directory = join(makePlace().directory, 'a', 'b');
  makeTrustedDirectory(directory);
  makeTrustedDirectory(directory);
  assert.ok(existsSync(directory));
  assert.equal(statSync(directory).mode & 0o022, 0);
});

const DIRECTORIES: readonly (readonly [name: string, change: (directory: string) => void, message: RegExp])[] = [
  ['that belongs to somebody else', (directory) => chownSync(directory, NOBODY, 0), FOREIGN],
  ['that its group may write', (directory) => chmodSync(directory, 0o775), WRITABLE],
  ['in which everybody may make files, sticky or not', (directory) => chmodSync(directory, 0o1777), WRITABLE],
  ['below one that everybody may write', (directory) => chmodSync(join(directory, '..'), 0o777), WRITABLE],
];
for (const [name, change, message] of DIRECTORIES) {
  test(`a directory ${name} is refused`, { skip }, () => {
    const { directory } = makePlace();
    change(directory);
    assert.throws(() => makeTrustedDirectory(directory), { name: 'InputError', message });
  });
}

test('a link to a directory is judged by its target', { skip }, () => {
  const link = linked(openedPlace().directory, makePlace().directory);
  assert.throws(() => makeTrustedDirectory(link), { name: 'InputError', message: WRITABLE });
});

test("a directory behind somebody else's link is neither created nor used", { skip }, () => {
  const { directory } = makePlace();
  const link = owned(linked(directory, stickyPlace().directory));
  const message = `Cannot trust ${link}: it belongs to user 65534, expected root`;
  for (const path of [link, join(link, 'new'), join(link, 'new', 'deeper')])
    assert.throws(() => makeTrustedDirectory(path), { name: 'InputError', message });
  assert.ok(!existsSync(join(directory, 'new')));
});

/** A place whose directory everybody may write to. */
function openedPlace(): Place {
  const place = makePlace();
  chmodSync(place.directory, 0o777);
  return place;
}

/** A place whose directory is like /tmp. */
function stickyPlace(): Place {
  const place = makePlace();
  chmodSync(place.directory, 0o1777);
  return place;
}

/** Gives the link itself to another user. */
function owned(link: string): string {
  lchownSync(link, NOBODY, NOBODY);
  return link;
}

function changed(path: string, change: () => void): string {
  change();
  return path;
}

function linked(target: string, directory: string): string {
  const link = join(directory, 'link');
  symlinkSync(target, link);
  return link;
}

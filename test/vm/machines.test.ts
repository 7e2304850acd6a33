import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { build } from 'esbuild';
import { execa } from 'execa';

const RELEASES = ['bookworm', 'trixie'];
/** What runs at each boot. */
const IS_FOR_ROLE = process.env['VM_ROLE'] !== undefined;
const BOOTS = IS_FOR_ROLE ? ['role'] : ['boot-1', 'boot-2', 'boot-3'];
const MORE_PACKAGES = IS_FOR_ROLE ? ['ansible-core', 'python3-apt'] : [];
const WORK = 'build/vm';
const CACHE = `${process.env['XDG_CACHE_HOME'] ?? `${process.env['HOME']}/.cache`}/wgkex`;
/** Two machines on two processors take some 9 minutes under emulation, or several times that; this is for one that hangs. */
const BOOT_SECONDS = 3600;
const MEMORY_MB = 1024;
const OLD_VERSION = '0.0.9';
/** Versions to upgrade from, by their last commits: 0.1 had no record of the registered peers, 0.2 had no HTTP. */
const LAST_COMMITS = { '0.1': 'a77495c', '0.2': '2cb2a75' };

interface Result {
  readonly name: string;
  readonly isOk: boolean;
  /** Indented lines that follow: durations, or what went wrong. */
  readonly detail: string;
}

before(async () => {
  await rm(WORK, { recursive: true, force: true });
  await mkdir(`${WORK}/payload`, { recursive: true });
  await makePayload();
});
after(() => rm(`${WORK}/payload`, { recursive: true }));

describe('a booted machine', { concurrency: RELEASES.length }, () => {
  for (const release of RELEASES) {
    test(release, async (context) => {
      const results = await boot(release);
      for (const { name, isOk, detail } of results) {
        await context.test(name, () => assert.ok(isOk, `${detail}\nThe journal: ${WORK}/${release}.journal`));
      }
    });
  }
});

/** Everything that the machines get on their second disk. */
async function makePayload(): Promise<void> {
  const packages = (await readdir('build')).filter((name) => name.endsWith('.deb'));
  const [current = ''] = packages.filter((name) => name.startsWith('wgkex_'));
  // build/wgkex_0.3.0_all.deb becomes wgkex.deb, build/wgkex-relay_0.3.0_all.deb wgkex-relay.deb.
  for (const name of packages) await copyFile(`build/${name}`, `${WORK}/payload/${name.replace(/_.*/, '.deb')}`);
  await makeOldPackage(`build/${current}`, `${WORK}/payload/wgkex-old.deb`);
  const building = Object.entries(LAST_COMMITS).map(([old, commit]) =>
    buildVersion(commit, `${WORK}/payload/wgkex-${old}.deb`),
  );
  await Promise.all(building);
  await copyFile('test/vm/start', `${WORK}/payload/start`);
  await copyFile('examples/lease-client.sh', `${WORK}/payload/lease-client.sh`);
  for (const guide of ['install.md', 'http.md', 'fleet.md', 'members.md'])
    await copyFile(`docs/${guide}`, `${WORK}/payload/${guide}`);
  await cp('examples/ansible', `${WORK}/payload/ansible`, { recursive: true });
  for (const [index, program] of BOOTS.entries()) await bundle(program, `boot-${index + 1}`);
  await bundle('window', 'window');
  await execa('truncate', ['--size=32M', `${WORK}/payload.img`]);
  await execa('mke2fs', ['-q', '-t', 'ext4', '-d', `${WORK}/payload`, `${WORK}/payload.img`]);
}

/** A program of test/vm/guest as one file. */
async function bundle(program: string, name: string): Promise<void> {
  await build({
    entryPoints: [`test/vm/guest/${program}.ts`],
    outfile: `${WORK}/payload/${name}.cjs`,
    bundle: true,
    platform: 'node',
    target: 'node18.19',
    format: 'cjs',
    logLevel: 'warning',
  });
}

/** The same package with a lower number, to upgrade from; as of 0.1, dpkg looks after its configuration, with a setting less. */
async function makeOldPackage(from: string, to: string): Promise<void> {
  const tree = `${WORK}/old`;
  await execa('dpkg-deb', ['--raw-extract', from, tree]);
  await execa('sed', ['-i', `s/^Version:.*/Version: ${OLD_VERSION}/`, `${tree}/DEBIAN/control`]);
  await execa('mv', [`${tree}/usr/share/wgkex/wgkex.toml`, `${tree}/etc/wgkex/wgkex.toml`]);
  await execa('sed', ['-i', '/line_seconds/d', `${tree}/etc/wgkex/wgkex.toml`]);
  await appendFile(`${tree}/DEBIAN/conffiles`, '/etc/wgkex/wgkex.toml\n');
  await execa('dpkg-deb', ['--root-owner-group', '--build', tree, to]);
  await rm(tree, { recursive: true });
}

/** An old version itself, from the history of this repository; a copy without one has none. */
async function buildVersion(commit: string, to: string): Promise<void> {
  const tree = `${WORK}/${commit}`;
  if (!existsSync('.git')) return;
  await execa('git', ['-c', 'safe.directory=*', 'clone', '--quiet', '--no-checkout', '.', tree]);
  await execa('git', ['-C', tree, 'checkout', '--quiet', commit]);
  // It bundles packages that are here, and needs no others: faketime was for the tests of 0.1.
  await symlink(`${process.cwd()}/node_modules`, `${tree}/node_modules`);
  await execa('touch', ['--date=@0', 'package-lock.json'], { cwd: tree });
  await execa('sed', ['-i', '/^faketime=/d', 'bin/prepare'], { cwd: tree });
  await execa('bin/package', { cwd: tree });
  const [built = ''] = (await readdir(`${tree}/build`)).filter((name) => name.endsWith('.deb'));
  await copyFile(`${tree}/build/${built}`, to);
  await rm(tree, { recursive: true, force: true });
}

async function boot(release: string): Promise<Result[]> {
  const { stdout: image } = await execa('test/vm/image', [CACHE, release, ...MORE_PACKAGES]);
  const output = (what: string) => `${WORK}/${release}.${what}`;
  const disk = (file: string, options: string) => ['-drive', `file=${file},format=raw,if=virtio,${options}`];
  const [other = ''] = RELEASES.filter((one) => one !== release);
  const port = (end: string, of: string) => `${end}.type=unix,${end}.path=${WORK}/${of}.port`;
  const serial = ['console', 'tap', 'journal'].flatMap((what) => ['-serial', `file:${output(what)}`]);
  // With programs at the same addresses each time, the emulator can reuse its translations: without
  // norandmaps all takes half as long again.
  // On a busy machine the kernel's tests of its own cryptography hang at one boot in 16 under emulation.
  const kernel = 'root=/dev/vda rw console=ttyS0 quiet norandmaps cryptomgr.notests';
  const append = `${kernel} systemd.mask=serial-getty@ttyS0.service`;
  const { timedOut } = await execa(
    'qemu-system-x86_64',
    [
      // Features of newer processors slow an emulator down, and so does a second processor.
      ...['-machine', 'q35,accel=tcg', '-cpu', 'qemu64', '-smp', '1', '-m', String(MEMORY_MB)],
      // A cable between the two machines, which are a fleet in the end.
      ...['-netdev', `dgram,id=cable,${port('local', release)},${port('remote', other)}`],
      ...['-device', `virtio-net-pci,netdev=cable,romfile=,mac=52:54:00:00:00:0${RELEASES.indexOf(release)}`],
      ...['-display', 'none', '-monitor', 'none', '-device', 'isa-debug-exit', ...serial],
      ...['-kernel', `${image}.vmlinuz`, '-initrd', `${image}.initrd`, '-append', append],
      // A machine's writes vanish with it: the cached disk stays as it was made.
      ...disk(`${image}.img`, 'snapshot=on'),
      ...disk(`${WORK}/payload.img`, 'readonly=on'),
    ],
    { reject: false, timeout: BOOT_SECONDS * 1000, stdin: 'ignore' },
  );
  const tap = (await readFile(output('tap'), 'utf8')).replaceAll('\r', '');
  assert.equal(timedOut, false, `The machine did not come to an end within ${BOOT_SECONDS} s:\n${tap}`);
  assert.equal(tap.match(/^1\.\.\d+$/gm)?.length, BOOTS.length, `A boot did not come to its end:\n${tap}`);
  return parseTap(tap);
}

/** The tests of node:test's TAP reporter, without their nested ones. */
function parseTap(tap: string): Result[] {
  const points = tap.split(/^(?=(?:not )?ok \d+ - )/m).slice(1);
  return points.map((point) => {
    const [, not, name = ''] = point.match(/^(not )?ok \d+ - (.*)$/m) ?? [];
    return { name, isOk: not === undefined, detail: point.split(/^(?=# |1\.\.)/m)[0] ?? '' };
  });
}

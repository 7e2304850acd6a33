import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parseInstanceName } from '../../src/core/client/instance.ts';
import { buildDisable, nameProxyUnit, nameUnit } from '../../src/join/commands/service.ts';

const UNITS = fileURLToPath(new URL('../../systemd', import.meta.url));
const skip = !existsSync('/usr/bin/systemctl') && 'systemd is not installed here';
const NAME = parseInstanceName('members');
const OTHER = parseInstanceName('other');

test('a tunnel that is left does not start again, and neither does its proxy; others do', { skip }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'wgkex-units-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const unit of ['wgkex-join@.service', 'wgkex-socks@.service'])
    cpSync(join(UNITS, unit), join(root, 'etc/systemd/system', unit));
  const systemctl = (words: readonly string[]) => execa('systemctl', ['--root', root, ...words]);
  const units = [NAME, OTHER].flatMap((name) => [nameUnit(name), nameProxyUnit(name)]);
  await systemctl(['enable', ...units]);
  assert.equal(findLinks(root).length, 4);
  const [stop, disable = []] = buildDisable(NAME);
  await systemctl(disable);
  assert.deepEqual(findLinks(root), [nameUnit(OTHER), nameProxyUnit(OTHER)]);
  // Nothing runs below another root.
  assert.deepEqual(stop, ['stop', nameProxyUnit(NAME), nameUnit(NAME)]);
});

/** The units that systemd starts. */
function findLinks(root: string): string[] {
  const entries = readdirSync(join(root, 'etc/systemd/system'), { withFileTypes: true });
  const folders = entries.filter(({ name }) => name.endsWith('.wants')).map(({ name }) => name);
  return folders.flatMap((folder) => readdirSync(join(root, 'etc/systemd/system', folder))).sort();
}

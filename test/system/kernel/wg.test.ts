import assert from 'node:assert/strict';
import test from 'node:test';
import { parseConfig } from '../../../src/config/config.ts';
import { requireInterfaces } from '../../../src/system/kernel/wg.ts';

const CASES = [
  ['WireGuard', 'nosuchwg', 'lo', 'nosuchwg'],
  ['VXLAN', 'lo', 'nosuchvx', 'nosuchvx'],
] as const;
for (const [kind, wireguard, vxlan, missing] of CASES) {
  test(`a domain whose ${kind} interface is missing cannot be served, and the error names the interface`, () => {
    const toml = `[domains.ffww01]\nwireguard = "${wireguard}"\nvxlan = "${vxlan}"`;
    const domain = parseConfig(toml, 'wgkex.toml').domains.get('ffww01');
    assert.ok(domain !== undefined);
    const message = `Cannot serve domain ffww01: ${kind} interface ${missing} does not exist`;
    assert.throws(() => requireInterfaces(domain), { message });
  });
}

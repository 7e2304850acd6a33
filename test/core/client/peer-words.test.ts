import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseInstanceName } from '../../../src/core/client/instance.ts';
import { buildPeerWords } from '../../../src/core/client/tunnel-plan.ts';
import { parseIpAddress } from '../../../src/core/values/ip-address.ts';
import { KEYS } from '../arbitraries.ts';

test('a gateway that is the peer already is removed before it is added: only a new handshake shows its endpoint', () => {
  const settings = {
    addresses: { address4: parseIpAddress('10.66.0.7'), address6: undefined },
    publicKey: KEYS[0],
    endpoint: '192.0.2.1:51820',
    allowedIps: ['10.66.0.0/24'],
    dns: [],
    mtu: 1420,
    expires: undefined,
    relay: undefined,
  };
  const tunnel = {
    name: parseInstanceName('members'),
    settings,
    endpoint: { address: parseIpAddress('192.0.2.1'), port: 51820 },
    privateKey: '',
    traffic: 'routes' as const,
  };
  const words = buildPeerWords(tunnel, ['IPv4'], [KEYS[0], KEYS[1]]).join(' ');
  assert.match(
    words,
    new RegExp(`peer ${KEYS[0]} remove peer ${KEYS[1]} remove peer ${KEYS[0]} endpoint`.replaceAll('+', '\\+')),
  );
});

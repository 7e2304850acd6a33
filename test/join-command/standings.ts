import { parseInstanceName } from '../../src/core/client/instance.ts';
import type { IpAddress } from '../../src/core/values/ip-address.ts';
import { DAY_SECONDS } from '../../src/core/values/time.ts';
import { buildInstance } from '../../src/join/commands/setup/settings.ts';
import type { Standing } from '../../src/join/commands/status/standing.ts';
import type { JoinState } from '../../src/join/daemon/state-file.ts';

export const NOW = 1_790_000_000;
const GATEWAYS = ['gw1.example.org', 'gw2.example.org'].map((host) => ({ host, port: 10_012 }));

export const UP: JoinState = {
  doing: 'up',
  since: NOW - 3 * 3600,
  gateway: 'gw1.example.org:10012',
  via: 'udp',
  look: {
    at: NOW - 20,
    isUp: true,
    handshake: NOW - 80,
    received: 1_300_000_000,
    sent: 23_000_000,
    expires: NOW + 41 * DAY_SECONDS,
    addresses: ['10.66.0.5', 'fd66::5'] as IpAddress[],
  },
  failures: [],
};

export const WAITING: JoinState = {
  doing: 'waiting',
  since: NOW - 90,
  reason: 'no gateway brought a tunnel',
  again: NOW + 100,
  failures: [
    {
      gateway: 'gw1.example.org:10012',
      code: 'TOKEN_USED',
      reason: 'the access code is in use with another key; ask the operator to release the lease',
      at: NOW - 95,
      until: NOW + 100,
    },
    { gateway: 'gw2.example.org:10012', reason: 'no handshake \x1b[31m within 15 s', at: NOW - 90, until: NOW + 110 },
  ],
};

export const RELAYED: JoinState = {
  ...UP,
  gateway: 'a-gateway-with-a-long-name.example.org:443',
  via: 'tcp',
  look: { ...UP.look, expires: NOW + 3 * DAY_SECONDS } as NonNullable<JoinState['look']>,
};

function build(name: string, traffic: 'routes' | 'all', standing: Partial<Standing>): Standing {
  const instance = { ...buildInstance(parseInstanceName(name), { gateway: GATEWAYS, domain: 'members' }), traffic };
  return { name: instance.name, instance, state: undefined, isUp: false, problems: [], ...standing };
}

export const STANDINGS = {
  up: build('members', 'routes', { state: UP, isUp: true }),
  relayed: build('everything', 'all', { state: RELAYED, isUp: true }),
  waiting: build('waiting', 'routes', { state: WAITING, problems: ['no gateway brought a tunnel'] }),
  idle: build('idle', 'routes', { problems: ['it is not started; start it with wgkex-join up idle'] }),
} as const;

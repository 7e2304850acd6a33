import fc from 'fast-check';
import {
  type Instance,
  type InstanceName,
  OVER_TCP,
  parseInstanceName,
  TRAFFIC,
} from '../../../src/core/client/instance.ts';
import { formatHostPort, type HostPort } from '../../../src/core/values/host-port.ts';
import { domainNames, ipAddresses, PLAIN } from '../arbitraries.ts';

export const instanceNames: fc.Arbitrary<InstanceName> = domainNames
  .map((name) => name.slice(0, 12))
  .filter((name) => !['join', 'status', 'down', 'up', 'leave', 'export', 'doctor', 'run', 'help'].includes(name))
  .map(parseInstanceName);

const hosts = fc.oneof(fc.constantFrom('gw1.example.org', 'gw2.example.org', 'GW3', 'localhost'), ipAddresses);
const gateways = fc.record({ host: hosts, port: fc.integer({ min: 1, max: 65_535 }) }, PLAIN);

export const instances: fc.Arbitrary<Instance> = fc.record(
  {
    name: instanceNames,
    gateways: fc
      .uniqueArray(gateways, { minLength: 1, maxLength: 16, selector: (one) => formatHostPort(one).toLowerCase() })
      .map((some) => some as [HostPort, ...HostPort[]]),
    domain: domainNames,
    traffic: fc.constantFrom(...TRAFFIC),
    overTcp: fc.constantFrom(...OVER_TCP),
    sample: fc.integer({ min: 1, max: 16 }),
  },
  PLAIN,
);

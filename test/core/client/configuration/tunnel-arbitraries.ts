import fc from 'fast-check';
import type { TunnelSettings } from '../../../../src/core/leases/tunnel-config.ts';
import { isIpv4, maskNetwork, parseIpAddress } from '../../../../src/core/values/ip-address.ts';
import { ipAddresses, PLAIN, publicKeys } from '../../arbitraries.ts';

const YEAR_9999 = 253_402_300_799;
const ipv4 = ipAddresses.filter(isIpv4);
const ipv6 = ipAddresses.filter((address) => !isIpv4(address));
const ports = fc.integer({ min: 1, max: 65_535 });
const endpoints = fc
  .tuple(fc.oneof(fc.constantFrom('vpn.example.org', 'GW1', 'xn--kln-sna.example', '1a.example'), ipAddresses), ports)
  .map(([host, port]) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`));

/** As the kernel prints them. */
const networks = fc.tuple(ipAddresses, fc.nat(128)).map(([address, some]) => {
  const bits = isIpv4(address) ? some % 33 : some;
  return `${parseIpAddress(maskNetwork(address, bits).replace(/\/.*$/, ''))}/${bits}`;
});

/** What a gateway can send, in canonical form. */
export const tunnels: fc.Arbitrary<TunnelSettings> = fc
  .record(
    {
      addresses: fc.oneof(
        fc.record({ address4: ipv4, address6: ipv6 }, PLAIN),
        fc.record({ address4: ipv4, address6: fc.constant(undefined) }, PLAIN),
        fc.record({ address4: fc.constant(undefined), address6: ipv6 }, PLAIN),
      ),
      publicKey: publicKeys,
      endpoint: endpoints,
      allowedIps: fc.uniqueArray(networks, { minLength: 1, maxLength: 20 }),
      dns: fc.uniqueArray(ipAddresses, { maxLength: 4 }),
      mtu: fc.integer({ min: 576, max: 9000 }),
      expires: fc.option(fc.nat(YEAR_9999), { nil: undefined }),
      relay: fc.option(endpoints, { nil: undefined }),
    },
    PLAIN,
  )
  .map((tunnel) => ({
    ...tunnel,
    mtu: tunnel.addresses.address6 === undefined ? tunnel.mtu : Math.max(1280, tunnel.mtu),
  }));

/**
 * The kinds of problems. Programs rely on these words, so they do not change; wgkex(8) explains each of them, in this
 * order.
 */
export const CONCERN_CODES = [
  ...['no-domain', 'check-failed', 'program-missing'],

  ...['writable-by-others', 'wrong-owner', 'configuration-unreadable', 'directory-closed', 'directory-missing'],
  'names-readable',
  ...['executable-missing', 'not-executable', 'sudoers-missing', 'sudoers-mode', 'user-missing', 'user-is-root'],

  ...['sudo-rule-missing', 'sudo-other-rule', 'sudo-arguments', 'sudo-refuses', 'sudo-slow', 'sudo-options'],
  ...['sudo-options-undone', 'sudo-rs-options'],

  ...['unit-missing', 'unit-masked', 'unit-invalid', 'unit-failed', 'not-listening', 'not-enabled'],
  ...['cleanup-not-scheduled', 'timer-not-enabled'],

  ...['port-unanswered', 'port-foreign', 'domain-unknown', 'exchange-fails'],
  ...['name-unknown', 'name-incomplete', 'http-no-port', 'http-unanswered', 'http-no-link-address'],
  'http-tunnel-unanswered',

  ...['broker-unreachable', 'fleet-not-joined', 'fleet-not-announced', 'fleet-id-twice', 'fleet-offline'],
  ...['fleet-silent', 'fleet-full', 'fleet-names', 'fleet-unreadable'],
  ...['worker-domain', 'worker-tls', 'worker-absent', 'worker-offline', 'worker-key', 'worker-unreadable'],

  ...['wireguard-missing', 'wireguard-kind', 'wireguard-keyless', 'wireguard-down'],
  ...['ipv6-none', 'ipv6-off', 'ipv6-mtu', 'link-route-missing'],
  ...['vxlan-missing', 'vxlan-kind', 'vxlan-down', 'vxlan-mtu', 'vxlan-link', 'vxlan-no-address', 'vxlan-address'],
  'vxlan-nolearning',

  ...['peers-unreadable', 'record-unwritable', 'key-list', 'disallowed-peer', 'unlisted-peers'],
  ...['entries-missing', 'entries-orphaned', 'routes-missing', 'routes-orphaned', 'peers-limit', 'pending-limit'],
  'key-in-peer-file',

  ...['leases-unreadable', 'leases-readable', 'leases-without-domain', 'leases-outside-pool', 'pool-limit'],
  ...['peers-missing', 'peers-without-lease', 'pool-no-address', 'forwarding-off', 'forwarding-blocked'],
  'mail-waiting',

  ...['mesh-unreadable', 'vxlan-outside-mesh', 'mesh-gateway-off', 'no-neighbour'],

  'clock-unsynchronised',
] as const;

export type ConcernCode = (typeof CONCERN_CODES)[number];

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { findDomain, loadConfig, parseConfig } from '../../src/config/config.ts';
import { InputError } from '../../src/core/values/errors.ts';
import { parseIpAddress } from '../../src/core/values/ip-address.ts';
import { damaged, texts } from '../core/arbitraries.ts';

const PATH = '/etc/wgkex/wgkex.toml';
const DOMAIN = '[domains.ffww01]\nwireguard = "wgww01"\nvxlan = "vxww01"\n';

/** Every setting, each with a value other than its default. */
const COMPLETE = `
listen = ["127.0.0.1:1", "[::1]:65535"]
handler = ["/usr/lib/wgkex/wgkex-handler", "--config", "/tmp/x"]
disallowed_keys = "/tmp/keys"
static_keys = "/tmp/static"
router_names = "/tmp/names"
state_directory = "/tmp/state"
runtime_directory = "/tmp/run"
quiet_success = true
[log]
level = "debug"
addresses = "prefix"
[limits]
connections = 7
connections_per_source = 6
exchanges_per_source_burst = 5
exchanges_per_source_per_second = 0.5
exempt = ["2001:db8::/32", "192.0.2.0/24"]
line_bytes = 100
line_seconds = 0.3
[mail]
host = "mail.example.org"
port = 465
security = "tls"
from = "Freifunk VPN <vpn@example.org>"
username = "vpn"
password_file = "/etc/wgkex/mail.password"
language = "de"
per_hour = 100
[page]
title = "Freifunk Ö"
link = "https://freifunk.example/a?b=c"
[gateway]
name = "gw1.example.org"
weight = 2.5
location = "muc"

[mqtt]
url = ["mqtts://mqtt.example.org", "mqtt://[fd42::1]:1884"]
username = "gw1"
password_file = "/etc/wgkex/mqtt.password"
id = "gw1"
prefix = "ffww/"
fronts = ["gw1", "gw2"]
workers = { "gw04.in.example" = { weight = 30, public_key = "TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=" }, gw05 = {} }
ca = "/etc/wgkex/ca.pem"

[http]
listen = ["127.0.0.1:5000"]
trusted_proxies = ["127.0.0.1", "10.0.0.0/8", "::1"]
default_domain = "ffww01"
paths = ["/api/add_key"]

[metrics]
listen = "[::1]:9586"
[cleanup]
stale_after_seconds = 60
second_look_seconds = 30
[domains.ffww01]
wireguard = "wgww01"
vxlan = "vxww01"
names = ["westerwald", "ffww_alt"]
allowed_keys = "/tmp/allowed"
address = "gluon"
fdb = ["unicast"]
route = true
max_peers = 3
max_pending = 2
[domains.ffww02]
wireguard = "wgww02"
vxlan = "vxww02"
`;

test('an empty configuration has the defaults of the contract', () => {
  assert.deepEqual(parseConfig('', PATH), {
    listen: [{ host: '::', port: 10012 }],
    handler: ['sudo', '-n', '/usr/lib/wgkex/wgkex-handler'],
    disallowed_keys: '/etc/wgkex/disallowed_keys',
    static_keys: '/etc/wgkex/static_keys',
    router_names: '/etc/wgkex/router_names',
    state_directory: '/var/lib/wgkex',
    runtime_directory: '/run/wgkex',
    quiet_success: false,
    log: { level: 'info', addresses: 'full' },
    limits: {
      connections: 1000,
      connections_per_source: 20,
      exchanges_per_source_burst: 60,
      exchanges_per_source_per_second: 1,
      exempt: [],
      line_bytes: 64,
      line_seconds: 5,
    },
    metrics: {},
    gateway: { weight: 1 },
    page: {},
    cleanup: { stale_after_seconds: 3600, second_look_seconds: 900 },
    domains: new Map(),
    named: new Set(),
  });
});

test('a domain with its two interfaces has the defaults of the contract', () => {
  assert.deepEqual(parseConfig(DOMAIN, PATH).domains.get('ffww01'), {
    name: 'ffww01',
    wireguard: 'wgww01',
    vxlan: 'vxww01',
    names: [],
    address: 'eui64',
    fdb: ['flood', 'unicast'],
    route: false,
    max_peers: 2000,
    max_pending: 1000,
  });
});

test('everything can be set', () => {
  const { limits, domains, named, http, ...config } = parseConfig(COMPLETE, PATH);
  assert.deepEqual([named.has('static_keys'), named.has('metrics'), named.has('address')], [true, true, false]);
  const { exempt, ...numbers } = limits;
  assert.deepEqual(config, {
    listen: [
      { host: '127.0.0.1', port: 1 },
      { host: '::1', port: 65535 },
    ],
    handler: ['/usr/lib/wgkex/wgkex-handler', '--config', '/tmp/x'],
    disallowed_keys: '/tmp/keys',
    static_keys: '/tmp/static',
    router_names: '/tmp/names',
    state_directory: '/tmp/state',
    runtime_directory: '/tmp/run',
    quiet_success: true,
    log: { level: 'debug', addresses: 'prefix' },
    metrics: { listen: { host: '::1', port: 9586 } },
    gateway: { name: 'gw1.example.org', weight: 2.5, location: 'muc' },
    mail: {
      host: 'mail.example.org',
      port: 465,
      security: 'tls',
      from: { name: 'Freifunk VPN', address: 'vpn@example.org' },
      username: 'vpn',
      password_file: '/etc/wgkex/mail.password',
      language: 'de',
      per_hour: 100,
    },
    page: { title: 'Freifunk Ö', link: 'https://freifunk.example/a?b=c' },
    mqtt: {
      url: [
        { isEncrypted: true, host: 'mqtt.example.org', port: 8883 },
        { isEncrypted: false, host: 'fd42::1', port: 1884 },
      ],
      username: 'gw1',
      password_file: '/etc/wgkex/mqtt.password',
      id: 'gw1',
      prefix: 'ffww/',
      fronts: ['gw1', 'gw2'],
      workers: {
        'gw04.in.example': { weight: 30, public_key: 'TszFS3oFRdhsJP3K0VOlklGMGYZy+oFCtlaghXJqW2g=' },
        gw05: { weight: 1 },
      },
      ca: '/etc/wgkex/ca.pem',
    },
    cleanup: { stale_after_seconds: 60, second_look_seconds: 30 },
  });
  const { trusted_proxies, ...door } = http ?? {};
  assert.deepEqual(door, {
    listen: [{ host: '127.0.0.1', port: 5000 }],
    default_domain: 'ffww01',
    paths: ['/api/add_key'],
  });
  const isTrusted = (text: string) => trusted_proxies?.some((network) => network.contains(parseIpAddress(text)));
  assert.deepEqual(['127.0.0.1', '127.0.0.2', '10.9.8.7', '::1'].map(isTrusted), [true, false, true, true]);
  assert.deepEqual(numbers, {
    connections: 7,
    connections_per_source: 6,
    exchanges_per_source_burst: 5,
    exchanges_per_source_per_second: 0.5,
    line_bytes: 100,
    line_seconds: 0.3,
  });
  const isExempt = (address: string) => exempt.some((network) => network.contains(parseIpAddress(address)));
  assert.deepEqual(['2001:db8::1', '192.0.2.1', '192.0.3.1'].map(isExempt), [true, true, false]);
  assert.deepEqual([...domains.keys()], ['ffww01', 'ffww02']);
  const { names, allowed_keys, address, fdb, route, max_peers, max_pending } = domains.get('ffww01') ?? {};
  assert.deepEqual([names, allowed_keys], [['westerwald', 'ffww_alt'], '/tmp/allowed']);
  assert.deepEqual([address, fdb, route, max_peers, max_pending], ['gluon', ['unicast'], true, 3, 2]);
});

const LISTEN = 'an address and a port such as "[::]:10012"';
const NETWORK = 'a network such as "2001:db8::/32"';
const BROKER = 'a URL such as "mqtts://mqtt.example.org:8883"';
const PLAIN = 'mqtts://, or mqtt:// and an address of loopback or an overlay';
const SENDER = 'an address such as "vpn@example.org" or "Freifunk VPN <vpn@example.org>"';
const ID = '1 to 64 characters without / + # and blanks, and not "all"';
const PREFIX = 'a text such as "ffww/"';
const NAME = 'a lower-case name such as "ffww01"';
const INTERFACE = 'the name of an interface, 1 to 15 bytes';
const MEMBERS = '[domains.members]\nwireguard = "wg-members"\nallowed_ips = ["10.66.0.0/24"]\n';
const LEASED = `${MEMBERS}pool = ["10.66.0.0/24"]\nendpoint = "vpn.example.org:51820"\n`;
const POOL = 'an IPv4 network from /16 to /30 or an IPv6 network from /112 to /126';
const ENDPOINT = 'a host and a port such as "vpn.example.org:51820"';
const NOT_LEASED = 'nothing in a domain that has a pool';
const MANY = Array.from({ length: 120 }, (_, index) => `10.${index}.0.0/16`);
const BAD: readonly (readonly [name: string, toml: string, path: string, expected: string, found: string])[] = [
  ['an unknown setting', 'listne = 1', 'listne', 'a known setting', '1'],
  ['an unknown setting of the limits', '[limits]\nconnection = 1', 'limits.connection', 'a known setting', '1'],
  ['an unknown setting of the log', 'log.colour = true', 'log.colour', 'a known setting', 'true'],
  ['an unknown setting of the HTTP door', 'http.port = 1', 'http.port', 'a known setting', '1'],
  [
    'a name that is an address',
    'gateway.name = "192.0.2.1"',
    'gateway.name',
    'a host name such as "gw1.example.org"',
    '"192.0.2.1"',
  ],
  ['an unknown setting of MQTT', 'mqtt.host = 1\nmqtt.url = ["mqtt://[::1]"]', 'mqtt.host', 'a known setting', '1'],
  ['MQTT without a broker', 'mqtt.username = "gw1"', 'mqtt.url', 'a list', 'nothing'],
  ['a broker that is not in a list', 'mqtt.url = "mqtt://[::1]"', 'mqtt.url', 'a list', '"mqtt://[::1]"'],
  ['a broker without a protocol', 'mqtt.url = ["localhost"]', 'mqtt.url.0', BROKER, '"localhost"'],
  ['a broker on the web', 'mqtt.url = ["wss://mqtt.example.org"]', 'mqtt.url.0', BROKER, '"wss://mqtt.example.org"'],
  ['a broker with a password', 'mqtt.url = ["mqtts://a:b@c"]', 'mqtt.url.0', BROKER, '"mqtts://a:b@c"'],
  ['a broker with a path', 'mqtt.url = ["mqtts://c/x"]', 'mqtt.url.0', BROKER, '"mqtts://c/x"'],
  ['a broker beyond the last port', 'mqtt.url = ["mqtts://c:65536"]', 'mqtt.url.0', BROKER, '"mqtts://c:65536"'],
  ['a broker in brackets without an address', 'mqtt.url = ["mqtts://[::x]"]', 'mqtt.url.0', BROKER, '"mqtts://[::x]"'],
  ['a password in clear to an address', 'mqtt.url = ["mqtt://192.0.2.1"]', 'mqtt.url.0', PLAIN, '"mqtt://192.0.2.1"'],
  ['a password in clear to a name', 'mqtt.url = ["mqtt://mqtt"]', 'mqtt.url.0', PLAIN, '"mqtt://mqtt"'],
  ['an id that stands for all', 'mqtt.url = ["mqtt://[::1]"]\nmqtt.id = "all"', 'mqtt.id', ID, '"all"'],
  ['an id with a slash', 'mqtt.url = ["mqtt://[::1]"]\nmqtt.id = "a/b"', 'mqtt.id', ID, '"a/b"'],
  ['a front with a blank', 'mqtt.url = ["mqtt://[::1]"]\nmqtt.fronts = ["a b"]', 'mqtt.fronts.0', ID, '"a b"'],
  ['a worker with a slash', 'mqtt.url = ["mqtt://[::1]"]\nmqtt.workers = { "a/b" = {} }', 'mqtt.workers.a/b', ID, '{}'],
  [
    'a worker with a key that is none',
    'mqtt.url = ["mqtt://[::1]"]\nmqtt.workers = { gw4 = { public_key = "x" } }',
    'mqtt.workers.gw4.public_key',
    'a public key, 44 characters of base64',
    '"x"',
  ],
  ['a prefix without a slash', 'mqtt.url = ["mqtt://[::1]"]\nmqtt.prefix = "ww"', 'mqtt.prefix', PREFIX, '"ww"'],
  ['a prefix for all', 'mqtt.url = ["mqtt://[::1]"]\nmqtt.prefix = "+/"', 'mqtt.prefix', PREFIX, '"+/"'],
  [
    'a relative password file',
    'mqtt.url = ["mqtt://[::1]"]\nmqtt.password_file = "p"',
    'mqtt.password_file',
    'an absolute path',
    '"p"',
  ],
  ['mails from nobody', 'mail.port = 25', 'mail.from', 'a text in quotes', 'nothing'],
  ['mails from two', 'mail.from = "a@b.example, c@d.example"', 'mail.from', SENDER, '"a@b.example, c@d.example"'],
  ['mails with another header', 'mail.from = "a@b.example\\nBcc: c"', 'mail.from', SENDER, '"a@b.example\\nBcc: c"'],
  [
    'mails in clear to another machine',
    'mail.from = "a@b.example"\nmail.host = "mail.example"\nmail.security = "none"',
    'mail.security',
    '"starttls" or "tls", unless the host is localhost or an address of loopback',
    '"none"',
  ],
  ['a pool and a VXLAN', `${LEASED}vxlan = "vx0"`, 'domains.members.vxlan', NOT_LEASED, '"vx0"'],
  ['a pool and a limit of the mesh', `${LEASED}max_peers = 5`, 'domains.members.max_peers', NOT_LEASED, '5'],
  ['neither a pool nor a VXLAN', '[domains.members]\nwireguard = "wg0"', 'domains.members.vxlan', INTERFACE, 'nothing'],
  [
    'a setting of leases in the mesh',
    `${DOMAIN}endpoint = "a:1"`,
    'domains.ffww01.endpoint',
    'a known setting',
    '"a:1"',
  ],
  ['a pool that is too large', `${MEMBERS}pool = ["10.0.0.0/8"]`, 'domains.members.pool', POOL, '["10.0.0.0/8"]'],
  [
    'a pool without endpoint',
    `${MEMBERS}pool = ["10.66.0.0/24"]`,
    'domains.members.endpoint',
    'a text in quotes',
    'nothing',
  ],
  ['an endpoint without port', `${LEASED}relay = "vpn"`, 'domains.members.relay', ENDPOINT, '"vpn"'],
  ['a resolver that is a name', `${LEASED}dns = ["a"]`, 'domains.members.dns.0', 'an IP address', '"a"'],
  [
    'a resolver in IPv4-mapped form',
    `${LEASED}dns = ["::ffff:10.66.0.1"]`,
    'domains.members.dns.0',
    'an IP address',
    '"::ffff:10.66.0.1"',
  ],
  [
    'packets that IPv6 finds too small',
    `${LEASED.replace('/24"]\nend', '/24", "fd66::/112"]\nend')}mtu = 1279`,
    'domains.members.mtu',
    'at least 1280, which IPv6 needs',
    '1279',
  ],
  [
    'short lines and a pool',
    `${LEASED}[limits]\nline_bytes = 60`,
    'limits.line_bytes',
    '61 or more where a domain has a pool',
    '60',
  ],
  [
    'more networks than a reply has space for',
    LEASED.replace('["10.66.0.0/24"]', JSON.stringify(MANY)),
    'domains.members.allowed_ips',
    'fewer networks: a client gets all that it needs in 2000 bytes of base64',
    `${JSON.stringify(MANY).slice(0, 64)}…`,
  ],
  ['a negative weight', 'gateway.weight = -1', 'gateway.weight', '0 or more', '-1'],
  ['a weight that is a text', 'gateway.weight = "1"', 'gateway.weight', 'a number', '"1"'],
  ['a location with a blank', 'gateway.location = "a b"', 'gateway.location', 'a word such as "muc"', '"a b"'],
  ['a path without a slash', 'http.paths = ["x"]', 'http.paths.0', 'a path such as "/api/add_key"', '"x"'],
  [
    'a proxy that is a name',
    'http.trusted_proxies = ["x"]',
    'http.trusted_proxies.0',
    'an address or a network such as "127.0.0.1" or "2001:db8::/32"',
    '"x"',
  ],
  ['an unknown setting of the metrics', 'metrics.port = 1', 'metrics.port', 'a known setting', '1'],
  [
    'a list of addresses for metrics',
    'metrics.listen = ["[::]:1"]',
    'metrics.listen',
    'a text in quotes',
    '["[::]:1"]',
  ],
  ['a port alone for metrics', 'metrics.listen = "9586"', 'metrics.listen', LISTEN, '"9586"'],
  ['an unknown setting of the cleanup', 'cleanup.after = 1', 'cleanup.after', 'a known setting', '1'],
  ['an unknown setting of a domain', `${DOMAIN}fbd = "x"`, 'domains.ffww01.fbd', 'a known setting', '"x"'],
  ['a table that is a number', 'limits = 5', 'limits', 'a table', '5'],
  ['domains that are not a table', 'domains = "ffww01"', 'domains', 'a table', '"ffww01"'],
  ['a list that is a text', 'listen = "[::]:1"', 'listen', 'a list', '"[::]:1"'],
  ['an empty list', 'listen = []', 'listen', 'at least one entry', '[]'],
  ['a number in a list of texts', 'handler = ["sudo", 5]', 'handler.1', 'a text in quotes', '5'],
  ['an empty word of a command', 'handler = [""]', 'handler.0', 'a text that is not empty', '""'],
  ['a boolean that is a text', 'quiet_success = "yes"', 'quiet_success', 'true or false', '"yes"'],
  ['a relative path', 'disallowed_keys = "keys"', 'disallowed_keys', 'an absolute path', '"keys"'],
  ['a relative path of static keys', 'static_keys = "keys"', 'static_keys', 'an absolute path', '"keys"'],
  ['a relative path of names', 'router_names = "names"', 'router_names', 'an absolute path', '"names"'],
  [
    'a relative path of allowed keys',
    `${DOMAIN}allowed_keys = "x"`,
    'domains.ffww01.allowed_keys',
    'an absolute path',
    '"x"',
  ],
  ['a name that is not a list', `${DOMAIN}names = "ww"`, 'domains.ffww01.names', 'a list', '"ww"'],
  ['another name in capital letters', `${DOMAIN}names = ["ww", "WW"]`, 'domains.ffww01.names.1', NAME, '"WW"'],
  ['another name that is a number', `${DOMAIN}names = [1]`, 'domains.ffww01.names.0', NAME, '1'],
  ['a relative state directory', 'state_directory = ""', 'state_directory', 'an absolute path', '""'],
  ['an unknown level', 'log.level = "loud"', 'log.level', '"debug" or "info" or "warn" or "error"', '"loud"'],
  ['an unknown detail', 'log.addresses = "some"', 'log.addresses', '"full" or "prefix" or "none"', '"some"'],
  ['an address without a port', 'listen = ["[::]"]', 'listen.0', LISTEN, '"[::]"'],
  ['a name instead of an address', 'listen = ["localhost:1"]', 'listen.0', LISTEN, '"localhost:1"'],
  ['a port beyond the last one', 'listen = ["[::]:65536"]', 'listen.0', LISTEN, '"[::]:65536"'],
  ['an invalid IPv4 address', 'listen = ["999.1.1.1:1"]', 'listen.0', LISTEN, '"999.1.1.1:1"'],
  ['an invalid IPv6 address', 'listen = ["[:::::]:1"]', 'listen.0', LISTEN, '"[:::::]:1"'],
  ['no connections at all', 'limits.connections = 0', 'limits.connections', '1 or more', '0'],
  ['too many connections', 'limits.connections = 100001', 'limits.connections', '100000 or less', '100001'],
  ['half a connection', 'limits.connections = 0.5', 'limits.connections', 'a whole number', '0.5'],
  ['a number in quotes', 'limits.line_bytes = "64"', 'limits.line_bytes', 'a number', '"64"'],
  ['lines too short for a key', 'limits.line_bytes = 43', 'limits.line_bytes', '44 or more', '43'],
  ['no time', 'limits.line_seconds = 0', 'limits.line_seconds', '0.1 or more', '0'],
  ['a number that is NaN', 'limits.line_seconds = nan', 'limits.line_seconds', 'a number', 'nan'],
  ['an address instead of a network', 'limits.exempt = ["::1"]', 'limits.exempt.0', NETWORK, '"::1"'],
  [
    'a network with too long a prefix',
    'limits.exempt = ["::/8", "1.0.0.0/33"]',
    'limits.exempt.1',
    NETWORK,
    '"1.0.0.0/33"',
  ],
  [
    'no time before a peer is stale',
    'cleanup.stale_after_seconds = 0',
    'cleanup.stale_after_seconds',
    '1 or more',
    '0',
  ],
  ['a domain without VXLAN', 'domains.a.wireguard = "wg0"', 'domains.a.vxlan', INTERFACE, 'nothing'],
  [
    'an impossible interface',
    'domains.a = {wireguard = "wg/0", vxlan = "vx0"}',
    'domains.a.wireguard',
    INTERFACE,
    '"wg/0"',
  ],
  [
    'an unknown variant',
    `${DOMAIN}address = "md5"`,
    'domains.ffww01.address',
    '"eui64" or "ffmuc" or "gluon"',
    '"md5"',
  ],
  ['an unknown kind of entry', `${DOMAIN}fdb = ["all"]`, 'domains.ffww01.fdb.0', '"flood" or "unicast"', '"all"'],
  ['no kind of entry', `${DOMAIN}fdb = []`, 'domains.ffww01.fdb', 'at least one entry', '[]'],
  ['no peers at all', `${DOMAIN}max_peers = 0`, 'domains.ffww01.max_peers', '1 or more', '0'],
];
for (const [name, toml, path, expected, found] of BAD) {
  test(`${name} is refused: ${path}`, () => {
    const message = `${PATH}: ${path}: expected ${expected}, found ${found}`;
    assert.throws(() => parseConfig(toml, PATH), { name: 'InputError', message });
  });
}

/** Here, a table or a list was found. */
const BAD_TABLES = [
  [
    'a domain in capital letters',
    DOMAIN.replace('ffww01', 'FFWW01'),
    'domains.FFWW01: expected a lower-case name such as "ffww01"',
  ],
  [
    'a domain with a blank',
    DOMAIN.replace('ffww01', '"ff ww"'),
    'domains.ff ww: expected a lower-case name such as "ffww01"',
  ],
  [
    'a domain with a special name of JavaScript',
    DOMAIN.replace('ffww01', '__proto__'),
    'domains.__proto__: expected a lower-case name such as "ffww01"',
  ],
  ['a kind of entry twice', `${DOMAIN}fdb = ["flood", "flood"]`, 'domains.ffww01.fdb: expected each kind once'],
] as const;
for (const [name, toml, reason] of BAD_TABLES) {
  test(`${name} is refused`, () => {
    assert.throws(
      () => parseConfig(toml, PATH),
      (error) => error instanceof InputError && error.message.startsWith(`${PATH}: ${reason}, found `),
    );
  });
}

const SHARED = [
  ['two domains with one WireGuard interface', 'wgww01', 'vxww02', 'ffww02.wireguard', 'ffww01.wireguard', 'wgww01'],
  ['two domains with one VXLAN interface', 'wgww02', 'vxww01', 'ffww02.vxlan', 'ffww01.vxlan', 'vxww01'],
  ['one domain with one interface for both', 'wgww02', 'wgww02', 'ffww02.vxlan', 'ffww02.wireguard', 'wgww02'],
  [
    'one domain with the WireGuard interface of another as its VXLAN interface',
    'wgww02',
    'wgww01',
    'ffww02.vxlan',
    'ffww01.wireguard',
    'wgww01',
  ],
] as const;
for (const [name, wireguard, vxlan, path, user, found] of SHARED) {
  test(`${name} is refused`, () => {
    const second = `[domains.ffww02]\nwireguard = "${wireguard}"\nvxlan = "${vxlan}"\n`;
    const reason = `expected an interface that nothing else uses (domains.${user} has it), found "${found}"`;
    assert.throws(() => parseConfig(DOMAIN + second, PATH), { message: `${PATH}: domains.${path}: ${reason}` });
  });
}

const TWICE = [
  ["a name that is the domain's own", '["ffww01"]', '[]', 'ffww01.names.0', 'ffww01'],
  ['a name of the domain before', '[]', '["ffww01"]', 'ffww02.names.0', 'ffww01'],
  ['a name of the domain after', '["alt", "ffww02"]', '[]', 'ffww01.names.1', 'ffww02'],
  ['a second name of two domains', '["alt"]', '["neu", "alt"]', 'ffww02.names.1', 'ffww01.names.0'],
  ['the same second name twice', '["alt", "alt"]', '[]', 'ffww01.names.1', 'ffww01.names.0'],
] as const;
for (const [name, first, second, path, user] of TWICE) {
  test(`${name} is refused`, () => {
    const other = '[domains.ffww02]\nwireguard = "wgww02"\nvxlan = "vxww02"\n';
    const toml = `${DOMAIN}names = ${first}\n${other}names = ${second}`;
    const expected = `${PATH}: domains.${path}: expected a name that no domain has already (domains.${user} has it), found `;
    assert.throws(
      () => parseConfig(toml, PATH),
      (error) => error instanceof InputError && error.message.startsWith(expected),
    );
  });
}

test('a domain may have as many other names as it likes', () => {
  const names = Array.from({ length: 500 }, (_, index) => `town-${index}`);
  assert.deepEqual(parseConfig(`${DOMAIN}names = ${JSON.stringify(names)}`, PATH).domains.get('ffww01')?.names, names);
});

test('with [mqtt] the names of a domain must fit into one message', () => {
  const names = Array.from({ length: 300 }, (_, index) => `town-${index}`);
  const toml = `mqtt.url = ["mqtt://[::1]"]\n${DOMAIN}names = ${JSON.stringify(names)}`;
  assert.throws(() => parseConfig(toml, PATH), {
    message:
      /^\/etc\/wgkex\/wgkex\.toml: domains\.ffww01\.names: expected with \[mqtt\] at most 3000 bytes of names, found /,
  });
});

test('a broker may be spoken to in clear on this machine and in networks of ones own', () => {
  const hosts = ['localhost', '127.0.0.1', '[::1]', '10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', '[fd42::1]'];
  const { mqtt } = parseConfig(`mqtt.url = ${JSON.stringify(hosts.map((host) => `mqtt://${host}`))}`, PATH);
  assert.deepEqual(
    mqtt?.url.map(({ host, port }) => [host, port]),
    hosts.map((host) => [host.replace(/[[\]]/g, ''), 1883]),
  );
});

test('a domain is found by its own name and by each of its other names', () => {
  const config = parseConfig(COMPLETE, PATH);
  for (const name of ['ffww01', 'westerwald', 'ffww_alt']) assert.equal(findDomain(config, name)?.name, 'ffww01');
  assert.equal(findDomain(config, 'ffww02')?.name, 'ffww02');
  for (const name of ['', 'ffww', 'toString', '__proto__', '0']) assert.equal(findDomain(config, name), undefined);
});

test('text that is not TOML is refused with the place of the error', () => {
  assert.throws(() => parseConfig('quiet_success = true\nlisten = [', PATH), {
    name: 'InputError',
    message: /^\/etc\/wgkex\/wgkex\.toml: line 2, column \d+: [^\n]+$/,
  });
});

test('any text is read or refused with one line that names the file', () => {
  const right = fc.constantFrom(COMPLETE, DOMAIN);
  fc.assert(fc.property(fc.oneof(texts, damaged(right), damaged(damaged(right))), readOrRefuseInOneLine), {
    numRuns: 300,
  });
});

test('any setting is read or refused with one line that names the file', () => {
  const names = fc.constantFrom(
    'listen',
    'limits',
    'log.level',
    'limits.exempt',
    'domains',
    'domains.a.fdb',
    'handler',
  );
  const values = fc.json({ maxDepth: 1 }).map((json) => json.replaceAll('null', '1979-05-27').replaceAll(':', '='));
  fc.assert(fc.property(fc.tuple(names, values), ([name, value]) => readOrRefuseInOneLine(`${name} = ${value}`)));
});

test('a setting with any name is refused with one line that names the file', () => {
  const names = fc.oneof(texts, fc.constantFrom('a\nb', '\x1b[31m'));
  fc.assert(fc.property(names, (name) => readOrRefuseInOneLine(`${JSON.stringify(name)} = 1`)));
});

test('a file is read, and a missing one causes an error that says so', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wgkex-config-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'wgkex.toml');
  assert.throws(() => loadConfig(file), {
    name: 'InputError',
    message: `Cannot read ${file}: no such file or directory`,
  });
  writeFileSync(file, 'quiet_success = true');
  assert.equal(loadConfig(file).quiet_success, true);
  writeFileSync(file, 'quiet_success = 1');
  assert.throws(() => loadConfig(file), { message: `${file}: quiet_success: expected true or false, found 1` });
});

function readOrRefuseInOneLine(toml: string): void {
  try {
    parseConfig(toml, PATH);
  } catch (error) {
    assert.ok(error instanceof InputError, `threw ${error}`);
    assert.match(error.message, /^\/etc\/wgkex\/wgkex\.toml: [^\p{Cc}\u2028\u2029]+$/u);
  }
}

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { readFfmucConfig } from '../../../src/cli/commands/import-ffmuc/ffmuc-config.ts';
import { type Translation, translate } from '../../../src/cli/commands/import-ffmuc/translation.ts';
import { parseYaml } from '../../../src/cli/commands/import-ffmuc/yaml.ts';
import { parseConfig } from '../../../src/config/config.ts';
import { domainNames, parseOrRefuse, texts } from '../../core/arbitraries.ts';
import { assertSnapshot } from '../../snapshot.ts';

const FILES = new URL('files/', import.meta.url);
const HOST = 'gw04.in.example.org';

const importText = (text: string, host = HOST) => translate(readFfmucConfig(parseYaml(text)), host);
const readToml = ({ lines }: Translation) => parseConfig(lines.join('\n'), 'wgkex.toml');

describe('each of these files', () => {
  const names = readdirSync(FILES).filter((name) => name.endsWith('.yaml'));
  assert.equal(names.length, 7);
  for (const name of names) {
    const text = readFileSync(new URL(name, FILES), 'utf8');

    test(`${name} has its wgkex.toml`, () => {
      assertSnapshot(new URL(name.replace('.yaml', '.toml'), FILES), importText(text).lines);
    });

    test(`${name} becomes a configuration with its domains, as its worker serves them`, () => {
      const { domains } = readToml(importText(text));
      assert.deepEqual([...domains.keys()], parse(text).domains);
      for (const { name: domain, wireguard, vxlan, address, fdb, route } of domains.values()) {
        assert.deepEqual({ address, fdb, route }, { address: 'ffmuc', fdb: ['flood'], route: true });
        assert.ok(domain.endsWith(wireguard.replace(/^wg-/, '')) && wireguard.startsWith('wg-'));
        assert.equal(vxlan, wireguard.replace('wg-', 'vx-'));
      }
    });

    test(`${name} becomes a configuration without what is behind #, too`, () => {
      const all = importText(text).lines.map((line) => line.replace(/^#(?! |$)/, ''));
      const { mqtt } = parseConfig(all.join('\n'), 'wgkex.toml');
      assert.equal(mqtt !== undefined, name !== 'no-mqtt.yaml');
    });

    test(`the password of ${name} is nowhere in the output`, () => {
      assert.doesNotMatch(JSON.stringify(importText(text)), /SECRET|123456/);
    });
  }
});

describe('the other workers', () => {
  const text = readFileSync(new URL('tls.yaml', FILES), 'utf8');

  test('may be chosen, with their weights', () => {
    const workers = { 'gw05.in.example.org': { weight: 3 }, 'gw06.in.example.org': { weight: 1 } };
    assert.deepEqual(readToml(importText(text)).mqtt?.workers, workers);
    const { 'gw06.in.example.org': other } = workers;
    assert.deepEqual(readToml(importText(text, 'gw05.in.example.org')).mqtt?.workers, { 'gw06.in.example.org': other });
  });

  test('are left out without MQTT, with a note', () => {
    const { lines, notes } = importText(text.replace(/^mqtt:\n( .*\n)+/m, ''));
    assert.doesNotMatch(lines.join('\n'), /^[^#]*gw05/m);
    assert.ok(notes.some((note) => note.setting === 'workers' && /no mqtt/.test(note.text)));
  });
});

describe('the weight of the gateway', () => {
  const text = readFileSync(new URL('as-example.yaml', FILES), 'utf8');

  test('is that of its host among the workers', () => {
    assert.equal(readToml(importText(text, 'gw06.in.example.org')).gateway.weight, 20);
  });

  test('is 1 where its host is none of them, with a note', () => {
    const translation = importText(text, 'gw07.in.example.org');
    assert.equal(readToml(translation).gateway.weight, 1);
    const { text: note = '' } = translation.notes.find(({ setting }) => setting === 'workers') ?? {};
    assert.match(note, /^gw07\.in\.example\.org is not among them/);
  });
});

describe('one line says what is wrong', () => {
  const GOOD = { domains: ['ffxx_city'], domain_prefixes: ['ffxx_'], mqtt: { broker_url: 'localhost' } };
  const with_ = (more: object) => JSON.stringify({ ...GOOD, ...more });
  const mqtt = (more: object) => with_({ mqtt: { ...GOOD.mqtt, password: 'SECRET', ...more } });
  const CASES: readonly (readonly [name: string, text: string, reason: string])[] = [
    ['nothing', '', 'expected a table with domains, domain_prefixes and mqtt, found nothing'],
    ['a text', 'SECRET', 'expected a table with domains, domain_prefixes and mqtt, found "SECRET"'],
    ['a list', '- 1', 'expected a table with domains, domain_prefixes and mqtt, found a list'],
    ['no domains', with_({ domains: undefined }), 'domains: expected a list of domains, found nothing'],
    ['an empty list of domains', with_({ domains: [] }), 'domains: expected a list of domains, found a list'],
    ['a number as a domain', with_({ domains: [7] }), 'domains.0: expected a text, found 7'],
    [
      'a domain in capitals',
      with_({ domains: ['ffxx_city', 'ffxx_City'] }),
      'domains.1: expected a lower-case name such as "ffmuc_welt", found "ffxx_City"',
    ],
    [
      'a domain without a prefix',
      with_({ domains: ['ffyy_city'] }),
      'domains.0: expected one of domain_prefixes and a name, found "ffyy_city"',
    ],
    [
      'a domain that is a prefix',
      with_({ domains: ['ffxx_'] }),
      'domains.0: expected one of domain_prefixes and a name, found "ffxx_"',
    ],
    [
      'a domain whose interface the kernel would refuse',
      with_({ domains: ['ffxx_a_very_long_name'] }),
      'domains.0: expected an interface of 1 to 15 bytes, as wg-a_very_long_name is not, found "ffxx_a_very_long_name"',
    ],
    [
      'two domains of one interface',
      with_({ domains: ['ffxx_city', 'ffyy_city'], domain_prefixes: ['ffxx_', 'ffyy_'] }),
      'domains.1: expected an interface of its own, as domains.0 has wg-city, found "ffyy_city"',
    ],
    ['no prefixes', with_({ domain_prefixes: null }), 'domain_prefixes: expected a list of prefixes, found nothing'],
    [
      'an empty prefix',
      with_({ domain_prefixes: [''] }),
      'domain_prefixes.0: expected a text such as "ffmuc_", found ""',
    ],
    [
      'a worker without a weight',
      with_({ workers: { gw04: null } }),
      'workers.gw04: expected a table such as { weight: 30 }, found nothing',
    ],
    [
      'a negative weight',
      with_({ workers: { gw04: { weight: -1 } } }),
      'workers.gw04.weight: expected a whole number, 0 to 1000000, found -1',
    ],
    [
      'a worker with a bad name',
      with_({ workers: { 'a/b': { weight: 1 } } }),
      'workers.a/b: expected the name of a host, found a table',
    ],
    [
      'a host to listen on',
      with_({ broker_listen: { host: 'a.example' } }),
      'broker_listen.host: expected an address such as "0.0.0.0", found "a.example"',
    ],
    [
      'an address with a zone',
      with_({ broker_listen: { host: 'fe80::1%eth0' } }),
      'broker_listen.host: expected an address such as "0.0.0.0", found "fe80::1%eth0"',
    ],
    [
      'a port too high',
      with_({ broker_listen: { port: 65_536 } }),
      'broker_listen.port: expected a port, 1 to 65535, found 65536',
    ],
    [
      'no broker',
      mqtt({ broker_url: undefined }),
      'mqtt.broker_url: expected a host name or an address, found nothing',
    ],
    [
      'a URL as broker, with a password',
      mqtt({ broker_url: 'mqtt://u:SECRET@a' }),
      'mqtt.broker_url: expected a host name or an address, found a text',
    ],
    ['a port of 0', mqtt({ broker_port: 0 }), 'mqtt.broker_port: expected a port, 1 to 65535, found a number'],
    ['a text for tls', mqtt({ tls: 'False' }), 'mqtt.tls: expected true or false, found a text'],
    [
      'a name with two lines',
      mqtt({ username: 'SECRET\n' }),
      'mqtt.username: expected a text on one line, found a text',
    ],
    ['half a surrogate pair', mqtt({ username: '\ud800' }), 'mqtt.username: expected a text on one line, found a text'],
    ['no table of MQTT', with_({ mqtt: 'SECRET' }), 'mqtt: expected a table with broker_url, found a text'],
  ];
  for (const [name, text, reason] of CASES) {
    test(`with ${name}`, () => {
      assert.throws(() => importText(text), { name: 'InputError', message: reason });
    });
  }
});

describe('whatever the file contains', () => {
  const prefixes = fc.constantFrom('ff', 'ffxx_', 'ffxx', 'x');
  const domains = fc
    .tuple(prefixes, fc.constantFrom('city', 'welt', 'a-b', '_n', 'x', 'ffxx_1', ''))
    .map(([prefix, rest]) => prefix + rest);
  const odd = fc.oneof(domainNames, texts, fc.constantFrom('__proto__', ''));
  const some = (usual: fc.Arbitrary<string>, maxLength: number) =>
    fc.array(fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd }), { maxLength });

  test('its domains and prefixes become a configuration, or one line says why not', () => {
    let taken = 0;
    fc.assert(
      fc.property(some(domains, 4), some(prefixes, 3), (domains, prefixes) => {
        const text = JSON.stringify({ domains, domain_prefixes: prefixes });
        const translation = parseOrRefuse(() => importText(text));
        if (translation === undefined) return;
        taken++;
        assert.deepEqual([...readToml(translation).domains.keys()], domains);
      }),
      { numRuns: 1000 },
    );
    assert.ok(taken > 100, `${taken}`);
  });

  test('its other settings become a configuration without the password, or one line says why not', () => {
    const odd = fc.oneof(texts, fc.integer(), fc.boolean(), fc.constant(null), fc.array(texts, { maxLength: 2 }));
    const or = (...good: unknown[]) => fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...good) }, odd);
    const settings = fc.record(
      {
        externalName: or('gw1.example.org', '192.0.2.1', ''),
        workers: fc.oneof(
          fc.dictionary(or(HOST, 'gw05').map(String), fc.record({ weight: or(1, 0, '3', null) }), { maxKeys: 3 }),
          odd,
        ),
        broker_listen: fc.oneof(fc.record({ host: or('::', '0.0.0.0', 'localhost'), port: or(5000, 80, '5000') }), odd),
        mqtt: fc.oneof(
          {
            weight: 5,
            arbitrary: fc.record({
              broker_url: or('a.example', '10.0.0.1', '::1'),
              broker_port: or(1883),
              username: or('us"er'),
              tls: or(true, false),
            }),
          },
          odd,
        ),
        logging_config: fc.oneof(fc.record({ root: or(null, { level: 'INFO' }) }), odd),
        log_level: or('DEBUG', 'INFO'),
        other: odd,
      },
      { requiredKeys: [] },
    );
    let taken = 0;
    fc.assert(
      fc.property(settings, (some) => {
        const base = { domains: ['ffxx_city'], domain_prefixes: ['ffxx_'] };
        const secret = typeof some.mqtt === 'object' && !Array.isArray(some.mqtt) && some.mqtt !== null;
        const mqtt = secret ? { ...(some.mqtt as object), password: 'S3CR3T' } : some.mqtt;
        const translation = parseOrRefuse(() => importText(JSON.stringify({ ...base, ...some, mqtt })));
        if (translation === undefined) return;
        taken++;
        assert.equal(readToml(translation).domains.size, 1);
        assert.doesNotMatch(JSON.stringify(translation), /S3CR3T/);
        for (const { setting, text } of translation.notes) assert.match(`${setting}: ${text}`, /^[ -~]+$/);
      }),
      { numRuns: 2000 },
    );
    assert.ok(taken > 100, `${taken}`);
  });
});

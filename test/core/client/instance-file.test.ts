import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseInstanceName } from '../../../src/core/client/instance.ts';
import { formatInstance, parseInstance } from '../../../src/core/client/instance-file.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';
import { instances } from './instance-arbitraries.ts';

const NAME = parseInstanceName('members');
const LEAST = 'gateways = ["gw1.example.org"]\ndomain = "members"\n';
const DEFAULTS = {
  name: 'members',
  gateways: [{ host: 'gw1.example.org', port: 10_012 }],
  domain: 'members',
  traffic: 'routes',
  overTcp: 'auto',
  sample: 3,
};

describe("root's file for a tunnel", () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(instances, (instance) => {
        assert.deepEqual(parseInstance(instance.name, formatInstance(instance)), instance);
      }),
    );
  });

  test('is read, or refused with one printable line', () => {
    fc.assert(
      fc.property(fc.oneof(texts, damaged(instances.map(formatInstance))), (text) => {
        const instance = parseOrRefuse(() => parseInstance(NAME, text));
        if (instance !== undefined) assert.deepEqual(parseInstance(NAME, formatInstance(instance)), instance);
      }),
    );
  });

  test('is written for people', () => {
    assert.equal(
      formatInstance(parseInstance(NAME, LEAST)),
      `gateways = [ "gw1.example.org:10012" ]
domain = "members"
all_traffic = false
proxy_only = false
over_tcp = "auto"
sample = 3
`,
    );
  });

  for (const [text, settings] of [
    ['', {}],
    ['all_traffic = false\nproxy_only = false', {}],
    ['all_traffic = true', { traffic: 'all' }],
    ['proxy_only = true', { traffic: 'proxy' }],
    ['over_tcp = "always"', { overTcp: 'always' }],
    ['sample = 16 # of all', { sample: 16 }],
  ] as const)
    test(`may have ${JSON.stringify(text)} besides gateways and domain`, () => {
      assert.deepEqual(parseInstance(NAME, `${LEAST}${text}\n`), { ...DEFAULTS, ...settings });
    });

  const list = (count: number) => `gateways = [${Array.from({ length: count }, (_, index) => `"gw${index}"`)}]`;
  test('may have 16 gateways', () => {
    assert.equal(parseInstance(NAME, `${list(16)}\ndomain = "members"`).gateways.length, 16);
  });

  for (const [name, text, message] of [
    ['nothing in it', '', 'gateways: expected a list, found nothing'],
    ['no gateways', 'gateways = []\ndomain = "m"', 'gateways: expected at least one entry, found []'],
    ['17 gateways', `${list(17)}\ndomain = "m"`, 'gateways: expected at most 16 entries, found ["gw0","gw1"'],
    ['one gateway without a list', 'gateways = "gw1"\ndomain = "m"', 'gateways: expected a list, found "gw1"'],
    ['a number as a gateway', 'gateways = ["a", 5]\ndomain = "m"', 'gateways.1: expected a text in quotes, found 5'],
    [
      'an impossible gateway',
      'gateways = ["gw1:0"]\ndomain = "m"',
      'gateways.0: expected HOST, HOST:PORT or [IPV6]:PORT, found "gw1:0"',
    ],
    [
      'a gateway twice',
      'gateways = ["gw1", "GW1:10012"]\ndomain = "m"',
      'gateways.1: expected each gateway once, found "GW1:10012"',
    ],
    ['no domain', 'gateways = ["gw1"]', 'domain: expected a text in quotes, found nothing'],
    [
      'a domain in capitals',
      'gateways = ["gw1"]\ndomain = "Members"',
      'domain: expected a lower-case name such as "members", found "Members"',
    ],
    [
      'both ways',
      `${LEAST}all_traffic = true\nproxy_only = true`,
      'proxy_only: expected false where all_traffic is true',
    ],
    ['a text as a truth', `${LEAST}all_traffic = "yes"`, 'all_traffic: expected true or false, found "yes"'],
    ['another way', `${LEAST}over_tcp = "no"`, 'over_tcp: expected "auto" or "always" or "never", found "no"'],
    ['a sample of none', `${LEAST}sample = 0`, 'sample: expected 1 or more, found 0'],
    ['a sample of 17', `${LEAST}sample = 17`, 'sample: expected 16 or less, found 17'],
    ['half a sample', `${LEAST}sample = 1.5`, 'sample: expected a whole number, found 1.5'],
    ['an unknown setting', `${LEAST}post_up = "id"`, 'post_up: expected a known setting, found "id"'],
    ['an unknown table', `${LEAST}[wireguard]`, 'wireguard: expected a known setting, found {}'],
    ['a name of every object', `${LEAST}__proto__ = 1`, '__proto__: expected a known setting, found 1'],
    ['an end of a line in a name', `${LEAST}"a\\nb" = 1`, 'a\\u000ab: expected a known setting, found 1'],
    ['a setting twice', `${LEAST}domain = "m"`, 'line 3, column '],
    ['a list without an end', 'gateways = [', 'line 1, column '],
  ] as const)
    test(`is refused with ${name}`, () => {
      assert.throws(
        () => parseInstance(NAME, text),
        (error: Error) => {
          assert.equal(error.name, 'InputError');
          assert.ok(error.message.startsWith(`/etc/wgkex-client/members.toml: ${message}`), error.message);
          assert.match(error.message, /^[ -~…]+$/);
          return true;
        },
      );
    });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Instance, parseInstanceName } from '../../src/core/client/instance.ts';
import { areGiven, buildInstance, isSameInstance, type Settings } from '../../src/join/commands/setup/settings.ts';

const NAME = parseInstanceName('members');
const GATEWAY = [{ host: 'gw1.example.org', port: 10_012 }] as const;
const NEW = buildInstance(NAME, { gateway: GATEWAY, domain: 'members' });

describe('the settings of a tunnel', () => {
  test('have defaults', () => {
    const expected = {
      name: NAME,
      gateways: GATEWAY,
      domain: 'members',
      traffic: 'routes',
      overTcp: 'auto',
      sample: 3,
    };
    assert.deepEqual(NEW, expected);
  });

  const CHANGES: readonly [title: string, before: Partial<Instance>, settings: Settings, after: Partial<Instance>][] = [
    ['stay as they are where nothing is given', { sample: 5 }, { overTcp: 'never' }, { sample: 5, overTcp: 'never' }],
    ['replace all gateways', {}, { gateway: [{ host: 'b', port: 1 }] }, { gateways: [{ host: 'b', port: 1 }] }],
    ['take all traffic', {}, { allTraffic: true }, { traffic: 'all' }],
    ['change from all traffic to a proxy', { traffic: 'all' }, { proxyOnly: true }, { traffic: 'proxy' }],
    ['take all traffic back', { traffic: 'all' }, { allTraffic: false }, { traffic: 'routes' }],
    ['take the proxy back', { traffic: 'proxy' }, { proxyOnly: false }, { traffic: 'routes' }],
    ['do not take back what is not set', { traffic: 'proxy' }, { allTraffic: false }, { traffic: 'proxy' }],
  ];
  for (const [title, before, settings, after] of CHANGES)
    test(title, () => {
      assert.deepEqual(buildInstance(NAME, settings, { ...NEW, ...before }), { ...NEW, ...before, ...after });
    });

  const WRONG: readonly [title: string, settings: Settings, complaint: RegExp][] = [
    ['a new tunnel needs gateways and a domain', {}, /no such tunnel yet, so --gateway and --domain must be given$/],
    ['a new tunnel needs a domain', { gateway: GATEWAY }, /so --domain must be given$/],
    ['a new tunnel needs gateways', { domain: 'members' }, /so --gateway must be given$/],
    ['a domain has the form of one', { gateway: GATEWAY, domain: 'Members!' }, /^Cannot use these settings: domain: /],
    [
      'a gateway is there once',
      { gateway: [...GATEWAY, ...GATEWAY], domain: 'members' },
      /^Cannot use these settings: gateways\.1: /,
    ],
    ['everything and hardly anything', { ...NEW, gateway: GATEWAY, allTraffic: true, proxyOnly: true }, /--proxy-only/],
  ];
  for (const [title, settings, message] of WRONG)
    test(title, () => assert.throws(() => buildInstance(NAME, settings), { name: 'InputError', message }));

  test('are given or not', () => {
    assert.deepEqual([areGiven({}), areGiven({ allTraffic: false }), areGiven({ sample: 2 })], [false, true, true]);
  });

  test('are the same if root’s file is the same', () => {
    const [same, other] = [buildInstance(NAME, {}, NEW), buildInstance(NAME, { sample: 2 }, NEW)];
    assert.deepEqual([isSameInstance(NEW, same), isSameInstance(NEW, other)], [true, false]);
  });
});

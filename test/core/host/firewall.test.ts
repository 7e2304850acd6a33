import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { mentions, parseFirewall } from '../../../src/core/host/forwarding/firewall.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

const PLACE = { family: 'inet', table: 'filter' };
const MATCH = { op: '==', left: { meta: { key: 'iifname' } }, right: { set: ['eth0', 'wg-adm*'] } };
const SOURCE = {
  op: '==',
  left: { payload: { protocol: 'ip', field: 'saddr' } },
  right: { prefix: { addr: '10.66.0.0', len: 24 } },
};

/** As nft 1.0.6 prints it, without irrelevant fields. */
const RULESET = {
  nftables: [
    { metainfo: { version: '1.0.6', json_schema_version: 1 } },
    { table: { family: 'inet', name: 'filter', handle: 1 } },
    { chain: { ...PLACE, name: 'input', type: 'filter', hook: 'input', prio: 0, policy: 'drop' } },
    { chain: { ...PLACE, name: 'forward', type: 'filter', hook: 'forward', prio: 0, policy: 'drop' } },
    { chain: { ...PLACE, table: 'nat', name: 'fw', type: 'filter', hook: 'forward', prio: 0, policy: 'accept' } },
    { set: { ...PLACE, name: 'inside', type: 'ifname', handle: 3, elem: ['wg-staff'] } },
    { rule: { ...PLACE, chain: 'forward', handle: 4, expr: [{ match: MATCH }, { match: SOURCE }, { accept: null }] } },
    { rule: { ...PLACE, table: 'nat', chain: 'fw', handle: 5, expr: [{ match: { ...MATCH, right: 'wg-nat' } }] } },
  ],
};

test('the chains at the hook forward are found with their policies', () => {
  const chains = parseFirewall(JSON.stringify(RULESET));
  assert.deepEqual(
    chains.map(({ table, chain, drops }) => [table, chain, drops]),
    [
      ['filter', 'forward', true],
      ['nat', 'fw', false],
    ],
  );
});

test('a chain mentions the interfaces and networks of the rules and sets of its table', () => {
  const [chain] = parseFirewall(JSON.stringify(RULESET));
  assert.ok(chain !== undefined);
  for (const name of ['eth0', 'wg-adm', 'wg-admins', 'wg-staff']) assert.equal(mentions(chain, name, []), true, name);
  for (const name of ['eth', 'eth01', 'wg-ad', 'wg-nat', 'wg-members'])
    assert.equal(mentions(chain, name, []), false, name);
  assert.equal(mentions(chain, 'wg-members', ['fd66::/112', '10.66.0.0/24']), true);
  assert.equal(mentions(chain, 'wg-members', ['10.67.0.0/24']), false);
});

test('any other text is refused, and nothing else is thrown', () => {
  const outputs = fc.constant(JSON.stringify(RULESET));
  fc.assert(
    fc.property(fc.oneof(texts, fc.json(), damaged(outputs)), (text) => {
      parseOrRefuse(() => parseFirewall(text));
    }),
  );
});

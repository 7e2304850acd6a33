import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { formatRule, parseRules } from '../../../src/core/kernel/rules.ts';
import { damaged, parseOrRefuse, texts } from '../arbitraries.ts';

/** As iproute2 6.1 prints them; 6.15 leaves out `oif_detached`, and has a mask for the port. */
const TEXT = `[{"priority":0,"src":"all","table":"255"},
{"priority":30560,"src":"all","oif":"wg-x","oif_detached":null,"table":"30567","protocol":"119"},
{"priority":30561,"src":"10.66.0.5","table":"30568","protocol":"119"},
{"priority":30562,"src":"all","fwmark":"0x7767","table":"254","protocol":"119"},
{"priority":30563,"src":"all","ipproto":"ipproto-17","dport":53,"table":"30567","protocol":"119"},
{"priority":30563,"src":"all","ipproto":"ipproto-6","dport":53,"dport_mask":"0xffff","table":"30567","protocol":"119"},
{"priority":30564,"src":"all","uid_start":999,"uid_end":999,"table":"254","protocol":"119"},
{"priority":30565,"src":"all","table":"254","suppress_prefixlen":0,"protocol":"119"},
{"priority":30566,"not":null,"src":"all","fwmark":"0x7767","table":"30567","protocol":"119"},
{"priority":30567,"not":null,"src":"all","fwmark":"0x7767","action":"7","protocol":"119"},
{"priority":30567,"src":"all","action":"unreachable","protocol":"119"},
{"priority":30567,"src":"all","action":"6","protocol":"119"},
{"priority":30568,"src":"all","table":"mine","protocol":"3"},
{"priority":32766,"src":"all","table":"254"},{"priority":32767,"src":"all","table":"253"}]`;

describe('rules', () => {
  test('are read, and written as they were added', () => {
    assert.deepEqual(parseRules(TEXT).map(formatRule), [
      'pref 30560 oif wg-x lookup 30567 protocol 119',
      'pref 30561 from 10.66.0.5 lookup 30568 protocol 119',
      'pref 30562 fwmark 0x7767 lookup 254 protocol 119',
      'pref 30563 ipproto 17 dport 53 lookup 30567 protocol 119',
      'pref 30563 ipproto 6 dport 53 lookup 30567 protocol 119',
      'pref 30564 uidrange 999-999 lookup 254 protocol 119',
      'pref 30565 lookup 254 suppress_prefixlength 0 protocol 119',
      'pref 30566 not fwmark 0x7767 lookup 30567 protocol 119',
      'pref 30567 not fwmark 0x7767 unreachable protocol 119',
      'pref 30567 unreachable protocol 119',
    ]);
  });

  test('are read, or refused, whatever ip prints', () => {
    fc.assert(
      fc.property(fc.oneof(texts, damaged(fc.constant(TEXT))), (text) => {
        for (const rule of parseOrRefuse(() => parseRules(text)) ?? [])
          assert.doesNotMatch(formatRule(rule), /NaN|undefined/);
      }),
    );
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { REPLY_CODES } from '../../../src/core/exchange/exchange.ts';
import { type Answer, combineAnswers, combineRefusals, isFinal } from '../../../src/core/fleet/answers.ts';

const answers = fc.array(fc.constantFrom<Answer>(...REPLY_CODES, 'silence'), { maxLength: 6 });

describe('by v1 a router gets', () => {
  for (const [given, reply] of [
    ['OK', 'OK'],
    ['OK OK', 'OK'],
    ['OK FULL', 'OK'],
    ['FULL OK FULL', 'OK'],
    ['', 'FAILED'],
    ['OK silence', 'FAILED'],
    ['OK FAILED', 'FAILED'],
    ['silence', 'FAILED'],
    ['FULL FULL', 'FULL'],
    ['OK BUSY', 'BUSY'],
    ['OK OK BUSY', 'BUSY'],
    ['OK ADDRESS_TAKEN', 'ADDRESS_TAKEN'],
    ['PROHIBITED_WGKEY ADDRESS_TAKEN PROHIBITED_WGKEY', 'PROHIBITED_WGKEY'],
    ['ADDRESS_TAKEN BUSY', 'BUSY'],
    ['FULL ADDRESS_TAKEN', 'FULL'],
  ] as const)
    test(`${reply} where the gateways said: ${given || 'nothing'}`, () => {
      assert.equal(combineAnswers(given.split(' ').filter((word) => word !== '') as Answer[]), reply);
    });

  test('OK only where one gateway took the key, and each that did not is full', () => {
    fc.assert(
      fc.property(answers, (given) => {
        const reply = combineAnswers(given);
        const others = given.filter((answer) => answer !== 'OK');
        assert.equal(reply === 'OK', others.length < given.length && others.every((answer) => answer === 'FULL'));
        assert.ok(reply === 'OK' || reply === 'FAILED' || given.includes(reply));
      }),
    );
  });
});

describe('by v2', () => {
  test('silence, FULL, FAILED and BUSY lead to the next gateway, every other code is final', () => {
    const next = ([...REPLY_CODES, 'silence'] as const).filter((answer) => !isFinal(answer));
    assert.deepEqual(next, ['FULL', 'BUSY', 'FAILED', 'silence']);
  });

  test('a router never gets OK where no gateway named it', () => {
    fc.assert(fc.property(answers, (given) => assert.notEqual(combineRefusals(given), 'OK')));
  });
});

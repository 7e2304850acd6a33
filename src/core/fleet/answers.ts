import type { ErrorCode, ReplyCode } from '../exchange/exchange.ts';

/**
 * A gateway's own code, or none within 2 s; or `unacknowledged`: the key was published to a worker of freifunkMUC, which
 * never answers.
 */
export type Answer = ReplyCode | 'silence' | 'unacknowledged';

/** A front waits this long for a gateway. */
export const ANSWER_SECONDS = 2;
/** The most gateways that a front asks for one router by v2. */
export const MOST_ASKED = 3;

const TRY_ELSEWHERE: readonly Answer[] = ['silence', 'FULL', 'FAILED', 'BUSY'];
/** Of two codes that are equally common, the one after which the router comes back sooner. */
const PATIENCE: readonly ErrorCode[] = ['FAILED', 'BUSY', 'FULL', 'ADDRESS_TAKEN', 'PROHIBITED_WGKEY'];

/** v2: whether another gateway might answer better. */
export function isFinal(answer: Answer): boolean {
  return !TRY_ELSEWHERE.includes(answer);
}

/** The router gets `OK`. */
export function isSuccess(answer: Answer): answer is 'OK' | 'unacknowledged' {
  return answer === 'OK' || answer === 'unacknowledged';
}

/** v1: the reply to a router for which all gateways were asked. */
export function combineAnswers(answers: readonly Answer[]): ReplyCode {
  const isTaken = answers.some(isSuccess) && answers.every((answer) => isSuccess(answer) || answer === 'FULL');
  return isTaken ? 'OK' : combineRefusals(answers);
}

/** The reply where no gateway's `OK` counts: `FAILED` if one was silent or failed, or none was asked. */
export function combineRefusals(answers: readonly Answer[]): ErrorCode {
  const refusals = answers.filter((answer): answer is ErrorCode => !isSuccess(answer) && answer !== 'silence');
  if (refusals.length === 0 || answers.includes('silence') || refusals.includes('FAILED')) return 'FAILED';
  const count = (code: ErrorCode) => refusals.filter((one) => one === code).length;
  const [first = 'FAILED'] = [...refusals].sort(
    (one, other) => count(other) - count(one) || rankPatience(one) - rankPatience(other),
  );
  return first;
}

function rankPatience(code: ErrorCode): number {
  const rank = PATIENCE.indexOf(code);
  return rank < 0 ? PATIENCE.length : rank;
}

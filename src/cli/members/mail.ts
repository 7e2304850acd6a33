import type { UnixSeconds } from '../../core/values/time.ts';
import type { Waiting } from '../../system/mail/waiting.ts';
import { type Concern, fault } from '../gateway/concern.ts';
import { count, formatAge } from '../terminal/words.ts';

/** wgkex-mail tries four times within an hour. */
const LONG_SECONDS = 3600;
/** Without a word of wgkex-mail it may not run at all. */
const REMEDY = 'systemctl enable --now wgkex-mail.path wgkex-mail.timer';

/** The mails to members at a glance. */
export interface MailSummary {
  readonly waiting: Waiting;
  readonly concerns: readonly Concern[];
}

/** `Mail to members: 3 letters wait, the oldest for 2 h.` */
export function describeMail({ count: number, oldest }: Waiting, now: UnixSeconds): string {
  if (oldest === undefined) return 'Mail to members: no letter waits.';
  return `Mail to members: ${describeWaiting(number, oldest, now)}.`;
}

/** After this time the operator should look at letters that wait. */
export function findMailFaults({ count: number, oldest, reason }: Waiting, now: UnixSeconds): Concern[] {
  if (oldest === undefined || now - oldest <= LONG_SECONDS) return [];
  const problem = `mail to members: ${describeWaiting(number, oldest, now)}`;
  const found =
    reason === undefined
      ? fault('mail-waiting', problem, REMEDY)
      : fault('mail-waiting', `${problem}: ${reason}; see journalctl -u wgkex-mail`);
  return [{ domain: undefined, ...found }];
}

function describeWaiting(number: number, oldest: UnixSeconds, now: UnixSeconds): string {
  const age = formatAge(Math.min(oldest, now), now);
  return number === 1
    ? `1 letter has waited for ${age}`
    : `${count(number, 'letter waits', 'letters wait')}, the oldest for ${age}`;
}

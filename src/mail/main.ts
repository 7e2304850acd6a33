import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  COMMON_HELP,
  EXIT_FAILURE,
  exitWithUsageError,
  orExitWithConfigError,
  readCommandLine,
} from '../command-line.ts';
import { type Config, loadConfig } from '../config/config.ts';
import { MAIL_STATE_DIRECTORY, NOTES, OUTBOX, PAUSES } from '../core/mail/letter.ts';
import { describeError, InputError } from '../core/values/errors.ts';
import type { UnixSeconds } from '../core/values/time.ts';
import { Log } from '../log/log.ts';
import type { Carrier } from './carrier.ts';
import { buildMessage, type MailSettings } from './message.ts';
import { Notes } from './notes.ts';
import { Pauses } from './pauses.ts';
import { Round } from './round.ts';
import { openSendmail } from './sendmail.ts';
import { openSmtp } from './smtp.ts';

const PROGRAM = 'wgkex-mail';
const HELP = `Usage: ${PROGRAM} [--config PATH]

Sends the mails to members that wait in the outbox of wgkex, and exits. wgkex-mail.path
and wgkex-mail.timer start it as the user wgkex-mail. The manual is ${PROGRAM}(8).

${COMMON_HELP}`;

async function main(): Promise<void> {
  const { config: path } = readCommandLine({ program: PROGRAM, help: HELP });
  if (process.getuid?.() === 0)
    exitWithUsageError(PROGRAM, 'root must not send mails: run systemctl start wgkex-mail.service');
  const config = orExitWithConfigError(PROGRAM, () => loadConfig(path));
  const mail = orExitWithConfigError(PROGRAM, () => requireMail(config, path));
  const carrier = orExitWithConfigError(PROGRAM, () => openCarrier(mail));
  const log = new Log(config.log);
  try {
    await openRound(config, mail, carrier, log).run();
  } catch (error) {
    log.report('mail problem', { reason: describeError(error) });
    process.exitCode = EXIT_FAILURE;
  }
}

function openRound({ state_directory }: Config, mail: MailSettings, carrier: Carrier, log: Log): Round {
  // systemd names the directory that it made.
  const directory = process.env['STATE_DIRECTORY'] ?? MAIL_STATE_DIRECTORY;
  let isStopping = false;
  // The letter that is under way may be with the server already.
  process.on('SIGTERM', () => {
    isStopping = true;
  });
  return new Round({
    outbox: join(state_directory, OUTBOX),
    notes: new Notes(join(directory, NOTES)),
    pauses: openPauses(join(directory, PAUSES), log),
    carrier,
    perHour: mail.per_hour,
    events: log,
    build: (letter) => buildMessage(letter, mail, findOffset),
    now: () => Date.now() / 1000,
    isStopping: () => isStopping,
  });
}

function requireMail({ mail }: Config, path: string): MailSettings {
  if (mail === undefined) throw new InputError(`${path}: expected a table [mail], found nothing`);
  return mail;
}

function openCarrier(mail: MailSettings): Carrier {
  return mail.host === undefined ? openSendmail() : openSmtp(mail.host, mail, process.env);
}

/** A damaged file means no pauses. */
function openPauses(path: string, log: Log): Pauses {
  try {
    return new Pauses(path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    log.report('mail problem', { reason: error.message });
    rmSync(path);
    return new Pauses(path);
  }
}

function findOffset(time: UnixSeconds): number {
  return -new Date(time * 1000).getTimezoneOffset();
}

void main();

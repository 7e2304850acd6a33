import { type ChildProcess, spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { createTransport } from 'nodemailer';
import { type Carrier, RefusedError } from './carrier.ts';
import type { Message } from './message.ts';

/** Where every mail server of Debian has it. */
const SENDMAIL = '/usr/sbin/sendmail';
/** The recipient is in the header; a line with a dot alone does not end the mail. */
const ARGUMENTS = ['-t', '-i'];
const SECONDS = 300;
/** sysexits.h: EX_DATAERR, EX_NOUSER. */
const REFUSALS: readonly (number | null)[] = [65, 67];
const SURROUNDINGS = { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' }, cwd: '/' };
const SHOWN_CHARACTERS = 300;

/** Sends by the system's sendmail, which has a queue of its own. */
export function openSendmail(program = SENDMAIL): Carrier {
  const transport = createTransport({
    ...{ streamTransport: true, buffer: true, newline: 'unix', disableFileAccess: true, disableUrlAccess: true },
  });
  return {
    async send(message: Message) {
      const { message: bytes } = await transport.sendMail({ ...message });
      await run(program, bytes as Buffer);
    },
  };
}

async function run(program: string, input: Buffer): Promise<void> {
  const child = spawn(program, ARGUMENTS, { ...SURROUNDINGS, stdio: ['pipe', 'ignore', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), SECONDS * 1000);
  const ending = Promise.all([waitForEnd(program, child, input), text(child.stderr)]);
  const [status, said] = await ending.finally(() => clearTimeout(timer));
  if (status === 0) return;
  const [line = ''] = said.trim().split('\n');
  const reason = `${program} ended with ${status}${line === '' ? '' : `: ${line.slice(0, SHOWN_CHARACTERS)}`}`;
  throw REFUSALS.includes(status as number) ? new RefusedError(reason) : new Error(reason);
}

/** The exit status, or the name of the signal. */
function waitForEnd(program: string, child: ChildProcess, input: Buffer): Promise<number | string | null> {
  return new Promise((resolve, reject) => {
    child.on('error', () => reject(new Error(`there is no ${program}: install a mail server, or set host in [mail]`)));
    child.on('close', (status, signal) => resolve(status ?? signal));
    // The program may end before it has read everything; its end says why.
    child.stdin?.on('error', () => {}).end(input);
  });
}

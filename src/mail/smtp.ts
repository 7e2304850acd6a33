import { createTransport } from 'nodemailer';
import { tryAllAddresses } from '../address-families.ts';
import { readPassword } from '../config/secrets.ts';
import { describeFailure } from '../core/values/errors.ts';
import { type Carrier, RefusedError } from './carrier.ts';
import type { MailSettings } from './message.ts';

/** The name of systemd's credential. */
const CREDENTIAL = 'mail.password';

/** How long a server may take, in seconds. */
export interface Patience {
  readonly connection: number;
  readonly silence: number;
  readonly letter: number;
}

/** RFC 5321, 4.5.3.2.6: a server may take 10 minutes for its last answer, and a mail given up earlier comes twice. */
const PATIENCE: Patience = { connection: 30, silence: 600, letter: 900 };

const SECURITY = {
  starttls: { secure: false, requireTLS: true },
  tls: { secure: true },
  none: { secure: false, ignoreTLS: true },
} as const;

/** The errors of nodemailer. */
interface SmtpError extends Error {
  /** What the server refused. */
  readonly command?: string;
  /** The server's answer. */
  readonly response?: string;
  readonly responseCode?: number;
  /** One for each address of the server's name. */
  readonly errors?: readonly Error[];
}

/** RFC 5321, 3.8: the server closes the connection, whatever the command was. */
const CLOSING = 421;

tryAllAddresses();

/**
 * Sends by SMTP, with a connection for each mail. The server must have a valid certificate, unless `security` is none.
 * @throws InputError if the password cannot be read.
 */
export function openSmtp(
  host: string,
  mail: MailSettings,
  environment: NodeJS.ProcessEnv,
  patience = PATIENCE,
): Carrier {
  const { username: user, port } = mail;
  const pass = readPassword(mail.password_file, CREDENTIAL, environment) ?? '';
  const transport = createTransport({
    ...{ host, port, ...SECURITY[mail.security] },
    ...(user === undefined ? {} : { auth: { user, pass } }),
    ...{ connectionTimeout: patience.connection * 1000, greetingTimeout: patience.connection * 1000 },
    ...{ socketTimeout: patience.silence * 1000, disableFileAccess: true, disableUrlAccess: true },
  });
  return { send: (message) => sendWithin(patience.letter, transport.sendMail({ ...message })) };
}

async function sendWithin(seconds: number, sending: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  // It also keeps the process alive: nodemailer waits for the reason of a closed connection with a timer that does not.
  const timeout = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer for ${seconds} s`)), seconds * 1000);
  });
  try {
    await Promise.race([sending, timeout]);
  } catch (error) {
    throw explain(error as SmtpError);
  } finally {
    clearTimeout(timer);
  }
}

function explain(error: SmtpError): Error {
  const { response, errors: [first = error] = [] } = error;
  const reason = response === undefined ? describeFailure(first) : `the server said ${response.replaceAll('\n', ' ')}`;
  return isRefusal(error) ? new RefusedError(reason, { cause: error }) : new Error(reason, { cause: error });
}

/** A recipient that the server does not want, or a content that it will never want. */
function isRefusal({ command, responseCode = 0 }: SmtpError): boolean {
  if (responseCode === CLOSING) return false;
  return command === 'RCPT TO' || (command === 'DATA' && responseCode >= 500);
}

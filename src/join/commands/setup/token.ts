import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { askSecretly } from '../../../cli/terminal/secret.ts';
import { type Credentials, parseCredentials } from '../../../core/leases/credentials.ts';
import { describeSystemError, InputError } from '../../../core/values/errors.ts';

/** systemd.exec(5), "Credentials". */
const DIRECTORY = 'CREDENTIALS_DIRECTORY';
const CREDENTIAL = 'token';
const QUESTION = 'Access code (ID-TOKEN): ';
const STANDARD_INPUT = '-';
/** A mail around the token would be a mistake, and so would a device. */
const MOST_BYTES = 1024;

/** Where the access code, `ID-TOKEN`, comes from: a file, `-` for standard input; undefined if nobody said so. */
export function findTokenSource(file: string | undefined, environment: NodeJS.ProcessEnv): string | undefined {
  const directory = environment[DIRECTORY];
  if (file !== undefined || directory === undefined) return file;
  return join(directory, CREDENTIAL);
}

/** @throws InputError whose message shows nothing of a token. */
export async function readToken(source: string | undefined): Promise<Credentials> {
  const isAsked = source === undefined || (source === STANDARD_INPUT && process.stdin.isTTY);
  return parseCredentials(isAsked ? await ask() : await read(source));
}

async function ask(): Promise<string> {
  if (!process.stdin.isTTY)
    throw new InputError('Cannot ask for the access code without a terminal: give it by --token-file');
  const answer = await askSecretly(QUESTION);
  if (answer === undefined) throw new InputError('Cannot go on without the access code: nothing was changed');
  return answer;
}

async function read(source: string): Promise<string> {
  const isPiped = source === STANDARD_INPUT;
  const stream = isPiped ? process.stdin : createReadStream(source, { end: MOST_BYTES });
  const where = isPiped ? 'standard input' : source;
  let text = '';
  try {
    for await (const chunk of stream.setEncoding('utf8')) {
      text += chunk;
      if (text.length > MOST_BYTES) break;
    }
  } catch (error) {
    throw new InputError(`Cannot read ${where}: ${describeSystemError(error)}`, { cause: error });
  }
  if (text.length > MOST_BYTES) throw new InputError(`Cannot read ${where}: expected an access code, and nothing else`);
  return text;
}

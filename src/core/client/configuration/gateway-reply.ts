import { type ErrorCode, type Grant, REPLY_CODES } from '../../exchange/exchange.ts';
import { CONFIG_LINE_BYTES } from '../../leases/tunnel-config.ts';
import { InputError } from '../../values/errors.ts';
import { quote } from '../../values/quote.ts';

/** A gateway that says more is cut off. */
export const MOST_REPLY_BYTES = 4096;

/** What a gateway says to a member; whether its proof is right is not known. */
export type GatewayReply = ({ readonly code: 'OK' } & Grant) | { readonly code: ErrorCode };

const PROOF = /^[A-Za-z0-9_-]{43}$/;
const REFUSAL = 'ERR: ';

/**
 * Parses all that a gateway said until it closed the connection: `OK`, the configuration and its proof, or `ERR: ` and
 * a code.
 * @throws InputError with one line that names the line, what was expected and what was found.
 */
export function parseGatewayReply(bytes: Buffer): GatewayReply {
  if (bytes.length > MOST_REPLY_BYTES) throw refuse(`expected at most ${MOST_REPLY_BYTES} bytes`, `${bytes.length}`);
  const [first = '', ...rest] = bytes.toString('latin1').split('\n');
  if (first.startsWith(REFUSAL)) return { code: parseErrorCode(first, rest) };
  if (first !== 'OK') throw refuse(`line 1: expected "OK" or "${REFUSAL}" and a code`, describe(first));
  const [config = '', proof = '', ...end] = rest;
  if (!isConfig(config)) throw refuse(`line 2: ${EXPECTED_CONFIG}`, describe(config));
  if (!PROOF.test(proof)) throw refuse('line 3: expected a proof, 43 characters of base64url', describe(proof));
  requireEnd(end, 3);
  return { code: 'OK', config, proof };
}

/** Decodes the line of a configuration. @throws InputError unless it is what the encoding of a text makes. */
export function decodeConfig(line: string): string {
  if (!isConfig(line)) throw new InputError(`Cannot read the gateway's configuration: ${EXPECTED_CONFIG}`);
  return Buffer.from(line, 'base64').toString('latin1');
}

const EXPECTED_CONFIG = `expected a configuration of a lease, at most ${CONFIG_LINE_BYTES} characters of base64`;

/** Node skips what is not base64, so that many lines would be the same configuration. */
function isConfig(line: string): boolean {
  if (line === '' || line.length > CONFIG_LINE_BYTES) return false;
  return Buffer.from(line, 'base64').toString('base64') === line;
}

function parseErrorCode(first: string, rest: readonly string[]): ErrorCode {
  const said = first.slice(REFUSAL.length);
  const code = REPLY_CODES.find((known) => known === said);
  if (code === undefined || code === 'OK')
    throw refuse(`line 1: expected a known code after "${REFUSAL}"`, describe(said));
  requireEnd(rest, 1);
  return code;
}

/** The last line ends with a line feed, and there is nothing after it. */
function requireEnd(rest: readonly string[], lines: number): void {
  if (rest.length === 0) throw refuse(`line ${lines}: expected a line feed at its end`, 'nothing');
  if (rest.length > 1 || rest[0] !== '')
    throw refuse(`line ${lines + 1}: expected nothing more`, quote(rest.join('\n')));
}

function describe(line: string): string {
  return line === '' ? 'nothing' : quote(line);
}

function refuse(expected: string, found: string): InputError {
  return new InputError(`Cannot read the gateway's reply: ${expected}, found ${found}`);
}

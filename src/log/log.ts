import pino from 'pino';
import type { Config } from '../config/config.ts';
import { type AddressDetail, type IpAddress, maskAddress } from '../core/values/ip-address.ts';
import { abbreviateKey, type PublicKey } from '../core/values/public-key.ts';
import { escapeLine } from '../core/values/quote.ts';
import { EVENTS, type EventName, type Events, type FieldsOf } from './events.ts';
import { detectFormat } from './format.ts';

/** The fields of any event. A key is abbreviated in lines for a person; a reason is printed last, after a colon. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

interface Entry extends Record<string, unknown> {
  readonly level: number;
  readonly msg: string;
  readonly key?: PublicKey;
}

const VALUE_CHARACTERS = 64;
const REASON_CHARACTERS = 400;

/** sd-daemon(3) priorities and terminal colours (ECMA-48) of pino's levels. */
const LEVELS: Record<number, { readonly priority: string; readonly colour: string }> = {
  20: { priority: '<7>', colour: '\x1b[2m' },
  30: { priority: '<6>', colour: '' },
  40: { priority: '<4>', colour: '\x1b[33m' },
  50: { priority: '<3>', colour: '\x1b[31m' },
};
const BOLD = '\x1b[1m';
const RESET = '\x1b[0m';

/** One line per event on standard error, safe to print whatever a client sent. */
export class Log implements Events {
  readonly #pino: pino.Logger;
  #addresses: AddressDetail;

  constructor(settings: Config['log'], format = detectFormat(), write = writeToStderr) {
    this.#addresses = settings.addresses;
    const destination = { write: (line: string) => write(format === 'json' ? line : renderText(line, format)) };
    const formatters = { log: (fields: object) => this.#present(fields as LogFields) };
    this.#pino = pino(
      { level: settings.level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters },
      destination,
    );
  }

  configure(settings: Config['log']): void {
    this.#addresses = settings.addresses;
    this.#pino.level = settings.level;
  }

  report<E extends EventName>(event: E, fields: FieldsOf<E>): void {
    this.reportAs(event, event, fields);
  }

  /** A line that stands for more than one event, or for one that did not happen: `refused again`. */
  reportAs(words: string, event: EventName, fields: LogFields): void {
    this.#pino[EVENTS[event].priority](fields, words);
  }

  #present(fields: LogFields): Record<string, unknown> {
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, this.#presentField(name, value)]));
  }

  #presentField(name: string, value: LogFields[string]): LogFields[string] {
    if (typeof value !== 'string') return value;
    if (name === 'from') return maskAddress(value as IpAddress, this.#addresses);
    // Checked when it was read: a name of any script is shown as it is.
    if (name === 'name') return value.replaceAll('\\', '\\\\');
    return escapeLine(value, name === 'reason' ? REASON_CHARACTERS : VALUE_CHARACTERS);
  }
}

function writeToStderr(line: string): void {
  process.stderr.write(line);
}

function renderText(json: string, format: 'journal' | 'terminal'): string {
  const { level, msg, time: _, domain, address, key, reason, ...fields } = JSON.parse(json) as Entry;
  const words = [domain, address].filter((word) => word !== undefined).map((word) => quoteUnlessPlain(String(word)));
  const named = { ...(key === undefined ? {} : { key: abbreviateKey(key) }), ...fields };
  const pairs = Object.entries(named).map(([name, value]) => renderField(name, value));
  const rest = [...words, ...pairs].map((word) => ` ${word}`).join('') + (reason === undefined ? '' : `: ${reason}`);
  const { priority, colour } = LEVELS[level] ?? { priority: '<3>', colour: '' };
  return format === 'journal'
    ? `${priority}${msg}${rest}\n`
    : `${colour}${BOLD}${msg}${RESET}${colour}${rest}${RESET}\n`;
}

function renderField(name: string, value: unknown): string {
  return value === true ? name : `${name}=${quoteUnlessPlain(String(value))}`;
}

function quoteUnlessPlain(text: string): string {
  return /^[!#-~…]+$/.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

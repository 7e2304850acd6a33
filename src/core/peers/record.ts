import { InputError } from '../values/errors.ts';
import { type IpAddress, parseIpAddress, type Source } from '../values/ip-address.ts';
import { isPublicKey, type PublicKey } from '../values/public-key.ts';
import { findAge, LONG_AGO, type Moment, type MonotonicSeconds, type UnixSeconds } from '../values/time.ts';
import { deriveHousehold } from './households.ts';

/** A handshake, and when a reading saw it for the first time. */
export interface HeardHandshake {
  readonly at: UnixSeconds;
  readonly readAt: MonotonicSeconds;
}

/** What the record knows about a key that wgkex registered. */
export interface Registration {
  /** When it was last added or reset. */
  readonly registeredAt: MonotonicSeconds;
  /** Whether that was a reset. */
  readonly isReset: boolean;
  /** When it was added; registering again does not change this. */
  readonly pendingSince: MonotonicSeconds;
  /** Of the households that registered it before its first handshake, the one with fewer pending keys. */
  readonly source: Source | undefined;
  /** Whether its address is safe from other keys for its first 60 s. */
  readonly isProtected: boolean;
  /** About to be removed: nothing restores it. */
  readonly isLeaving: boolean;
  /** How often it was restored since its last handshake. */
  readonly restores: number;
  readonly heard: HeardHandshake | undefined;
}

/** A key from before the record existed. */
export const UNRECORDED: Registration = {
  registeredAt: LONG_AGO,
  isReset: false,
  pendingSince: LONG_AGO,
  source: undefined,
  isProtected: false,
  isLeaving: false,
  restores: 0,
  heard: undefined,
};

/** How long a household that held an address without a handshake cannot protect the same address again. */
const HOLD_SECONDS = 3600;
/** Each takes about 100 bytes. */
const MAX_HOLDS = 16_384;
const HEAD = 'wgkex-record 1';
const NONE = '-';
/** The words of a hold after its address. */
const HOLD_WORDS = 2;

/**
 * The keys that wgkex registered on one WireGuard interface since the machine started, as a file of lines: the first
 * line names the boot; of the other lines, the last one for a key counts.
 */
export class PeerRecord {
  readonly boot: string;
  readonly #registrations = new Map<PublicKey, Registration>();
  /** When a household last began to hold an address, oldest first. */
  readonly #holds = new Map<string, MonotonicSeconds>();
  #interfaces = '';

  constructor(boot: string) {
    this.boot = boot;
  }

  /**
   * Reads all complete lines of a file; anything after the last line end was only partly written.
   * @throws InputError for anything but a record.
   */
  static parse(text: string): PeerRecord {
    const [head = '', ...lines] = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    if (!head.startsWith(`${HEAD} `)) throw new InputError('Cannot read the record of peers: unexpected first line');
    const record = new PeerRecord(head.slice(HEAD.length + 1));
    for (const [index, line] of lines.entries()) if (line !== '') record.#read(line, index + 2);
    return record;
  }

  get registrations(): ReadonlyMap<PublicKey, Registration> {
    return this.#registrations;
  }

  /** The interfaces that it is about; see `readInterfacesId`. */
  get interfaces(): string {
    return this.#interfaces;
  }

  /** Each of these methods changes the record and returns the line that says so. */
  setInterfaces(interfaces: string): string {
    this.#interfaces = interfaces;
    return `on ${interfaces}`;
  }

  set(key: PublicKey, registration: Registration): string {
    this.#registrations.set(key, registration);
    return formatRegistration(key, registration);
  }

  drop(key: PublicKey): string {
    this.#registrations.delete(key);
    return `drop ${key}`;
  }

  hold(address: IpAddress, source: Source | undefined, { monotonic }: Moment): string {
    const hold = `${address} ${source ?? NONE}`;
    this.#keepHold(hold, monotonic);
    return `hold ${hold} ${formatTime(monotonic)}`;
  }

  /** Whether this household held this address within the last hour. */
  hasHeld(address: IpAddress, source: Source | undefined, now: Moment): boolean {
    return findAge(this.#holds.get(`${address} ${source ?? NONE}`) ?? LONG_AGO, now) < HOLD_SECONDS;
  }

  /** The whole file. */
  format(now: Moment): string {
    const registrations = [...this.#registrations].map(([key, one]) => formatRegistration(key, one));
    const holds = [...this.#holds].filter(([, at]) => findAge(at, now) < HOLD_SECONDS);
    const lines = [`${HEAD} ${this.boot}`, `on ${this.#interfaces}`, ...registrations];
    return [...lines, ...holds.map(([hold, at]) => `hold ${hold} ${formatTime(at)}`), ''].join('\n');
  }

  #read(line: string, number: number): void {
    const [verb, first = '', ...words] = line.split(' ');
    if (verb === 'on') this.#interfaces = line.slice('on '.length);
    else if (verb === 'key' && isPublicKey(first)) this.#registrations.set(first, parseRegistration(words, number));
    else if (verb === 'drop' && isPublicKey(first) && words.length === 0) this.#registrations.delete(first);
    else if (verb === 'hold' && words.length === HOLD_WORDS)
      this.#keepHold(
        `${parseAddress(first, number)} ${parseSource(words[0], number) ?? NONE}`,
        parseTime(words[1], number),
      );
    else throw unexpectedLine(number);
  }

  #keepHold(hold: string, at: MonotonicSeconds): void {
    this.#holds.delete(hold);
    this.#holds.set(hold, at);
    const [oldest] = this.#holds.keys();
    if (this.#holds.size > MAX_HOLDS && oldest !== undefined) this.#holds.delete(oldest);
  }
}

/** Where a request came from, as the record keeps it. */
export function findRecordedSource(from: IpAddress | undefined): Source | undefined {
  return from === undefined ? undefined : deriveHousehold(from);
}

const FLAGS = { r: 'isReset', p: 'isProtected', l: 'isLeaving' } as const;

function formatRegistration(key: PublicKey, registration: Registration): string {
  const { registeredAt, pendingSince, source, restores, heard } = registration;
  const flags = Object.entries(FLAGS).filter(([, name]) => registration[name]);
  const last = heard === undefined ? [] : [heard.at, formatTime(heard.readAt)];
  const words = [
    ...[registeredAt, pendingSince].map(formatTime),
    flags.map(([flag]) => flag).join('') || NONE,
    source ?? NONE,
    restores,
  ];
  return ['key', key, ...words, ...last].join(' ');
}

function parseRegistration(words: readonly string[], number: number): Registration {
  const [registeredAt, pendingSince, flags = '', source, restores, at, readAt, ...more] = words;
  if (!/^(-|[rpl]+)$/.test(flags) || more.length > 0) throw unexpectedLine(number);
  return {
    registeredAt: parseTime(registeredAt, number),
    pendingSince: parseTime(pendingSince, number),
    isReset: flags.includes('r'),
    isProtected: flags.includes('p'),
    isLeaving: flags.includes('l'),
    source: parseSource(source, number),
    restores: parseNumber(restores, number),
    heard: at === undefined ? undefined : { at: parseNumber(at, number), readAt: parseTime(readAt, number) },
  };
}

/** A household, as {@link findRecordedSource} finds it. */
function parseSource(word: string | undefined, number: number): Source | undefined {
  if (word === NONE) return undefined;
  const address = word?.replace(/\/56$/, '') ?? '';
  return requireSame(word, number, () => deriveHousehold(parseIpAddress(address)));
}

/** As {@link PeerRecord.hold} writes it. */
function parseAddress(word: string, number: number): IpAddress {
  return requireSame(word, number, () => parseIpAddress(word));
}

/** @throws InputError unless parsing a word gives the same word. */
function requireSame<T extends string>(word: string | undefined, number: number, parse: () => T): T {
  try {
    const parsed = parse();
    if (parsed === word) return parsed;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
  throw unexpectedLine(number);
}

function formatTime(time: MonotonicSeconds): string {
  return time === LONG_AGO ? NONE : time.toFixed(3);
}

function parseTime(word: string | undefined, number: number): MonotonicSeconds {
  return word === NONE ? LONG_AGO : parseNumber(word, number);
}

function parseNumber(word: string | undefined, number: number): number {
  if (word !== undefined && /^\d{1,15}(\.\d{1,3})?$/.test(word)) return Number(word);
  throw unexpectedLine(number);
}

function unexpectedLine(number: number): InputError {
  return new InputError(`Cannot read the record of peers: unexpected line ${number}`);
}

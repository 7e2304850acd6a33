import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Letter, nameLetter, parseLetter, parseLetterName } from '../core/mail/letter.ts';
import { describeError, describeSystemError, InputError } from '../core/values/errors.ts';
import type { UnixSeconds } from '../core/values/time.ts';
import type { Events } from '../log/events.ts';
import { type Carrier, RefusedError } from './carrier.ts';
import type { Message } from './message.ts';
import type { Notes } from './notes.ts';
import type { Pauses } from './pauses.ts';

interface Around {
  readonly outbox: string;
  readonly notes: Notes;
  readonly pauses: Pauses;
  readonly carrier: Carrier;
  readonly perHour: number;
  readonly events: Events;
  build(letter: Letter): Message;
  now(): UnixSeconds;
  isStopping(): boolean;
}

const HOUR = 3600;

/** One run over the outbox: sends what may be sent now, also letters that come meanwhile. */
export class Round {
  readonly #around: Around;

  constructor(around: Around) {
    this.#around = around;
  }

  /** @throws Error if the outbox cannot be read, or what was sent not be noted; then nothing more is sent. */
  async run(): Promise<void> {
    const { pauses, events, now, isStopping } = this.#around;
    pauses.keep(this.#listWaiting());
    let allowance = this.#findAllowance();
    while (!isStopping() && !pauses.isPaused(now())) {
      const due = pauses.order(this.#listWaiting(), now());
      const [name] = due;
      if (name === undefined) return;
      if (allowance <= 0) {
        events.report('mail limit reached', { waiting: due.length });
        return;
      }
      if (await this.#send(name)) allowance--;
    }
  }

  #findAllowance(): number {
    const { notes, perHour, now } = this.#around;
    return perHour - notes.countBetween(now() - HOUR, now());
  }

  /** Grants first: their members wait for them. */
  #listWaiting(): string[] {
    const { outbox, notes } = this.#around;
    const names = listOutbox(outbox).filter((name) => parseLetterName(name) !== undefined && !notes.has(name));
    const rank = (name: string) => (parseLetterName(name)?.kind === 'grant' ? 0 : 1);
    return names.sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
  }

  async #send(name: string): Promise<boolean> {
    const { notes, pauses, events } = this.#around;
    notes.prepare(name);
    const failure = await this.#attempt(name);
    if (failure !== undefined) {
      notes.discard(name);
      this.#delay(name, failure);
      return false;
    }
    notes.confirm(name);
    pauses.end(name);
    const { id, kind } = parseLetterName(name) ?? {};
    events.report('mail sent', { lease: id, kind });
    return true;
  }

  /** Why the letter could not be sent. */
  async #attempt(name: string): Promise<Error | undefined> {
    const { outbox, carrier, build } = this.#around;
    try {
      await carrier.send(build(readLetter(outbox, name)));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(describeError(error));
    }
  }

  #delay(name: string, error: Error): void {
    const { pauses, events, now } = this.#around;
    const reason = error.message;
    if (error instanceof RefusedError || error instanceof InputError) {
      const { id, kind } = parseLetterName(name) ?? {};
      if (pauses.delayLetter(name, reason, now())) events.report('mail refused', { lease: id, kind, reason });
    } else if (pauses.delayAll(name, reason, now())) events.report('mail delayed', { reason });
  }
}

function listOutbox(outbox: string): string[] {
  try {
    return readdirSync(outbox);
  } catch (error) {
    throw new InputError(`Cannot read ${outbox}: ${describeSystemError(error)}`, { cause: error });
  }
}

/** The note has the name of the file: it must be that of the letter. */
function readLetter(outbox: string, name: string): Letter {
  const letter = parseLetter(readFile(join(outbox, name)));
  if (nameLetter(letter) !== name) throw new InputError('Cannot read letter: the file has the name of another one');
  return letter;
}

/** A letter that root has just withdrawn is one that cannot be read. */
function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`Cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

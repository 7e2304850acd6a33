import type { DomainNumbers, NumbersReply } from '../core/privsep/messages.ts';
import { InputError } from '../core/values/errors.ts';
import type { DomainName } from '../core/values/names.ts';

interface Owed {
  readonly id: number;
  readonly numbers: Promise<DomainNumbers | null>;
  answer(numbers: DomainNumbers | null): void;
}

/** The numbers that a handler was asked for; of each domain once at a time, however often somebody wants to know. */
export class OwedNumbers {
  readonly #owed = new Map<DomainName, Owed>();

  /** Those of a domain that was asked for. */
  find(domain: DomainName): Promise<DomainNumbers | null> | undefined {
    return this.#owed.get(domain)?.numbers;
  }

  owe(domain: DomainName, id: number): Promise<DomainNumbers | null> {
    let answer: Owed['answer'] = () => {};
    const numbers = new Promise<DomainNumbers | null>((resolve) => {
      answer = resolve;
    });
    this.#owed.set(domain, { id, numbers, answer });
    return numbers;
  }

  /** @throws InputError where nobody asked. */
  take({ id, numbers }: NumbersReply): void {
    for (const [domain, owed] of this.#owed) {
      if (owed.id !== id) continue;
      this.#owed.delete(domain);
      owed.answer(numbers);
      return;
    }
    throw new InputError('Cannot read reply: nobody asked for these numbers');
  }

  giveUp(): void {
    for (const { answer } of this.#owed.values()) answer(null);
    this.#owed.clear();
  }
}

import type { Letter } from '../core/mail/letter.ts';

/** What the sentences of a letter are about. */
export interface Facts {
  readonly domain: string;
  readonly endpoint: string;
  /** The end in words; undefined if there is none. */
  readonly end: string | undefined;
  /** `ID-TOKEN`, in a grant alone. */
  readonly code: string;
}

/** A moment by the gateway's clock. */
export interface Moment {
  readonly day: number;
  /** 0 for January. */
  readonly month: number;
  readonly year: number;
  /** `23:59`. */
  readonly time: string;
  /** `UTC+1`. */
  readonly zone: string;
}

/** One language. Each list is the lines of a text, at most 76 characters each. */
export interface Words {
  describeMoment(moment: Moment): string;
  readonly letters: Record<Letter['kind'], { subject(facts: Facts): string; lines(facts: Facts): string[] }>;
}

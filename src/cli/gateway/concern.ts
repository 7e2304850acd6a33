import type { DomainName } from '../../core/values/names.ts';
import type { ConcernCode } from './concern-codes.ts';
import type { HarmlessRemedy } from './harmless.ts';

/** A problem that needs the operator's attention. */
export interface Concern {
  /** The domain with the problem; undefined for the gateway as a whole. */
  readonly domain: DomainName | undefined;
  readonly code: ConcernCode;
  /** The problem, in half a sentence. */
  readonly problem: string;
  /** The command line that fixes it; undefined if the operator has to decide. */
  readonly remedy: string | HarmlessRemedy | undefined;
}

/** A problem whose domain is known to the caller. */
export type Fault = Omit<Concern, 'domain'>;

export function fault(code: ConcernCode, problem: string, remedy?: Concern['remedy']): Fault {
  return { code, problem, remedy };
}

/** A problem in the documents of `check` and `status`; its shape is fixed in wgkex(8). */
export function describeFault({ code, problem, remedy }: Fault): object {
  return { code, problem, remedy: remedy === undefined ? null : String(remedy) };
}

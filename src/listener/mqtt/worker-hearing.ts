import type { GatewayId } from '../../core/fleet/gateway-id.ts';
import type { Hearing } from '../../core/fleet/limits.ts';
import { parseConnectedPeers, parseWorkerData } from '../../core/fleet/workers/payloads.ts';
import type { WorkerRoster } from '../../core/fleet/workers/roster.ts';
import { InputError } from '../../core/values/errors.ts';
import type { DomainName } from '../../core/values/names.ts';

/** Of each worker that the configuration names. */
const MOST_COMPLAINTS = 16;

/** What freifunkMUC's workers say of themselves: as untrusted as a router. */
export class WorkerHearing {
  readonly #workers: WorkerRoster;
  readonly #complain: (reason: string) => void;
  /** Each fault of a worker is logged once: it says the same at each of its connections. */
  readonly #complaints = new Map<GatewayId, Set<string>>();

  constructor(workers: WorkerRoster, complain: (reason: string) => void) {
    this.#workers = workers;
    this.#complain = complain;
  }

  /** Those that the configuration does not name are not even read. */
  takeData(worker: GatewayId, domain: DomainName, payload: Uint8Array): void {
    if (!this.#workers.isNamed(worker)) return;
    const data = this.#read(worker, domain, payload, parseWorkerData);
    const fault = this.#workers.hearData(worker, domain, data);
    if (fault !== undefined) this.#complainOnce(worker, domain, fault);
  }

  takeNumber(worker: GatewayId, domain: DomainName, payload: Uint8Array, hearing: Hearing): void {
    if (!this.#workers.isNamed(worker)) return;
    this.#workers.hearNumber(worker, domain, this.#read(worker, domain, payload, parseConnectedPeers), hearing);
  }

  /** Empty messages are nothing. */
  #read<T>(
    worker: GatewayId,
    domain: DomainName,
    payload: Uint8Array,
    parse: (payload: Uint8Array) => T,
  ): T | undefined {
    try {
      return payload.length === 0 ? undefined : parse(payload);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#complainOnce(worker, domain, error.message);
      return undefined;
    }
  }

  #complainOnce(worker: GatewayId, domain: DomainName, fault: string): void {
    const reason = `the worker ${worker} in ${domain} is ignored: ${fault}`;
    const complaints = this.#complaints.get(worker) ?? new Set<string>();
    if (complaints.has(reason) || complaints.size >= MOST_COMPLAINTS) return;
    this.#complaints.set(worker, complaints.add(reason));
    this.#complain(reason);
  }
}

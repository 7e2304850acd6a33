import type { Look } from '../../core/client/messages.ts';
import { describeError } from '../../core/values/errors.ts';
import { escapeLine } from '../../core/values/quote.ts';
import type { AttemptFailure } from './failure.ts';
import type { Clocks } from './options.ts';
import { type GatewayFailure, type JoinState, writeState } from './state-file.ts';

const REASON_CHARACTERS = 400;

interface Around {
  readonly directory: string;
  readonly clocks: Clocks;
  problem(reason: string): void;
}

/** What `status` shows, kept in a file: written on a change and at a look. */
export class Status {
  readonly #around: Around;
  readonly #failures = new Map<string, GatewayFailure>();
  #state: JoinState;

  constructor(around: Around) {
    this.#around = around;
    this.#state = { doing: 'starting', since: around.clocks.unix(), failures: [] };
  }

  /** The daemon does something else now, with this gateway if one is given. */
  begin(doing: JoinState['doing'], details: Pick<JoinState, 'gateway' | 'via'> = {}): void {
    const { look } = this.#state;
    const since = doing === this.#state.doing ? this.#state.since : this.#around.clocks.unix();
    this.#write({ doing, since, ...details, ...(look === undefined ? {} : { look }), failures: [] });
  }

  wait(reason: string, seconds: number): void {
    this.begin('waiting');
    const again = this.#around.clocks.unix() + seconds;
    this.#write({ ...this.#state, reason: escapeLine(reason, REASON_CHARACTERS), again });
  }

  noteLook({ isUp, handshake, received, sent, expires, addresses }: Look): void {
    const found = { at: this.#around.clocks.unix(), isUp, handshake, received, sent, addresses };
    this.#write({ ...this.#state, look: { ...found, ...(expires === undefined ? {} : { expires }) } });
  }

  /** `pause`: how long the gateway is left out; undefined if it was not its fault. */
  noteFailure(gateway: string, { code, message }: AttemptFailure, pause: number | undefined): void {
    const at = this.#around.clocks.unix();
    this.#failures.set(gateway, {
      gateway,
      ...(code === undefined ? {} : { code }),
      reason: escapeLine(message, REASON_CHARACTERS),
      at,
      ...(pause === undefined ? {} : { until: at + pause }),
    });
    this.#write(this.#state);
  }

  /** The gateway has brought a tunnel. */
  forget(gateway: string): void {
    this.#failures.delete(gateway);
  }

  /** Without this file the tunnel works as well. */
  #write(state: JoinState): void {
    this.#state = { ...state, failures: [...this.#failures.values()] };
    try {
      writeState(this.#around.directory, this.#state);
    } catch (error) {
      this.#around.problem(describeError(error));
    }
  }
}

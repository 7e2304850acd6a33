import type { Instance } from '../../core/client/instance.ts';
import type { Look } from '../../core/client/messages.ts';
import type { Pauses } from '../../core/client/pauses.ts';
import type { Events } from '../../log/events.ts';
import type { Attempts } from './attempt.ts';
import { AttemptFailure } from './failure.ts';
import type { Names } from './gateway/names.ts';
import type { NetworkWatch } from './network-watch.ts';
import type { Clocks, Times } from './options.ts';
import type { Status } from './status.ts';

/** What both the search for a tunnel and its watch need. */
export interface Parts {
  readonly instance: Instance;
  readonly attempts: Attempts;
  readonly names: Names;
  /** By the gateways as root's file has them. */
  readonly pauses: Pauses<string>;
  readonly network: NetworkWatch;
  readonly status: Status;
  readonly events: Events;
  readonly times: Times;
  readonly clocks: Clocks;
  readonly stopping: AbortSignal;
}

/** The gateway of the former tunnel, which is tried after the others. */
export interface Former {
  readonly last: string | undefined;
  /** Its tunnel is dead, although its exchange may answer sooner than any other. */
  readonly isIll: boolean;
}

/** Looks at the tunnel; undefined while wgkex-tunnel cannot say. @throws the reason of `stopping` */
export async function lookOrSkip({ attempts, status, stopping }: Parts): Promise<Look | undefined> {
  try {
    const look = await attempts.look();
    status.noteLook(look);
    return look;
  } catch (error) {
    stopping.throwIfAborted();
    if (!(error instanceof AttemptFailure)) throw error;
    return undefined;
  }
}

import type { Exchange, ReplyCode } from '../../core/exchange/exchange.ts';
import type { GatewayInterface } from '../../core/exchange/gateway.ts';
import type { Granted, LeaseExchange } from '../../core/privsep/requests.ts';
import type { ReplacedDirectoryError } from '../../system/files/runtime-directory.ts';

/** What the handler does for one domain. Nothing of it rejects. */
export interface DomainService {
  /** Resolves when the decision is applied in the kernel. */
  serve(exchange: Exchange): Promise<ReplyCode>;
  /** The same for a member. */
  serveLease(exchange: LeaseExchange): Promise<Granted>;
  /** What a router that was admitted needs to know; null if the interface lacks something. */
  describeInterface(): Promise<GatewayInterface | null>;
  /** After a change of the interfaces: restores the peers, forwarding entries and routes that were lost with it. */
  lookAtInterfaces(): void;
  /** Finishes the current work, and writes down what the next start needs. */
  stop(): Promise<void>;
}

/** Gets notified of what happens to a domain. */
export interface Listener {
  /** Called with the number of exchanges in each batch. */
  onBatch(exchanges: number): void;
  /** Called when other processes no longer see what this one writes. */
  onReplaced(error: ReplacedDirectoryError): void;
}

import type { Config, DomainConfig } from '../config/config.ts';
import type { PassLog } from './pass-log.ts';

/** A pass of the cleanup over one domain: what it works with. */
export interface Pass {
  readonly domain: DomainConfig;
  readonly config: Config;
  readonly log: PassLog;
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean;
}

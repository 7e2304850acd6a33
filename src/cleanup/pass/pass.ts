import type { Config, DomainConfig } from '../../config/config.ts';
import type { PassLog } from './pass-log.ts';

/** What a pass of the cleanup over one domain works with. */
export interface Pass {
  readonly domain: DomainConfig;
  readonly config: Config;
  readonly log: PassLog;
  /** Report what would be done, and do nothing. */
  readonly dryRun: boolean;
}

import { exitWithUsageError, orExitWithConfigError } from '../../command-line.ts';
import { type Config, type DomainConfig, findDomain, loadConfig, parseConfig } from '../../config/config.ts';
import { quote } from '../../core/values/quote.ts';
import { readTrustedFile } from '../../system/files/trust.ts';
import { PROGRAM } from '../terminal/call.ts';

/**
 * The configuration; a bad one is a line for the operator, and the end. It names files that are read: so root takes
 * none that others could write, as the service does not.
 */
export function readConfiguration(path: string): Config {
  const isRoot = process.getuid?.() === 0;
  return orExitWithConfigError(PROGRAM, () => (isRoot ? parseConfig(readTrustedFile(path), path) : loadConfig(path)));
}

/**
 * The domain that has this name, as its own or another one; or all where none is named.
 * @throws Error where there is none yet.
 */
export function findDomains(config: Config, path: string, name: string | undefined): DomainConfig[] {
  if (config.domains.size === 0) throw new Error(`Cannot find a domain: none is configured in ${path}`);
  if (name === undefined) return [...config.domains.values()];
  const domain = findDomain(config, name);
  return domain === undefined ? exitWithUsageError(PROGRAM, `domain ${quote(name)} is not in ${path}`) : [domain];
}

import { exitWithUsageError, orExitWithConfigError } from '../../command-line.ts';
import { type Config, type DomainConfig, findDomain, loadConfig, parseConfig } from '../../config/config.ts';
import { quote } from '../../core/values/quote.ts';
import { readTrustedFile } from '../../system/files/trust.ts';
import { PROGRAM } from '../terminal/call.ts';

/**
 * Reads the configuration; a bad one ends the program with one line. It names files that are then read: so root, like
 * the service, accepts no configuration that other users could write.
 */
export function readConfiguration(path: string): Config {
  const isRoot = process.getuid?.() === 0;
  return orExitWithConfigError(PROGRAM, () => (isRoot ? parseConfig(readTrustedFile(path), path) : loadConfig(path)));
}

/**
 * Finds the domain with this name or alias, or all domains if no name is given.
 * @throws Error if there are no domains yet.
 */
export function findDomains(config: Config, path: string, name: string | undefined): DomainConfig[] {
  if (config.domains.size === 0) throw new Error(`Cannot find a domain: none is configured in ${path}`);
  if (name === undefined) return [...config.domains.values()];
  const domain = findDomain(config, name);
  return domain === undefined ? exitWithUsageError(PROGRAM, `domain ${quote(name)} is not in ${path}`) : [domain];
}

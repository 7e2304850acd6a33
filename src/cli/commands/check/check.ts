import { existsSync } from 'node:fs';
import { concern, type Finding, isRoot, isSound, runChecks } from '../../check/check.ts';
import { findTrustFaults } from '../../check/machine/trust.ts';
import { readConfiguration } from '../../gateway/configuration.ts';
import type { Call } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { CHECKS } from './all.ts';
import { describeFindings, renderFindings } from './text.ts';

/** `wgkex check`: report problems, and the commands that fix them. False if there are any. */
export async function run({ options }: Call): Promise<boolean> {
  const findings = await findFindings(options.config);
  if (options.json) printJson(describeFindings(findings));
  else printLines(renderFindings(findings, findTerminal()));
  return findings.every(isSound);
}

/** Root follows no configuration that other users could write; that is then the only finding. */
async function findFindings(path: string): Promise<Finding[]> {
  const distrust = isRoot() && existsSync(path) ? findTrustFaults(path) : [];
  if (distrust.length > 0) return [{ name: 'configuration', outcome: distrust }];
  const config = readConfiguration(path);
  const domains = [...config.domains.values()];
  const emptiness = domains.length === 0 ? [concern(`no domain is configured in ${path}`)] : [];
  return [{ name: 'configuration', outcome: emptiness }, ...(await runChecks(CHECKS, { config, path, domains }))];
}

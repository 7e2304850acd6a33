import { existsSync } from 'node:fs';
import type { Call } from '../call.ts';
import { CHECKS } from '../check/all.ts';
import { concern, type Finding, isRoot, isSound, runChecks } from '../check/check.ts';
import { findTrustFaults } from '../check/trust.ts';
import { readConfiguration } from '../reading/configuration.ts';
import { describeFindings, renderFindings } from '../rendering/check.ts';
import { printJson, printLines } from '../rendering/print.ts';
import { findTerminal } from '../rendering/terminal.ts';

/** `wgkex check`: what is wrong, and the commands that mend it. False where anything is. */
export async function run({ options }: Call): Promise<boolean> {
  const findings = await findFindings(options.config);
  if (options.json) printJson(describeFindings(findings));
  else printLines(renderFindings(findings, findTerminal()));
  return findings.every(isSound);
}

/** Root follows no configuration that others could write: then that is all there is to say. */
async function findFindings(path: string): Promise<Finding[]> {
  const distrust = isRoot() && existsSync(path) ? findTrustFaults(path) : [];
  if (distrust.length > 0) return [{ name: 'configuration', outcome: distrust }];
  const config = readConfiguration(path);
  const domains = [...config.domains.values()];
  const emptiness = domains.length === 0 ? [concern(`no domain is configured in ${path}`)] : [];
  return [{ name: 'configuration', outcome: emptiness }, ...(await runChecks(CHECKS, { config, path, domains }))];
}

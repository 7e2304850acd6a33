import { existsSync } from 'node:fs';
import { DEFAULT_CONFIG_PATH, exitWithUsageError } from '../../../command-line.ts';
import type { Config } from '../../../config/config.ts';
import { type Check, concern, type Finding, isRoot, isSound, runChecks } from '../../check/check.ts';
import { listProposals } from '../../check/fixes.ts';
import { findTrustFaults } from '../../check/machine/trust.ts';
import { isMeshInUse, mesh } from '../../check/mesh.ts';
import { readConfiguration } from '../../gateway/configuration.ts';
import { mayHaveLeases } from '../../members/summary.ts';
import { type Call, type CommonOptions, PROGRAM } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { CHECKS } from './all.ts';
import { applyFixes } from './fix.ts';
import { describeFindings, renderFindings } from './text.ts';

const NOTHING_HARMLESS = '--fix runs none of these commands.';

interface Options {
  /** Run the harmless remedies. */
  readonly fix?: boolean;
  readonly yes?: boolean;
}

/** `wgkex check`: report problems, and the commands that fix them. False if there are any. */
export async function run({ options }: Call<Options>): Promise<boolean> {
  if (options.yes && !options.fix) exitWithUsageError(PROGRAM, '--yes is only for --fix');
  if (options.fix) requireServices(options.config);
  const findings = await findFindings(options.config);
  if (options.fix) return fix(findings, options);
  report(findings, options);
  return findings.every(isSound);
}

/** The remedies are for the services, which read the default configuration. */
function requireServices(path: string): void {
  if (!isRoot()) exitWithUsageError(PROGRAM, '--fix must be run as root');
  if (path !== DEFAULT_CONFIG_PATH) exitWithUsageError(PROGRAM, `--fix is only for ${DEFAULT_CONFIG_PATH}`);
}

/** Checks again after something was run. */
async function fix(findings: readonly Finding[], options: CommonOptions & Options): Promise<boolean> {
  const proposals = listProposals(findings);
  if (!options.json) printLines(renderFindings(findings, findTerminal()));
  if (!options.json && proposals.length === 0 && !findings.every(isSound)) printLines([NOTHING_HARMLESS]);
  const fixes = await applyFixes(proposals, options);
  const isChanged = fixes.some(({ outcome }) => outcome !== 'not run');
  const last = isChanged ? await findFindings(options.config) : findings;
  if (options.json) printJson(describeFindings(last, fixes));
  else if (isChanged) printLines(['', 'Checked again:', ...renderFindings(last, findTerminal())]);
  return last.every(isSound);
}

function report(findings: readonly Finding[], { json }: CommonOptions): void {
  if (json) printJson(describeFindings(findings));
  else printLines(renderFindings(findings, findTerminal()));
}

/** Root follows no configuration that other users could write; that is then the only finding. */
async function findFindings(path: string): Promise<Finding[]> {
  const distrust = isRoot() && existsSync(path) ? findTrustFaults(path) : [];
  if (distrust.length > 0) return [{ name: 'configuration', outcome: distrust }];
  const config = readConfiguration(path);
  const domains = [...config.domains.values()];
  const emptiness =
    domains.length === 0 && config.mqtt === undefined
      ? [concern('no-domain', `no domain is configured in ${path}`)]
      : [];
  const checks = [...CHECKS, ...(await findMoreChecks(config))];
  return [{ name: 'configuration', outcome: emptiness }, ...(await runChecks(checks, { config, path, domains }))];
}

/** Checks of what not every gateway has. */
async function findMoreChecks(config: Config): Promise<Check[]> {
  const { http, mqtt } = config;
  return [
    ...(mayHaveLeases(config) ? (await import('../../check/leases/all.ts')).LEASE_CHECKS : []),
    ...(http === undefined ? [] : [(await import('../../check/machine/http.ts')).http]),
    ...(mqtt === undefined ? [] : [(await import('../../check/machine/fleet.ts')).fleet]),
    ...((await isMeshInUse()) ? [mesh] : []),
  ];
}

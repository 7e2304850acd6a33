import { exitWithUsageError } from '../../../command-line.ts';
import type { Config } from '../../../config/config.ts';
import { announceSoon, drain, undrain } from '../../../system/host/drain.ts';
import { findFleetConcerns, findOwnConcerns } from '../../fleet/findings.ts';
import { readFleet } from '../../fleet/reading.ts';
import { findWorkerConcerns, findWorkerPlaces } from '../../fleet/workers.ts';
import { readConfiguration } from '../../gateway/configuration.ts';
import { type Call, type CommonOptions, PROGRAM } from '../../terminal/call.ts';
import { printJson, printLines } from '../../terminal/print.ts';
import { findTerminal } from '../../terminal/terminal.ts';
import { describeFleet } from './json.ts';
import { renderFleet } from './text.ts';

/** `wgkex fleet`: the gateways of the community, as the broker knows them. False if something needs attention. */
export async function run({ args: [action], options }: Call): Promise<boolean> {
  const config = readConfiguration(options.config);
  if (config.mqtt === undefined) throw new Error(`Cannot find a fleet: there is no [mqtt] in ${options.config}`);
  if (action !== undefined) return weigh(action === 'drain', config, options);
  const reading = await readFleet(config.mqtt);
  const workers = findWorkerPlaces(reading, config.mqtt.workers);
  const concerns = [
    ...findOwnConcerns(config, reading),
    ...findFleetConcerns(reading),
    ...findWorkerConcerns(config, reading),
  ];
  if (options.json) printJson(describeFleet(reading, workers, concerns));
  else printLines(renderFleet(reading, workers, concerns, findTerminal()));
  return concerns.length === 0;
}

/** Changes what this gateway announces. */
async function weigh(isDraining: boolean, { state_directory }: Config, { json }: CommonOptions): Promise<boolean> {
  if (process.getuid?.() !== 0) exitWithUsageError(PROGRAM, 'it must be run as root');
  const isNew = isDraining ? drain(state_directory) : undrain(state_directory);
  const isKnown = await announceSoon();
  if (json) printJson({ drained: isDraining, changed: isNew });
  else printLines([`${describe(isDraining, isNew)}${isKnown ? '' : ' The other machines know it within a minute.'}`]);
  return true;
}

function describe(isDraining: boolean, isNew: boolean): string {
  if (isDraining)
    return `This gateway ${isNew ? 'gets' : 'already got'} no new routers by v2; see wgkex fleet undrain.`;
  return isNew ? 'This gateway gets new routers again.' : 'This gateway was not drained.';
}

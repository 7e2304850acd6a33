import { InputError } from '../values/errors.ts';
import { parseProperties } from './systemd-properties.ts';

/** The state of this machine's clock. */
export interface ClockState {
  readonly isSynchronised: boolean;
  /** Whether systemd has a service that it can switch on to synchronise the clock. */
  readonly canSynchronise: boolean;
  /** Whether that service is switched on. */
  readonly isSwitchedOn: boolean;
}

/**
 * Parses `timedatectl show`.
 * @throws InputError for any other text.
 */
export function parseClockState(text: string): ClockState {
  const properties = new Map(parseProperties(text).map(({ name, value }) => [name, value]));
  const isYes = (name: string): boolean => {
    const value = properties.get(name);
    if (value !== 'yes' && value !== 'no') throw new InputError(`Cannot read the state of the clock: no ${name}`);
    return value === 'yes';
  };
  return { isSynchronised: isYes('NTPSynchronized'), canSynchronise: isYes('CanNTP'), isSwitchedOn: isYes('NTP') };
}

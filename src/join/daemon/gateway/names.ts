import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { describeNoAddresses, explainConnection } from '../../../core/client/connection-words.ts';
import { describeError } from '../../../core/values/errors.ts';
import { type IpAddress, isIpv4, parseIpAddress } from '../../../core/values/ip-address.ts';
import { parseJsonOf } from '../../../core/values/json.ts';
import { AttemptFailure } from '../failure.ts';
import type { Times } from '../options.ts';
import { readBounded, replace } from '../state-file.ts';
import { abandonable, within } from '../time-limit.ts';

const FILE = 'addresses.json';
const MOST_NAMES = 64;
const MOST_ADDRESSES = 8;
const known = z.record(
  z.string(),
  z
    .array(z.string().transform((text) => parseIpAddress(text)))
    .min(1)
    .max(MOST_ADDRESSES),
);

/** The name server cannot be reached, or does not know yet. */
const NO_NAME_SERVER = 'EAI_AGAIN';

/**
 * The addresses of names, of both families. They are remembered: while a tunnel that takes all traffic is dead, nobody
 * can be asked.
 */
export class Names {
  readonly #path: string;
  readonly #times: Pick<Times, 'name' | 'knownName'>;
  readonly #known: Map<string, readonly IpAddress[]>;
  /** A question may take as long as the machine's resolver likes; there is one for each name at most. */
  readonly #asked = new Map<string, Promise<readonly IpAddress[]>>();
  /** The other side of a failure to write the file. */
  readonly #onProblem: (reason: string) => void;

  constructor(directory: string, times: Pick<Times, 'name' | 'knownName'>, onProblem: (reason: string) => void) {
    this.#path = join(directory, FILE);
    this.#times = times;
    this.#onProblem = onProblem;
    this.#known = readKnown(this.#path);
  }

  /** At least one address. @throws AttemptFailure, or the reason of the signal */
  async resolve(host: string, signal: AbortSignal): Promise<readonly IpAddress[]> {
    if (isIP(host) > 0) return [parseIpAddress(host)];
    const former = this.#known.get(host);
    const seconds = former === undefined ? this.#times.name : this.#times.knownName;
    const late = new AttemptFailure('network', describeNoAddresses(host, `no answer within ${seconds} s`));
    try {
      return await within(seconds, signal, late, (limit) => abandonable(this.#ask(host), limit));
    } catch (error) {
      if (former === undefined || signal.aborted) throw error;
      return former;
    }
  }

  /** The same for a connection of the relay. */
  readonly lookup: LookupFunction = (host, { all }, callback) => {
    this.resolve(host, NEVER).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIpv4(address) ? 4 : 6 }));
        if (all === true) callback(null, found);
        else callback(null, found[0]?.address ?? '', found[0]?.family);
      },
      (error: Error) => callback(error, []),
    );
  };

  #ask(host: string): Promise<readonly IpAddress[]> {
    const asked = this.#asked.get(host);
    if (asked !== undefined) return asked;
    const answer = findAddresses(host).then((addresses) => this.#remember(host, addresses));
    this.#asked.set(host, answer);
    // Nobody may be waiting for it any more.
    answer.catch(() => {}).finally(() => this.#asked.delete(host));
    return answer;
  }

  #remember(host: string, addresses: readonly IpAddress[]): readonly IpAddress[] {
    if (`${this.#known.get(host)}` === `${addresses}`) return addresses;
    this.#known.delete(host);
    this.#known.set(host, addresses);
    const [oldest = ''] = this.#known.keys();
    if (this.#known.size > MOST_NAMES) this.#known.delete(oldest);
    try {
      replace(this.#path, JSON.stringify(Object.fromEntries(this.#known)));
    } catch (error) {
      this.#onProblem(describeError(error));
    }
    return addresses;
  }
}

const NEVER = new AbortController().signal;

async function findAddresses(host: string): Promise<readonly IpAddress[]> {
  try {
    const found = await lookup(host, { all: true });
    return alternate(found.map(({ address }) => parseIpAddress(address))).slice(0, MOST_ADDRESSES);
  } catch (error) {
    const failure = error as NodeJS.ErrnoException;
    const fault = failure.code === NO_NAME_SERVER ? 'network' : 'gateway';
    throw new AttemptFailure(fault, describeNoAddresses(host, explainConnection(failure)));
  }
}

/** RFC 8305, 4: the families take turns, so that one that does not work costs one head start. */
function alternate(addresses: readonly IpAddress[]): IpAddress[] {
  const isFirst = (address: IpAddress) => isIpv4(address) === isIpv4(addresses[0] ?? address);
  const others = addresses.filter((address) => !isFirst(address));
  const firsts = addresses.filter(isFirst);
  const turns = firsts.flatMap((address, index) => [address, ...others.slice(index, index + 1)]);
  return [...new Set([...turns, ...others.slice(firsts.length)])];
}

/** A damaged file is as good as none. */
function readKnown(path: string): Map<string, readonly IpAddress[]> {
  try {
    return new Map(Object.entries(parseJsonOf(known, readBounded(path) ?? '{}', path)));
  } catch {
    return new Map();
  }
}

import type fc from 'fast-check';
import { exchange } from '../../lab/client.ts';
import { crowdsOf } from '../arbitraries/crowds.ts';
import { printEntries, readVisits } from '../corpus.ts';
import { makeKey, REFUSED_KEYS } from '../keys.ts';
import { CrowdModel } from '../model/crowd.ts';
import type { Visit } from '../model/wire.ts';
import { Scene } from '../scene.ts';
import { Service } from '../service.ts';
import { Visitors } from '../visitors.ts';
import type { Target } from './target.ts';

type Crowd = readonly Visit[];

const GATEWAY_NUMBER = 201;
const LINE_SECONDS = 2;
/** The key of a client that comes after all others: its reply means that all others have theirs. */
const LAST_KEY = makeKey('the last one');

/** Crowds of clients on real connections to the real listener, with the real handler behind it. */
export class SocketTarget implements Target<Crowd> {
  readonly name = 'socket';
  readonly corpus: readonly Crowd[];
  readonly runs: fc.Arbitrary<Crowd>;
  readonly runsPerRound = 4;
  readonly #scene: Scene;
  readonly #service: Service;
  readonly #visitors: Visitors;

  private constructor(scene: Scene, service: Service, visitors: Visitors) {
    this.#scene = scene;
    this.#service = service;
    this.#visitors = visitors;
    const domains = [...scene.domains.map(({ name }) => name), ...scene.aliases.keys()];
    const visits = readVisits();
    this.corpus = [visits];
    this.runs = crowdsOf({ domains, keys: [...REFUSED_KEYS, ...scene.ownKeys] }, visits);
  }

  static async create(): Promise<SocketTarget> {
    const scene = await Scene.create(GATEWAY_NUMBER, { hasSmallDomain: false });
    await scene.configure({ line_seconds: LINE_SECONDS });
    const service = await Service.start(scene.gateway, async () => {
      for (const { name } of scene.domains) await exchange(scene.gateway.address, name, LAST_KEY);
    });
    const target = new SocketTarget(scene, service, await Visitors.create(scene, LINE_SECONDS));
    // Removes the peers of the trial.
    await target.check([]);
    return target;
  }

  count(crowd: Crowd): number {
    return crowd.length;
  }

  print(crowd: Crowd): string {
    return printEntries('visits', crowd);
  }

  async check(crowd: Crowd): Promise<void> {
    const model = new CrowdModel(this.#scene.createModels(), this.#scene.aliases);
    const faults = await this.#visitors.visitAll(crowd, model);
    await this.#settle(model).catch((fault) => faults.push(fault));
    // Wrong replies explain more than wrong results.
    if (faults.length > 0) throw faults[0];
  }

  observe(inputs: number): Promise<string> {
    return this.#service.measureMemory(inputs);
  }

  finish(): Promise<void> {
    return this.#service.requireNoLeak();
  }

  close(): Promise<void> {
    return this.#scene.gateway.close();
  }

  async #settle(model: CrowdModel): Promise<void> {
    await this.#service.becomesQuiet().finally(() => this.#visitors.hangUp());
    // Clients that left at once may still be queued before the last ones, and so may their requests.
    await this.#visitLast(model);
    await this.#visitLast(model);
    await this.#scene.kernel.settle((domain, newPeers) => model.expectPeers(domain, newPeers));
    await this.#scene.forget();
    await this.#service.requireHealth();
  }

  async #visitLast(model: CrowdModel): Promise<void> {
    const visits = this.#scene.domains.map(({ name }): Visit => ({ send: [`${name}\n${LAST_KEY}\n`], end: 'stay' }));
    const [fault] = await this.#visitors.visitAll(visits, model);
    if (fault !== undefined) throw fault;
    await this.#service.becomesQuiet();
  }
}

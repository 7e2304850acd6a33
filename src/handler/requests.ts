import type { Readable, Writable } from 'node:stream';
import type { ReplyCode } from '../core/exchange/exchange.ts';
import { MessageLines } from '../core/privsep/message-lines.ts';
import {
  type DomainNumbers,
  formatMessage,
  type HandlerMessage,
  MESSAGE_BYTES,
  type NumbersRequest,
  parseAnyRequest,
  parseRequest,
  type Request,
} from '../core/privsep/messages.ts';
import { InputError } from '../core/values/errors.ts';
import type { DomainName } from '../core/values/names.ts';

/** With so many unanswered requests the next ones stay in the pipe. */
const MAX_UNANSWERED = 4096;

/** What requests are answered with. */
export interface Services {
  exchange(request: Request): Promise<ReplyCode>;
  /** Only where there are metrics: otherwise nobody may ask for them. Resolves with null where it cannot be read. */
  readonly findNumbers?: (domain: DomainName) => Promise<DomainNumbers | null>;
}

/**
 * Greets, then answers every request of `input` on `output` until the input ends.
 * @throws InputError for anything that is no request; nothing of the chunk that brought it is served.
 */
export async function serveRequests(input: Readable, output: Writable, services: Services): Promise<void> {
  const lines = new MessageLines(MESSAGE_BYTES);
  const unanswered = new Set<Promise<void>>();
  const parse = services.findNumbers === undefined ? parseRequest : parseAnyRequest;
  output.write(formatMessage(services.findNumbers === undefined ? { ready: true } : { ready: true, metrics: true }));
  for await (const chunk of input) {
    for (const request of lines.push(chunk).map(parse)) {
      const answered = answer(request, services)
        .then((message) => writeLine(output, formatMessage(message)))
        .finally(() => unanswered.delete(answered));
      unanswered.add(answered);
    }
    while (unanswered.size >= MAX_UNANSWERED) await Promise.race(unanswered);
  }
  if (lines.isMidLine) throw new InputError('Cannot read request: the input ends in the middle of a line');
  await Promise.all(unanswered);
}

async function answer(request: Request | NumbersRequest, services: Services): Promise<HandlerMessage> {
  const { id } = request;
  if ('numbers' in request) return { id, numbers: (await services.findNumbers?.(request.numbers)) ?? null };
  return { id, reply: await services.exchange(request) };
}

/** Resolves when the line is on its way: who does not read the replies is not asked for more requests. */
function writeLine(output: Writable, line: string): Promise<void> {
  return new Promise((resolve) => output.write(line, () => resolve()));
}

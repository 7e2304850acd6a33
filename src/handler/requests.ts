import type { Readable, Writable } from 'node:stream';
import { MessageLines } from '../core/privsep/message-lines.ts';
import {
  type Answer,
  buildRequestParser,
  formatMessage,
  REQUEST_BYTES,
  type Reply,
  type Request,
  type RequestOf,
  type RequestType,
} from '../core/privsep/requests.ts';
import { InputError } from '../core/values/errors.ts';

/** Beyond this number of unanswered requests, further ones stay in the pipe. */
const MAX_UNANSWERED = 4096;

/** The functions that answer each type of request; none of them rejects. */
export type Answers = { readonly [T in RequestType]: (request: RequestOf<T>) => Promise<Answer<T>> };

/**
 * Greets, then answers every request of `input` on `output` until the input ends.
 * @throws InputError for anything that is not a request of a permitted type; no request of the same
 * chunk is served.
 */
export async function serveRequests(
  input: Readable,
  output: Writable,
  answers: Answers,
  permitted: readonly RequestType[],
): Promise<void> {
  const lines = new MessageLines(REQUEST_BYTES);
  const unanswered = new Set<Promise<void>>();
  const parse = buildRequestParser(permitted);
  output.write(formatMessage({ type: 'ready', answers: [...permitted] }));
  for await (const chunk of input) {
    for (const request of lines.push(chunk).map(parse)) {
      const answered = answer(request, answers)
        .then((reply) => writeLine(output, formatMessage(reply)))
        .finally(() => unanswered.delete(answered));
      unanswered.add(answered);
    }
    while (unanswered.size >= MAX_UNANSWERED) await Promise.race(unanswered);
  }
  if (lines.isMidLine) throw new InputError('Cannot read request: the input ends in the middle of a line');
  await Promise.all(unanswered);
}

async function answer(request: Request, answers: Answers): Promise<Reply> {
  const { type, id } = request;
  const find = answers[type] as (request: Request) => Promise<Answer<RequestType>>;
  return { type, id, ...(await find(request)) } as Reply;
}

/** Resolves when the line is handed over: while a listener does not read its replies, no more requests are read. */
function writeLine(output: Writable, line: string): Promise<void> {
  return new Promise((resolve) => output.write(line, () => resolve()));
}

import type { Readable, Writable } from 'node:stream';
import type { ReplyCode } from '../core/exchange.ts';
import { MessageLines } from '../core/message-lines.ts';
import { formatMessage, MESSAGE_BYTES, parseRequest, type Request } from '../core/messages.ts';
import { InputError } from '../core/printable.ts';

/** With so many unanswered requests the next ones stay in the pipe. */
const MAX_UNANSWERED = 4096;

/**
 * Greets, then answers every request of `input` on `output` until the input ends.
 * @throws InputError for anything that is no request; nothing of the chunk that brought it is served.
 */
export async function serveRequests(
  input: Readable,
  output: Writable,
  serve: (request: Request) => Promise<ReplyCode>,
): Promise<void> {
  const lines = new MessageLines(MESSAGE_BYTES);
  const unanswered = new Set<Promise<void>>();
  output.write(formatMessage({ ready: true }));
  for await (const chunk of input) {
    for (const request of lines.push(chunk).map(parseRequest)) {
      const answered = serve(request)
        .then((reply) => writeLine(output, formatMessage({ id: request.id, reply })))
        .finally(() => unanswered.delete(answered));
      unanswered.add(answered);
    }
    while (unanswered.size >= MAX_UNANSWERED) await Promise.race(unanswered);
  }
  if (lines.isMidLine) throw new InputError('Cannot read request: the input ends in the middle of a line');
  await Promise.all(unanswered);
}

/** Resolves when the line is on its way: who does not read the replies is not asked for more requests. */
function writeLine(output: Writable, line: string): Promise<void> {
  return new Promise((resolve) => output.write(line, () => resolve()));
}

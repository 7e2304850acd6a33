import { createInterface } from 'node:readline';

/**
 * Asks for a line that the terminal does not show, on standard error, so that standard output stays what it is for.
 * Undefined if there is no answer, as after Ctrl-C.
 */
export async function askSecretly(question: string): Promise<string | undefined> {
  // Without an output it echoes nothing, and as a terminal it switches off the echo of the terminal itself.
  const reader = createInterface({ input: process.stdin, terminal: true });
  process.stderr.write(question);
  try {
    return await new Promise<string | undefined>((resolve) => {
      reader.once('line', resolve).once('close', () => resolve(undefined));
    });
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}

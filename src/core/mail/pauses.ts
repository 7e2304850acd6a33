import * as z from 'zod';

const pause = z.strictObject({ failures: z.int().min(1), until: z.number(), reason: z.string() });

/** What wgkex-mail waits with. `server`: with all letters, and with which of them sending failed. */
export const pausesSchema = z.strictObject({
  server: pause.extend({ letter: z.string() }).optional(),
  letters: z.record(z.string(), pause),
});

/** When to try again, in seconds since 1970, and why. */
export type Pause = z.infer<typeof pause>;
/** The pauses of all letters by their names, and of the server. */
export type PauseList = z.infer<typeof pausesSchema>;

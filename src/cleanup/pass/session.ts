import { DomainSession } from '../../system/domain/domain-session.ts';
import type { Pass } from './pass.ts';

/** Works on a domain under its lock, which is released at the end. */
export async function withSession(
  pass: Pass,
  work: (session: DomainSession, pass: Pass) => Promise<number>,
): Promise<number> {
  const session = new DomainSession(pass.domain, pass.config, pass.log, pass.dryRun);
  try {
    return await work(session, pass);
  } finally {
    session.close();
    pass.log.flush();
  }
}

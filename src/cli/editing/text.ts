import type { Effect } from '../../core/changes/effects.ts';
import type { RouterNames } from '../../core/operator/router-names.ts';
import type { PublicKey } from '../../core/values/public-key.ts';
import { describeRemoteBlock, type Elsewhere } from '../fleet/remote-block.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { appendName, fold } from '../terminal/words.ts';
import type { DomainEdit } from './domain-edit.ts';
import type { Edits, ListEdit } from './editing.ts';
import type { NameEdit } from './naming.ts';

const MARGIN = '    ';

const VERBS: Record<Effect['action'], { readonly done: string; readonly dry: string }> = {
  add: { done: 'added', dry: 'would add' },
  reset: { done: 'reset', dry: 'would reset' },
  keep: { done: 'kept', dry: 'would keep' },
  remove: { done: 'removed', dry: 'would remove' },
  set: { done: 'set', dry: 'would set' },
  release: { done: 'released', dry: 'would release' },
};

/** A line for each effect, real or hypothetical. */
export function renderEdits(
  { key, dryRun, list, naming, domains, elsewhere = [] }: Edits,
  names: RouterNames,
  terminal: Terminal,
): string[] {
  const effects = domains.flatMap((edit) => edit.effects.map((effect) => [edit, effect] as const));
  const operators = domains.filter(({ outcome, reason }) => outcome === 'static' && reason === undefined);
  const isNowhere = domains.length > 0 && domains.every(({ outcome }) => outcome === 'absent');
  return [
    ...(list === undefined
      ? []
      : explainListEdit(list, key, dryRun).flatMap((text) => renderLine(list.file, text, terminal))),
    ...effects.flatMap(([{ domain }, effect]) =>
      renderLine(domain.name, describeEffect(effect, names, dryRun), terminal),
    ),
    ...operators.flatMap(({ domain }) => renderLine(domain.name, `peer ${key} is already the operator's`, terminal)),
    ...(list !== undefined && isNowhere ? ['It is not a peer of any domain.'] : []),
    ...(naming === undefined
      ? []
      : explainNameEdit(naming, key, dryRun).flatMap((text) => renderLine(naming.file, text, terminal))),
    ...elsewhere.flatMap((one) =>
      explainElsewhere(one, key).flatMap((text) => renderLine(one.gateway, text, terminal)),
    ),
    ...(dryRun ? [terminal.paint('notice', 'Nothing was changed.')] : []),
  ];
}

/** An effect, after the place where it happened. */
export function renderLine(where: string, text: string, { width, paint }: Terminal): string[] {
  const [first = '', ...others] = fold(`${where}: ${text}`, width, MARGIN);
  return [`${paint('strong', first.slice(0, where.length))}${first.slice(where.length)}`, ...others];
}

/** A missing key is a complaint, not an effect. */
function explainListEdit({ outcome, line = '' }: ListEdit, key: string, dryRun: boolean): string[] {
  switch (outcome) {
    case 'added':
      return [`${findVerb('add', dryRun)} ${line}`];
    case 'removed':
      return [`${findVerb('remove', dryRun)} ${key}`];
    case 'present':
      return [`${key} is already there`];
    case 'absent':
      return [];
  }
}

function explainNameEdit({ outcome, line = '' }: NameEdit, key: string, dryRun: boolean): string[] {
  switch (outcome) {
    case 'added':
      return [`${findVerb('add', dryRun)} ${line}`];
    case 'changed':
      return [`${findVerb('set', dryRun)} ${line}`];
    case 'removed':
      return [`${findVerb('remove', dryRun)} the name of ${key}`];
    case 'present':
      return [`${key} already has this name`];
    case 'absent':
      return [];
  }
}

/** What was not done is a complaint. */
function explainElsewhere({ outcome, host }: Elsewhere, key: PublicKey): string[] {
  if (outcome === 'blocked') return [`blocked ${key}`];
  return outcome === 'not run' ? [`would run ${describeRemoteBlock(host, key)}`] : [];
}

const PEER_NOTES: Partial<Record<Effect['action'], string>> = {
  keep: ', which is alive',
  release: ' to the operator',
};

function describeEffect(effect: Effect, names: RouterNames, dryRun: boolean): string {
  const { router } = effect;
  const verb = findVerb(effect.action, dryRun);
  switch (effect.what) {
    case 'peer':
      return `${verb} peer ${router.key}${appendName(names.get(router.key))}${PEER_NOTES[effect.action] ?? ''}`;
    case 'claim':
      return `${verb} the claim of ${router.key} to ${router.address}`;
    case 'memory':
      return `${verb} the remembered state of ${router.key}`;
    case 'forwarding entry':
      return `${verb} forwarding entry ${effect.entry.mac} to ${router.address}`;
    case 'route':
      return `${verb} route to ${router.address}`;
  }
}

function findVerb(action: Effect['action'], dryRun: boolean): string {
  return VERBS[action][dryRun ? 'dry' : 'done'];
}

/** The document of the commands that edit one key, with `--json`; its shape is fixed in wgkex(8). */
export function describeEdits(
  { key, dryRun, isGood, list, naming, domains, elsewhere }: Edits,
  names: RouterNames,
): object {
  return {
    key,
    name: names.get(key) ?? null,
    dry_run: dryRun,
    success: isGood,
    list: describeListEdit(list),
    naming: describeListEdit(naming),
    domains: domains.map((edit) => describeDomainEdit(edit, names)),
    ...(elsewhere === undefined ? {} : { elsewhere: elsewhere.map((one) => ({ ...one, reason: one.reason ?? null })) }),
  };
}

function describeListEdit(edit: ListEdit | NameEdit | undefined): object | null {
  return edit === undefined ? null : { ...edit, line: edit.line ?? null };
}

function describeDomainEdit({ domain, outcome, code, reason, effects }: DomainEdit, names: RouterNames): object {
  return {
    domain: domain.name,
    outcome,
    code: code ?? null,
    reason: reason ?? null,
    effects: effects.map((effect) => ({
      action: effect.action,
      what: effect.what,
      key: effect.router.key,
      name: names.get(effect.router.key) ?? null,
      address: effect.router.address,
      mac: effect.what === 'forwarding entry' ? effect.entry.mac : null,
    })),
  };
}

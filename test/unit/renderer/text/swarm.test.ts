/** What is said of a SwarmUI server: permissions, backends, and whose work would be stopped, never more than is allowed. */
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../shared/errors.ts';
import type { CapabilitiesOf } from '../../../../shared/server.ts';
import type { BackendView } from '../../../../shared/server-manage.ts';
import { abilities } from '../../../../renderer/text/abilities.ts';
import { problemText, versionText } from '../../../../renderer/text/servers.ts';
import {
  backendError,
  backendState,
  backendText,
  catalogueError,
  stopAct,
  stopLabel,
  stopSentence,
} from '../../../../renderer/text/swarm.ts';
import { waysOf } from '../../../../renderer/cancel/foreign-powers.tsx';

const capabilities = (more: Partial<CapabilitiesOf<'swarm'>> = {}): CapabilitiesOf<'swarm'> => ({
  kind: 'swarm',
  targetedInterrupt: true,
  permissions: ['*'],
  passthrough: true,
  ...more,
});
const backend = (more: Partial<BackendView> = {}): BackendView => ({
  id: 0,
  title: 'Big',
  type: 'comfyui_api',
  state: 'running',
  enabled: true,
  model: null,
  slots: 2,
  load: 0,
  running: 0,
  allowIdle: false,
  swarmToSwarm: false,
  lostSlots: 0,
  ...more,
});
const standing = { server: 'Upstairs', mine: 2, listed: 1, ownUser: 'max', users: ['anna', 'eve'] };

describe('abilities', () => {
  it('says what an account may not do, and nothing of that to one who may do all', () => {
    const said = (more: Partial<CapabilitiesOf<'swarm'>>): string =>
      abilities(capabilities(more), false)
        .map(({ text }) => text)
        .join('\n');
    expect(said({})).not.toContain('may not');
    expect(said({ permissions: ['comfy_dynamic_custom_workflows'] })).toContain(
      'may not see its backends, restart backends or free its memory',
    );
    expect(said({ passthrough: false })).toContain('may finish its current step unseen');
    expect(said({ targetedInterrupt: false })).toContain('a neighbour may be hit');
    expect(said({ permissions: ['view_backends_list'] })).toContain('can’t be cancelled with your account');
  });
});

describe('backends', () => {
  it('say what they take and have', () => {
    expect(backendText.load(backend())).toBe('takes 2 jobs, has none');
    expect(backendText.load(backend({ load: 3, running: 1 }))).toBe('takes 2 jobs, 1 running, 2 waiting');
    expect(backendText.load(backend({ load: null, running: null, slots: 1 }))).toBe('takes 1 job');
    expect(backendState(backend({ enabled: false })).word).toBe('switched off');
    expect(backendState(backend({ state: 'errored' })).tone).toBe('bad');
    expect(backendState(backend({ state: 'constructor' })).word).toBe('constructor');
  });

  it('every problem a SwarmUI adapter tells has words of its own', () => {
    for (const code of ['slots-lost', 'allow-idle', 'swarm-to-swarm', 'backend-errored', 'no-backend', 'untargeted']) {
      const text = problemText(code, { backend: 0, title: 'Big', lost: 1, slots: 2 });
      expect(text, code).not.toContain(code);
      expect(text, code).toMatch(/\.$/);
    }
  });

  it('a refusal says what helps', () => {
    expect(backendError(new AppError('conflict', 'lost'))).toContain('Only re-creating');
    expect(backendError(new AppError('conflict', 'x', { details: { hidden: ['Key'] } }))).toContain('secret');
    expect(backendError(new AppError('not_allowed', 'x', { details: { permission: 'restart_backends' } }))).toContain(
      'restart_backends',
    );
  });

  it('a version is shown without the commit it was built from', () => {
    expect(versionText('swarm', '0.9.8.2.GIT-062407c7')).toBe('SwarmUI 0.9.8.2');
    expect(versionText('comfy', '0.8.0')).toBe('ComfyUI 0.8.0');
  });
});

describe('stopping everything', () => {
  it('offers exactly what the account may stop, least first', () => {
    expect(waysOf(standing, true).map(({ way }) => way)).toEqual([
      'mine',
      'listed',
      'own-user',
      'user',
      'user',
      'users',
    ]);
    expect(waysOf({ ...standing, users: [] }, false).map(({ way }) => way)).toEqual(['mine', 'own-user']);
    expect(waysOf({ ...standing, mine: 0, listed: 0, ownUser: null, users: [] }, true)).toEqual([]);
    expect(waysOf({ ...standing, mine: 0, ownUser: null, users: ['anna'] }, false).map(({ way }) => way)).toEqual([
      'user',
    ]);
  });

  it('names whose work it is, on the choice, in the sentence and on the button', () => {
    expect(stopLabel({ way: 'user', user: 'anna' }, standing)).toBe('Everything of anna');
    expect(stopSentence({ way: 'user', user: 'anna' }, standing)).toContain('every session of anna');
    expect(stopAct({ way: 'user', user: 'anna' }, standing)).toBe('Stop work of anna');
    expect(stopLabel({ way: 'users' }, standing)).toContain('anna and eve');
    expect(stopLabel({ way: 'own-user' }, standing)).toContain('max');
    expect(stopAct({ way: 'mine' }, standing)).toBe('Cancel 2 jobs');
    expect(stopAct({ way: 'listed' }, standing)).toBe('Cancel 3 jobs');
  });
});

describe('a catalogue that can’t be read', () => {
  it('says why, and what to do', () => {
    expect(catalogueError(new AppError('server_auth', 'x'), 'Upstairs')).toContain('sign-in');
    expect(catalogueError(new AppError('not_allowed', 'x', { details: { permission: 'p' } }), 'Upstairs')).toContain(
      '(permission p)',
    );
    expect(catalogueError(new AppError('server_unreachable', 'x'), 'Upstairs')).toContain('does not answer');
  });
});

/**
 * What the window can have done, apart from cancelling: one function per verb, each answering trouble with a toast.
 * They change nothing here: the stores change when the host says so.
 */
import { createContext, useContext } from 'react';
import type { Api } from '../../shared/contract.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import type { ToastStore } from './toasts.ts';
import { cancelText } from '../text/cancel.ts';
import { common } from '../text/common.ts';
import { queueText } from '../text/queue.ts';

export type MoveTo = 'front' | 'end' | { before: JobId } | { after: JobId };

export interface Actions {
  pause(serverId?: ServerId): void;
  resume(serverId?: ServerId): void;
  hold(ids: readonly JobId[]): void;
  release(ids: readonly JobId[]): void;
  move(ids: readonly JobId[], to: MoveTo): void;
  putBack(ids: readonly JobId[]): void;
  runAgain(ids: readonly JobId[], seeds: 'same' | 'new'): void;
  stopCollecting(id: JobId): void;
  freeMemory(serverId: ServerId): void;
  reconnect(serverId: ServerId): void;
}

/** Says an error in words, once. A lost connection is said by the bar already. */
export function sayTrouble(toasts: ToastStore, error: unknown, what?: string): void {
  if (isAbort(error)) return;
  const app = toAppError(error);
  if (app.code === 'server_unreachable' && app.details?.['peer'] === 'host') {
    toasts.show({ key: 'trouble', tone: 'trouble', text: common.hostGone });
    return;
  }
  const words = common.error(app.code);
  toasts.show({ key: 'trouble', tone: 'trouble', text: what === undefined ? words : `${what}: ${words}` });
}

export function createActions(api: Api, toasts: ToastStore): Actions {
  const attempt = (work: Promise<unknown>, done?: () => void): void => {
    work.then(done, (error: unknown) => {
      sayTrouble(toasts, error);
    });
  };
  const server = (serverId: ServerId | undefined): { serverId?: ServerId } =>
    serverId === undefined ? {} : { serverId };
  return {
    pause: (serverId) => attempt(api.queue.pause(server(serverId))),
    resume: (serverId) => attempt(api.queue.resume(server(serverId))),
    hold: (ids) => attempt(api.jobs.hold({ ids: [...ids] })),
    release: (ids) => attempt(api.jobs.release({ ids: [...ids] })),
    move: (ids, to) => attempt(api.jobs.move({ ids: [...ids], to })),
    putBack: (ids) => {
      attempt(api.jobs.putBack({ ids: [...ids] }), () => {
        toasts.show({ key: 'put-back', text: cancelText.putBackDone(ids.length) });
      });
    },
    runAgain: (ids, seeds) => {
      attempt(api.jobs.runAgain({ ids: [...ids], seeds }), () => {
        toasts.show({ key: 'again', text: queueText.queuedAgain });
      });
    },
    stopCollecting: (id) => attempt(api.jobs.stopCollecting({ id })),
    freeMemory: (serverId) => {
      attempt(api.servers.freeMemory({ id: serverId }), () => {
        toasts.show({ key: 'memory', text: cancelText.memoryFreed });
      });
    },
    reconnect: (serverId) => attempt(api.servers.reconnect({ id: serverId })),
  };
}

export const ActionsContext = createContext<Actions | null>(null);

export function useActions(): Actions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error('useActions outside of ActionsContext');
  return actions;
}

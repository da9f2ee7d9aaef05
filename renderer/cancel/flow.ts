/**
 * From a press on Cancel… to the receipt: asks `cancel.preview`, holds the question while a person reads it, runs the
 * cancel with the preview's token, and asks again with the new preview where the queue has moved on meanwhile.
 * Words and looks are in dialog.tsx.
 */
import { createContext, useContext } from 'react';
import { createStore } from 'zustand/vanilla';
import type { StoreApi } from 'zustand/vanilla';
import type { Api } from '../../shared/contract.ts';
import type { CancelPreview } from '../../shared/cancel-schema.ts';
import type { CancelMode, CancelScope, CancelSummary } from '../../shared/cancel.ts';
import { isAbort, toAppError } from '../../shared/errors.ts';
import type { AppError } from '../../shared/errors.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import type { JobView } from '../../shared/job.ts';
import { isTerminal } from '../../shared/job-machine.ts';
import { serverOf } from '../../shared/job-view.ts';
import type { Stores } from '../state/stores.ts';

/** Other people's jobs, by id, on one server. */
export interface ForeignTarget {
  serverId: ServerId;
  remoteKeys: readonly string[];
  /** How many of them run, as last seen. */
  running: number;
}

export interface CancelAsk {
  /** Ours; null where only foreign jobs are meant. */
  scope: CancelScope | null;
  mode?: CancelMode;
  /** "Cancel after this one". */
  after?: boolean;
  foreign?: readonly ForeignTarget[];
}

export interface Question {
  ask: CancelAsk;
  /** Null while it is being looked up, or where only foreign jobs are meant. */
  preview: CancelPreview | null;
  /** The queue changed between question and answer; this is the new question. */
  changed: boolean;
  busy: boolean;
  error: AppError | null;
  returnFocus: HTMLElement | null;
}

export interface CancelEvents {
  /** The cancel was taken: which of ours had not started, for *Put back*. */
  taken: (waiting: readonly JobId[], summary: CancelSummary | null) => void;
  failed: (error: AppError) => void;
}

export class CancelFlow {
  readonly store: StoreApi<{ question: Question | null }> = createStore(() => ({ question: null }));
  readonly #api: Api;
  readonly #stores: Stores;
  readonly #events: CancelEvents;
  #looking = new AbortController();

  constructor(api: Api, stores: Stores, events: CancelEvents) {
    this.#api = api;
    this.#stores = stores;
    this.#events = events;
  }

  /** Asks first, unless one job of mine is meant and the user does not want to be asked for that. */
  ask(ask: CancelAsk): void {
    if (this.store.getState().question?.busy === true) return;
    const { settings } = this.#stores.app.getState();
    if (settings?.askForOne === false && isOneOfMine(ask)) {
      void this.#run({ ask, preview: null, changed: false, busy: true, error: null, returnFocus: null }, '');
      return;
    }
    const active = document.activeElement;
    this.store.setState({
      question: {
        ask,
        preview: null,
        changed: false,
        busy: false,
        error: null,
        returnFocus: active instanceof HTMLElement ? active : null,
      },
    });
    this.#look(ask);
  }

  keep(): void {
    this.#looking.abort();
    this.store.setState({ question: null });
  }

  /** `dontAskAgain` is kept as a setting only when the cancel is confirmed. */
  confirm(note: string, dontAskAgain: boolean): void {
    const { question } = this.store.getState();
    if (question === null || question.busy) return;
    if (dontAskAgain) {
      this.#api.settings.set({ settings: { askForOne: false } }).catch((error: unknown) => {
        this.#events.failed(toAppError(error));
      });
    }
    this.#patch({ busy: true, error: null });
    void this.#run({ ...question, busy: true }, note.trim());
  }

  #patch(change: Partial<Question>): void {
    this.store.setState(({ question }) => ({ question: question === null ? null : { ...question, ...change } }));
  }

  #look(ask: CancelAsk): void {
    if (ask.scope === null) return;
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#api.cancel
      .preview(
        {
          scope: ask.scope,
          ...(ask.mode === undefined ? {} : { mode: ask.mode }),
          ...(ask.after === true ? { after: true } : {}),
        },
        { signal },
      )
      .then(
        (preview) => {
          if (!signal.aborted) this.#patch({ preview });
        },
        (error: unknown) => {
          if (!isAbort(error) && !signal.aborted) this.#patch({ error: toAppError(error) });
        },
      );
  }

  async #run(question: Question, note: string): Promise<void> {
    const { ask, preview } = question;
    const waiting = ask.scope === null ? [] : waitingOf([...this.#stores.jobs.getState().byId.values()], ask.scope);
    const noted = note === '' ? {} : { note };
    let summary: CancelSummary | null = null;
    try {
      if (ask.scope !== null) {
        const result = await this.#api.cancel.run({
          scope: ask.scope,
          ...(ask.mode === undefined ? {} : { mode: ask.mode }),
          ...(ask.after === true ? { after: true } : {}),
          ...(preview === null ? {} : { previewToken: preview.token }),
          ...(preview !== null && preview.total.foreign > 0 ? { foreignAllowed: true } : {}),
          ...noted,
        });
        summary = result.summary;
      }
      for (const { serverId, remoteKeys } of ask.foreign ?? []) {
        await this.#api.foreign.cancel({ serverId, remoteKeys: [...remoteKeys], allowed: true, ...noted });
      }
      this.store.setState({ question: null });
      this.#events.taken(waiting, summary);
    } catch (thrown) {
      const error = toAppError(thrown);
      if (error.code === 'conflict' && ask.scope !== null && this.store.getState().question !== null) {
        this.#patch({ busy: false, changed: true, preview: previewIn(error) });
        if (previewIn(error) === null) this.#look(ask);
        return;
      }
      if (this.store.getState().question === null) this.#events.failed(error);
      else this.#patch({ busy: false, error });
    }
  }
}

function isOneOfMine(ask: CancelAsk): boolean {
  return (
    ask.scope !== null &&
    'jobs' in ask.scope &&
    ask.scope.jobs.length === 1 &&
    (ask.foreign ?? []).length === 0 &&
    ask.after !== true
  );
}

/** The new preview a conflict carries, if it does. */
function previewIn(error: AppError): CancelPreview | null {
  const preview = error.details?.['preview'];
  const looksRight =
    typeof preview === 'object' && preview !== null && 'token' in preview && 'total' in preview && 'servers' in preview;
  return looksRight ? (preview as CancelPreview) : null;
}

/** Jobs of the scope that have not started: those can be put back afterwards. */
function waitingOf(jobs: readonly JobView[], scope: CancelScope): JobId[] {
  const named = 'jobs' in scope ? new Set(scope.jobs) : null;
  const inScope = (job: JobView): boolean => {
    if (named !== null) return named.has(job.id);
    if ('batch' in scope) return job.batch?.id === scope.batch;
    if ('server' in scope) return scope.server === 'all' || serverOf(job) === scope.server;
    return false;
  };
  return jobs
    .filter((job) => !isTerminal(job.state) && job.state !== 'running' && job.state !== 'collecting' && inScope(job))
    .map((job) => job.id);
}

export const CancelContext = createContext<CancelFlow | null>(null);

export function useCancel(): CancelFlow {
  const flow = useContext(CancelContext);
  if (flow === null) throw new Error('useCancel outside of CancelContext');
  return flow;
}

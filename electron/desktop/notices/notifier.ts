/**
 * Notifications: hears the core's events, lets notices.ts decide, shows what it says. A click opens the job. Where the
 * system refuses (`failed`: unsigned on macOS, no service on Linux) the notice becomes a toast in the window.
 */
import type { Notification, NotificationConstructorOptions } from 'electron';
import type { Events } from '../../../shared/contract.ts';
import type { JobId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import { isTerminal } from '../../../shared/job-machine.ts';
import type { Settings } from '../../../shared/settings.ts';
import { titleWords } from '../../../shared/words/job.ts';
import type { Emitter } from '../../../shared/util/emitter.ts';
import { NO_NOTICES, advanceNotices } from './notices.ts';
import type { Notice, NoticeInput, NoticeState } from './notices.ts';
import { noticeText } from '../text.ts';

export interface NotifierOptions {
  events: Emitter<Events>;
  /** Null where the system shows none. */
  make: ((options: NotificationConstructorOptions) => Notification) | null;
  settings: () => Settings;
  focused: () => boolean;
  serverName: (id: JobView['onServerId']) => string | null;
  open: (place: string) => void;
  toast: (notice: Notice) => void;
  /** How long a cancelled job may take to stop before it is worth saying, ms. */
  lateMs?: number;
}

/** architecture §7.4: where nothing was learned of the server yet. */
const LATE_MS = 10_000;
/** Shown ones are held, or their click would be lost with them. */
const MAX_HELD = 20;
const MAX_TOLD = 20_000;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #subscriptions: Disposable[];
  readonly #since = Date.now();
  readonly #told = new Set<JobId>();
  readonly #late = new Map<JobId, ReturnType<typeof setTimeout>>();
  readonly #shown: Notification[] = [];
  #state: NoticeState = NO_NOTICES;
  #wake: ReturnType<typeof setTimeout> | null = null;
  #ended = { done: 0, failed: 0, cancelled: 0 };
  #hadWork = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#subscriptions = [
      options.events.on('job.changed', (job) => {
        this.#job(job);
      }),
      options.events.on('queue.summary', ({ running, waiting, collecting }) => {
        this.#queue(running + waiting + collecting);
      }),
    ];
  }

  /** Also for what is no job's business, e.g. a new version. */
  show(notice: Notice): void {
    const { make, open, toast } = this.#options;
    if (make === null) {
      toast(notice);
      return;
    }
    const shown = make({ title: notice.title, body: notice.body, silent: notice.kind !== 'failed' });
    shown.on('click', () => {
      open(notice.open);
    });
    shown.on('failed', () => {
      toast(notice);
    });
    this.#shown.push(shown);
    if (this.#shown.length > MAX_HELD) this.#shown.shift();
    shown.show();
  }

  #job(job: JobView): void {
    this.#watchCancel(job);
    if (!isTerminal(job.state) || this.#told.has(job.id) || (job.endedAt ?? 0) < this.#since) return;
    this.#tell(job.id);
    this.#ended[job.state] += 1;
    if (job.state !== 'failed') return;
    const { batch } = job;
    this.#input({
      type: 'failed',
      jobId: job.id,
      title: titleWords(job.title),
      batch: batch === null ? null : { id: batch.id, title: batch.title },
      why: noticeText.why(job.error),
    });
  }

  /** An ended job changes again when its note is edited or its files are fetched: it is told once. */
  #tell(id: JobId): void {
    this.#told.add(id);
    const [oldest] = this.#told;
    if (this.#told.size > MAX_TOLD && oldest !== undefined) this.#told.delete(oldest);
  }

  /** The ladder of architecture §7.4 begins here: asked to stop, and still running after the usual time. */
  #watchCancel(job: JobView): void {
    const timer = this.#late.get(job.id);
    const { cancel } = job;
    if (cancel?.outcome !== null || job.state !== 'running') {
      if (timer !== undefined) clearTimeout(timer);
      this.#late.delete(job.id);
      return;
    }
    if (timer !== undefined) return;
    const inMs = Math.max(0, cancel.requestedAt + (this.#options.lateMs ?? LATE_MS) - Date.now());
    this.#late.set(
      job.id,
      setTimeout(() => {
        // The entry stays: a late cancel is told once.
        this.#input({
          type: 'cancel-late',
          jobId: job.id,
          title: titleWords(job.title),
          server: this.#options.serverName(job.onServerId),
        });
      }, inMs),
    );
  }

  #queue(open: number): void {
    if (open > 0) {
      this.#hadWork = true;
      return;
    }
    const ended = this.#ended;
    const any = ended.done + ended.failed > 0;
    // A queue that was only cancelled away was ended by whoever would be told.
    if (this.#hadWork && any) this.#input({ type: 'queue-done', ...ended });
    this.#hadWork = false;
    this.#ended = { done: 0, failed: 0, cancelled: 0 };
  }

  #input(input: NoticeInput): void {
    const { focused, settings } = this.#options;
    const facts = { nowMs: performance.now(), focused: focused(), settings: settings() };
    const step = advanceNotices(this.#state, input, facts);
    this.#state = step.state;
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#wake =
      step.wakeInMs === null
        ? null
        : setTimeout(() => {
            this.#input({ type: 'tick' });
          }, step.wakeInMs);
    if (step.show !== null) this.show(step.show);
  }

  [Symbol.dispose](): void {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    for (const timer of this.#late.values()) clearTimeout(timer);
    if (this.#wake !== null) clearTimeout(this.#wake);
    for (const shown of this.#shown) shown.close();
  }
}

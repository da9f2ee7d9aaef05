/**
 * From the words a person types to what they name: a server by name, address or id; a job by id or a prefix of one. A word
 * that could mean two things names nothing: guessing is how the wrong job gets cancelled.
 */
import type { HistoryPage } from '../../shared/history.ts';
import type { JobId, ServerId } from '../../shared/ids.ts';
import { toAppError } from '../../shared/errors.ts';
import type { JobView } from '../../shared/job.ts';
import type { ForeignJob, ForeignView, ServerView } from '../../shared/server.ts';
import { defined } from '../../shared/util/defined.ts';
import { EXIT, Failure, usage } from './exit-codes.ts';
import { shortId } from './format.ts';
import type { Link } from './link.ts';
import { says } from './text.ts';

const FULL_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Of an id of ours: a prefix this long holds its millisecond and its place within it, so it is one job's for ever. */
const TELLING_PREFIX = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}/;
const SEARCHED_PAGES = 40;
const PAGE = 500;

export async function findServer(link: Link, word: string): Promise<ServerView> {
  const { servers } = await link.call('servers.list', {});
  return pickServer(servers, word);
}

export function pickServer(servers: readonly ServerView[], word: string): ServerView {
  const wanted = word.toLowerCase();
  const plain = (url: string): string => url.toLowerCase().replace(/\/+$/, '');
  const tests: readonly ((server: ServerView) => boolean)[] = [
    (server) => server.id === word,
    (server) => server.name === word,
    (server) => server.name.toLowerCase() === wanted,
    (server) => plain(server.url) === plain(word) || plain(server.url).replace(/^https?:\/\//, '') === plain(word),
    (server) => word.length >= 4 && server.id.startsWith(wanted),
  ];
  for (const test of tests) {
    const found = servers.filter(test);
    const [only] = found;
    if (found.length === 1 && only !== undefined) return only;
    if (found.length > 1)
      throw usage(
        says.manyServers(
          word,
          found.map((server) => `${server.name} (${server.url})`),
        ),
      );
  }
  throw new Failure(EXIT.notFound, says.noServer(word), {
    hint: 'See: switchyard servers list',
    details: { server: word },
  });
}

/** The id `--server` names, or undefined where it was not given. */
export async function serverIdOf(link: Link, word: string | undefined): Promise<ServerId | undefined> {
  return word === undefined ? undefined : (await findServer(link, word)).id;
}

export async function openJobs(link: Link, serverId?: ServerId): Promise<JobView[]> {
  const all: JobView[] = [];
  let cursor: string | undefined;
  do {
    const page: { jobs: JobView[]; cursor: string | null } = await link.call('jobs.list', {
      limit: 1_000,
      ...defined({ serverId, cursor }),
    });
    all.push(...page.jobs);
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

/** A job of ours. */
interface Own {
  type: 'job';
  job: JobView;
}
export interface Foreign {
  type: 'foreign';
  serverId: ServerId;
  job: ForeignJob;
}
type Found = Own | Foreign;

const own = (job: JobView): Own => ({ type: 'job', job });
const foreignOn =
  (serverId: ServerId) =>
  (job: ForeignJob): Foreign => ({ type: 'foreign', serverId, job });

/** Looks up words one after the other; what it fetched for one is used for the next. */
export class Finder {
  readonly #link: Link;
  #open: Promise<JobView[]> | undefined;
  #views: Promise<ForeignView[]> | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  open(): Promise<JobView[]> {
    this.#open ??= openJobs(this.#link);
    return this.#open;
  }

  /** Other people's work that is there now. */
  async foreign(): Promise<Foreign[]> {
    return (await this.#listed()).flatMap(({ serverId, jobs }) =>
      jobs.filter((job) => job.state !== 'ended').map(foreignOn(serverId)),
    );
  }

  #listed(): Promise<ForeignView[]> {
    this.#views ??= this.#link.call('foreign.list', {}).then(({ servers }) => servers);
    return this.#views;
  }

  /** Null: nothing has this id. Throws a usage Failure for a word that could mean several. */
  async find(word: string, options: { foreign: boolean }): Promise<Found | null> {
    const wanted = word.toLowerCase();
    if (FULL_ID.test(wanted)) {
      const job = await this.#byId(wanted as JobId);
      if (job !== null) return own(job);
      return options.foreign ? await this.#foreignById(word, wanted) : null;
    }
    if (wanted.length < 4) throw usage(says.prefixTooShort(word));
    const starts = (id: string): boolean => id.toLowerCase().startsWith(wanted);
    const open = (await this.open()).filter((job) => starts(job.id)).map(own);
    if (open.length === 1 && TELLING_PREFIX.test(wanted)) return open[0] ?? null;
    const ended = /^[0-9a-f-]+$/.test(wanted) && open.length < 2 ? await this.#ended(word, wanted) : [];
    const others = options.foreign ? (await this.foreign()).filter(({ job }) => starts(job.remoteKey)) : [];
    const known = new Set(open.map(({ job }) => job.id));
    return one(word, [...open, ...ended.filter((job) => !known.has(job.id)).map(own), ...others]);
  }

  /** Now, lately, or in the part of a long queue that is not listed: there the host knows whether it exists. */
  async #foreignById(word: string, wanted: string): Promise<Found | null> {
    const now = (await this.foreign()).filter(({ job }) => job.remoteKey.toLowerCase() === wanted);
    if (now.length > 0) return one(word, now);
    const { rows } = await this.#link.call('history.page', { filter: { foreign: 'only' }, limit: PAGE });
    for (const row of rows)
      if (row.type === 'foreign' && row.foreign.remoteKey.toLowerCase() === wanted)
        return foreignOn(row.foreign.serverId)(row.foreign);
    const cut = (await this.#listed()).filter(({ jobs, total }) => jobs.length < total);
    const named = cut.filter(({ order }) => order.includes(wanted));
    const [only, ...more] = named.length > 0 ? named : cut;
    if (only === undefined || more.length > 0) return null;
    return foreignOn(only.serverId)(unlisted(only.serverId, wanted));
  }

  /** One job of ours; 3 when there is none. */
  async job(word: string): Promise<JobView> {
    const found = await this.find(word, { foreign: true });
    if (found?.type === 'job') return found.job;
    if (found !== null) throw usage(says.notYours(word));
    throw new Failure(EXIT.notFound, says.noJob(word), { details: { id: word } });
  }

  async #byId(id: JobId): Promise<JobView | null> {
    try {
      return (await this.#link.call('jobs.get', { id })).job;
    } catch (error) {
      if (toAppError(error).code === 'not_found') return null;
      throw error;
    }
  }

  /** An id begins with the time it was made, and a job ends after that: only what ended since can match. */
  async #ended(word: string, prefix: string): Promise<JobView[]> {
    const madeAtMs = Number.parseInt(prefix.replaceAll('-', '').slice(0, 12).padEnd(12, '0'), 16);
    // An hour of slack, for clocks that were put back.
    const from = Number.isSafeInteger(madeAtMs) && madeAtMs < 8e15 ? Math.max(0, madeAtMs - 3_600_000) : 0;
    const found: JobView[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < SEARCHED_PAGES; page += 1) {
      const got: HistoryPage = await this.#link.call('history.page', {
        filter: { foreign: 'without', from },
        limit: PAGE,
        ...(cursor === null ? {} : { cursor }),
      });
      for (const row of got.rows) if (row.type === 'job' && row.job.id.startsWith(prefix)) found.push(row.job);
      ({ cursor } = got);
      if (cursor === null || found.length > 1) return found;
    }
    if (found.length === 0) throw usage(says.tooManyEnded(word));
    return found;
  }
}

const unlisted = (serverId: ServerId, remoteKey: string): ForeignJob => ({
  serverId,
  remoteKey,
  state: 'waiting',
  how: null,
  place: null,
  cancelling: false,
  firstSeen: 0,
  startedAt: null,
  endedAt: null,
});

function one(word: string, all: readonly Found[]): Found | null {
  if (all.length > 1)
    throw usage(
      says.manyJobs(
        word,
        all.slice(0, 8).map((found) => (found.type === 'job' ? shortId(found.job.id) : found.job.remoteKey)),
      ),
    );
  return all[0] ?? null;
}

/**
 * `/api/jobs` and `/api/jobs/{id}`: queue items and history entries in the shape of comfyui §3.7. Reads the queue,
 * changes nothing.
 */
import { isDict, PyError, pyTypeName } from './py.ts';
import type { Dict } from './py.ts';
import type { PromptQueue } from './queue.ts';
import type { ComfyVersion, HistoryEntry, QueueItem } from './types.ts';

export interface JobsAnswer {
  readonly status: number;
  readonly body: Dict;
}

/** Canonical, lower-case, hyphenated (comfyui §3.3, newer servers). */
export const canonicalUuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Throws PyError where a stranger's `extra_pnginfo` is not an object: the whole listing becomes a 500 (comfyui rec 21).
 */
function workflowId(item: QueueItem): unknown {
  const member = (holder: unknown, name: string): unknown => {
    if (!isDict(holder)) throw new PyError('AttributeError', `'${pyTypeName(holder)}' object has no attribute 'get'`);
    return holder[name];
  };
  const info = item[3]['extra_pnginfo'] === undefined && !('extra_pnginfo' in item[3]) ? {} : item[3]['extra_pnginfo'];
  const workflow = member(info, 'workflow');
  return member(workflow === undefined && isDict(info) && !('workflow' in info) ? {} : workflow, 'id');
}

const dropAbsent = (job: Dict): Dict =>
  Object.fromEntries(Object.entries(job).filter(([, value]) => value !== undefined && value !== null));

function queuedJob(item: QueueItem, status: 'pending' | 'in_progress'): Dict {
  return dropAbsent({
    id: item[1],
    status,
    priority: item[0],
    create_time: item[3]['create_time'],
    outputs_count: 0,
    workflow_id: workflowId(item),
  });
}

interface Outputs {
  count: number;
  preview: Dict | undefined;
}

/** Files only; text entries do not count. The preview prefers a saved file to a temporary one. */
function outputsOf(entry: HistoryEntry): Outputs {
  const found: Outputs = { count: 0, preview: undefined };
  let fallback: Dict | undefined;
  for (const [nodeId, ui] of Object.entries(entry.outputs)) {
    for (const [mediaType, values] of Object.entries(ui)) {
      if (mediaType === 'animated' || !Array.isArray(values)) continue;
      for (const value of values) {
        if (!isDict(value) || typeof value['filename'] !== 'string') continue;
        found.count += 1;
        const preview = { ...value, nodeId, mediaType };
        if (value['type'] === 'output') found.preview ??= preview;
        else fallback ??= preview;
      }
    }
  }
  found.preview ??= fallback;
  return found;
}

function endedJob(id: string, entry: HistoryEntry, version: ComfyVersion): Dict {
  const messages = new Map(entry.status.messages.map(([event, data]) => [event, data]));
  const last = entry.status.messages.at(-1);
  const interrupted = messages.has('execution_interrupted');
  const status =
    entry.status.status_str === 'success' ? 'completed' : interrupted && version === 'new' ? 'cancelled' : 'failed';
  const { count, preview } = outputsOf(entry);
  return dropAbsent({
    id,
    status,
    priority: entry.prompt[0],
    create_time: entry.prompt[3]['create_time'],
    execution_start_time: messages.get('execution_start')?.['timestamp'],
    execution_end_time: last?.[1]['timestamp'],
    execution_error: messages.get('execution_error'),
    outputs_count: count,
    preview_output: preview,
    workflow_id: workflowId(entry.prompt),
  });
}

export interface JobsSource {
  readonly queue: PromptQueue;
  readonly version: ComfyVersion;
}

export function jobById(source: JobsSource, id: string): JobsAnswer {
  const { queue, version } = source;
  for (const item of queue.running.values())
    if (item[1] === id) return { status: 200, body: queuedJob(item, 'in_progress') };
  for (const item of queue.pending) if (item[1] === id) return { status: 200, body: queuedJob(item, 'pending') };
  const entry = queue.history.get(id);
  if (!entry) return { status: 404, body: { error: 'Job not found' } };
  const job = endedJob(id, entry, version);
  return {
    status: 200,
    body: {
      ...job,
      outputs: entry.outputs,
      execution_status: entry.status,
      workflow: { prompt: entry.prompt[2], extra_data: entry.prompt[3] },
    },
  };
}

const refuse = (error: string): JobsAnswer => ({ status: 400, body: { error } });

export function jobsPage(source: JobsSource, query: URLSearchParams): JobsAnswer {
  const { queue, version } = source;
  const known = ['pending', 'in_progress', 'completed', 'failed', ...(version === 'new' ? ['cancelled'] : [])];
  const status = query.get('status') ?? '';
  const wanted = status
    .split(',')
    .map((s) => s.trim().toLowerCase())
    .filter((s) => s !== '');
  const wrong = wanted.filter((s) => !known.includes(s));
  if (wrong.length > 0)
    return refuse(`Invalid status value(s): ${wrong.join(', ')}. Valid values: ${known.join(', ')}`);
  const sortBy = query.get('sort_by') ?? 'created_at';
  if (sortBy !== 'created_at' && sortBy !== 'execution_duration')
    return refuse('sort_by must be one of: created_at, execution_duration');
  const sortOrder = query.get('sort_order') ?? 'desc';
  if (sortOrder !== 'asc' && sortOrder !== 'desc') return refuse("sort_order must be 'asc' or 'desc'");
  const whole = (name: string): number | null | undefined => {
    const text = query.get(name);
    return text === null ? null : /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
  };
  const limit = whole('limit');
  if (limit === undefined || (limit !== null && limit < 1))
    return refuse(limit === undefined ? 'limit must be an integer' : 'limit must be a positive integer');
  const givenOffset = whole('offset');
  if (givenOffset === undefined) return refuse('offset must be an integer');
  const offset = Math.max(0, givenOffset ?? 0);

  // An empty parameter means all, one that names nothing means none.
  const wants = (name: string): boolean => status === '' || wanted.includes(name);
  let jobs: Dict[] = [];
  // Groups nobody asked for are not even looked at: a bad entry in history does not spoil `status=pending`
  // (comfyui rec 21).
  if (wants('in_progress')) for (const item of queue.running.values()) jobs.push(queuedJob(item, 'in_progress'));
  if (wants('pending')) for (const item of queue.inRunOrder()) jobs.push(queuedJob(item, 'pending'));
  if (['completed', 'failed', 'cancelled'].some(wants)) {
    for (const [id, entry] of queue.history) {
      const job = endedJob(id, entry, version);
      if (wants(String(job['status']))) jobs.push(job);
    }
  }
  const workflow = query.get('workflow_id');
  if (workflow !== null && workflow !== '') jobs = jobs.filter((job) => job['workflow_id'] === workflow);
  const ids = version === 'new' ? query.get('ids')?.split(',') : undefined;
  if (ids) {
    if (ids.length > 100) return refuse('ids must hold at most 100 values');
    if (ids.some((id) => !canonicalUuid.test(id))) return refuse('ids must be canonical UUIDs');
    jobs = jobs.filter((job) => ids.includes(String(job['id'])));
  }
  const rank = (job: Dict): number =>
    sortBy === 'created_at'
      ? numeric(job['create_time'])
      : numeric(job['execution_end_time']) - numeric(job['execution_start_time']);
  const sign = sortOrder === 'desc' ? -1 : 1;
  jobs.sort((a, b) => sign * (rank(a) - rank(b)));
  const total = jobs.length;
  const page = limit === null ? jobs.slice(offset) : jobs.slice(offset, offset + limit);
  return {
    status: 200,
    body: { jobs: page, pagination: { offset, limit, total, has_more: offset + page.length < total } },
  };
}

const numeric = (value: unknown): number => (typeof value === 'number' ? value : 0);

/**
 * THE api: the only place where a call or an event is declared. Electron IPC, WebSocket, HTTP and CLI are transports of
 * it. Rules for changing it: README.md beside this file.
 */
import { z } from 'zod';
import {
  AskerSchema,
  CancelModeSchema,
  CancelPreviewSchema,
  CancelResultSchema,
  CancelScopeSchema,
  CancelSummarySchema,
  ForeignReceiptSchema,
  RunCancelSchema,
} from './cancel-schema.ts';
import { AppInfoSchema, LogEntrySchema } from './app.ts';
import { call, defineContract } from './contract-types.ts';
import type { ApiOf, EventsOf, HandlersOf } from './contract-types.ts';
import { HistoryFilterSchema, HistoryPageSchema } from './history.ts';
import { JobDetailSchema, JobStateSchema, JobViewSchema, SubmitJobsSchema } from './job.ts';
import { KindSchema } from './kinds/schema.ts';
import { JobLiveSchema } from './live.ts';
import { BatchViewSchema, QueueSummarySchema } from './queue.ts';
import {
  BatchIdSchema,
  CursorSchema,
  JobIdSchema,
  NoteSchema,
  OutputIdSchema,
  ServerIdSchema,
  TextSchema,
  TimeSchema,
} from './schema.ts';
import { CredentialSchema, ForeignViewSchema, ProbeReportSchema, ServerViewSchema } from './server.ts';
import { BackendViewSchema, CatalogueViewSchema, StopPowersSchema } from './server-manage.ts';
import { SettingsSchema } from './settings.ts';

const Nothing = z.strictObject({});
const Ids = z.strictObject({ ids: z.array(JobIdSchema).min(1).max(100_000) });
const One = z.strictObject({ id: JobIdSchema });
const ServerRef = z.strictObject({ id: ServerIdSchema });
const Jobs = z.object({ jobs: z.array(JobViewSchema) });
const Job = z.object({ job: JobViewSchema });
const ServerOne = z.object({ server: ServerViewSchema });
const Url = z.string().min(1).max(2_000);

export const contract = defineContract({
  calls: {
    'jobs.submit': call(
      'submit',
      SubmitJobsSchema,
      z.object({ jobs: z.array(JobViewSchema), batchId: BatchIdSchema.nullable() }),
    ),
    /** Open jobs in queue order (those on a server first), 200 a page. */
    'jobs.list': call(
      'see',
      z.strictObject({
        serverId: ServerIdSchema.optional(),
        batchId: BatchIdSchema.optional(),
        states: z.array(JobStateSchema).optional(),
        cursor: CursorSchema.optional(),
        limit: z.number().int().min(1).max(1_000).default(200),
      }),
      z.object({ jobs: z.array(JobViewSchema), cursor: CursorSchema.nullable() }),
    ),
    'jobs.get': call('see', One, JobDetailSchema),
    /** Answers when the job has ended; the caller may leave at any time. */
    'jobs.awaitEnd': call('see', One, Job),
    'jobs.move': call(
      'submit',
      z.strictObject({
        ids: z.array(JobIdSchema).min(1).max(10_000),
        to: z.union([
          z.literal('front'),
          z.literal('end'),
          z.strictObject({ before: JobIdSchema }),
          z.strictObject({ after: JobIdSchema }),
        ]),
      }),
      Jobs,
    ),
    'jobs.hold': call('submit', Ids, Jobs),
    'jobs.release': call('submit', Ids, Jobs),
    /** A new job in the old place for each that was cancelled before it ran; calling twice returns the same jobs. */
    'jobs.putBack': call('submit', Ids, Jobs),
    'jobs.runAgain': call(
      'submit',
      z.strictObject({ ids: z.array(JobIdSchema).min(1).max(10_000), seeds: z.enum(['same', 'new']).default('same') }),
      Jobs,
    ),
    /** Forgets ended jobs and their files. Open ones answer `conflict`. */
    'jobs.remove': call('manage', Ids, z.object({ removed: z.number().int() })),
    'jobs.setNote': call('submit', z.strictObject({ id: JobIdSchema, note: NoteSchema.nullable() }), Job),
    /** "Stop waiting for its files": ends a job whose server keeps its outputs from us. */
    'jobs.stopCollecting': call('submit', One, Job),
    'outputs.refetch': call('submit', One, Job),
    /** Shows a stored output in the system's file manager. */
    'outputs.reveal': call('manage', z.strictObject({ id: OutputIdSchema }), Nothing, { reach: 'this-machine' }),

    'cancel.preview': call(
      'see',
      z.strictObject({
        scope: CancelScopeSchema,
        mode: CancelModeSchema.default('stop'),
        after: z.boolean().optional(),
      }),
      CancelPreviewSchema,
    ),
    'cancel.run': call('cancel', RunCancelSchema, CancelResultSchema),

    'queue.summary': call('see', Nothing, QueueSummarySchema),
    'queue.pause': call('submit', z.strictObject({ serverId: ServerIdSchema.optional() }), QueueSummarySchema),
    'queue.resume': call('submit', z.strictObject({ serverId: ServerIdSchema.optional() }), QueueSummarySchema),
    'batches.list': call(
      'see',
      z.strictObject({ limit: z.number().int().min(1).max(200).default(50) }),
      z.object({ batches: z.array(BatchViewSchema) }),
    ),

    'history.page': call(
      'see',
      z.strictObject({
        filter: HistoryFilterSchema.default({ foreign: 'with' }),
        cursor: CursorSchema.optional(),
        limit: z.number().int().min(1).max(500).default(100),
      }),
      HistoryPageSchema,
    ),
    /** Every word must begin some word of title, prompt, note or error; newest first. Ours only: foreign work has no words. */
    'history.search': call(
      'see',
      z.strictObject({
        text: z.string().max(500),
        filter: HistoryFilterSchema.default({ foreign: 'without' }),
        cursor: CursorSchema.optional(),
        limit: z.number().int().min(1).max(500).default(100),
      }),
      HistoryPageSchema,
    ),
    /** How many ended in each hour (ms of its beginning), newest first: lets a list know its length and jump by date. */
    'history.outline': call(
      'see',
      Nothing,
      z.object({ hours: z.array(z.object({ hour: TimeSchema, jobs: z.number().int(), foreign: z.number().int() })) }),
    ),
    'history.export': call(
      'see',
      z.strictObject({
        format: z.enum(['csv', 'json']),
        filter: HistoryFilterSchema.default({ foreign: 'with' }),
        cursor: CursorSchema.optional(),
      }),
      z.object({ name: z.string(), chunk: z.string(), cursor: CursorSchema.nullable() }),
    ),

    'foreign.list': call(
      'see',
      z.strictObject({ serverId: ServerIdSchema.optional() }),
      z.object({ servers: z.array(ForeignViewSchema) }),
    ),
    /** Other people's work, one by one, by id. `allowed` says that a person was asked. */
    'foreign.cancel': call(
      'cancel',
      z.strictObject({
        serverId: ServerIdSchema,
        remoteKeys: z.array(z.string().min(1).max(200)).min(1).max(10_000),
        mode: CancelModeSchema.default('stop'),
        note: NoteSchema.optional(),
        by: AskerSchema.optional(),
        allowed: z.literal(true),
      }),
      z.object({ receipts: z.array(ForeignReceiptSchema), summary: CancelSummarySchema }),
    ),

    'servers.list': call('see', Nothing, z.object({ servers: z.array(ServerViewSchema) })),
    'servers.add': call(
      'manage',
      z.strictObject({
        kind: KindSchema.optional(),
        name: TextSchema.optional(),
        url: Url,
        maxInFlight: z.number().int().min(1).max(64).optional(),
      }),
      ServerOne,
    ),
    'servers.edit': call(
      'manage',
      z.strictObject({
        id: ServerIdSchema,
        name: TextSchema.optional(),
        url: Url.optional(),
        maxInFlight: z.number().int().min(1).max(64).optional(),
        enabled: z.boolean().optional(),
        allowUntargetedInterrupt: z.boolean().optional(),
        position: z.number().optional(),
      }),
      ServerOne,
    ),
    'servers.setCredential': call(
      'manage',
      z.strictObject({ id: ServerIdSchema, credential: CredentialSchema.nullable() }),
      ServerOne,
      { reach: 'this-machine' },
    ),
    /** The choices of architecture §9; `conflict` when it has open jobs and no choice is given. */
    'servers.remove': call(
      'manage',
      z.strictObject({
        id: ServerIdSchema,
        waiting: z.enum(['move', 'cancel']).optional(),
        onServer: z.enum(['cancel-and-wait', 'forget']).optional(),
      }),
      z.object({ removed: z.boolean(), waitingFor: z.array(JobIdSchema) }),
    ),
    'servers.probe': call(
      'manage',
      z.strictObject({ url: Url, kind: KindSchema.optional(), credential: CredentialSchema.optional() }),
      z.object({ probe: ProbeReportSchema }),
      { reach: 'this-machine' },
    ),
    'servers.discover': call('manage', Nothing, z.object({ found: z.array(ProbeReportSchema) }), {
      reach: 'this-machine',
    }),
    'servers.reconnect': call('submit', ServerRef, ServerOne),
    'servers.freeMemory': call('submit', ServerRef, ServerOne),

    /** Models and parameters of a server's own submit form; `conflict` where its kind has none. */
    'servers.catalogue': call(
      'see',
      z.strictObject({ id: ServerIdSchema, refresh: z.boolean().default(false) }),
      z.object({ catalogue: CatalogueViewSchema }),
    ),
    'servers.backends': call('see', ServerRef, z.object({ backends: z.array(BackendViewSchema) })),
    /** Waits until a slot of it is free, which takes as long as a job; leaving does not stop the restart. */
    'servers.restartBackend': call(
      'manage',
      z.strictObject({ id: ServerIdSchema, backend: z.number().int() }),
      z.object({ backends: z.array(BackendViewSchema) }),
    ),
    /** Makes a new backend with the settings of this one and removes this one: what runs there is lost. The cure for lost slots. */
    'servers.recreateBackend': call(
      'manage',
      z.strictObject({ id: ServerIdSchema, backend: z.number().int() }),
      z.object({ backends: z.array(BackendViewSchema), made: z.number().int() }),
    ),
    /** Whose work could be stopped as a whole, by name: for the dialog that says whose it is. */
    'foreign.powers': call('see', ServerRef, z.object({ powers: StopPowersSchema })),
    /** Everything of one user (`null`: of the user we are signed in as, ours included). `allowed` says that a person was asked. */
    'foreign.stopUser': call(
      'cancel',
      z.strictObject({ id: ServerIdSchema, user: z.string().min(1).max(200).nullable(), allowed: z.literal(true) }),
      Nothing,
    ),

    'settings.get': call('see', Nothing, z.object({ settings: SettingsSchema })),
    'settings.set': call(
      'manage',
      z.strictObject({ settings: SettingsSchema.partial() }),
      z.object({ settings: SettingsSchema }),
    ),
    'log.tail': call(
      'manage',
      z.strictObject({
        limit: z.number().int().min(1).max(2_000).default(500),
        level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      }),
      z.object({ entries: z.array(LogEntrySchema) }),
    ),
    'app.info': call('see', Nothing, AppInfoSchema),
  },
  events: {
    /** Durable truth, ordered by `rev`. */
    'job.changed': JobViewSchema,
    'job.removed': z.object({ id: JobIdSchema }),
    /** Phase, progress, preview version; lossy, at most 10 a second per job. */
    'job.live': JobLiveSchema,
    'foreign.changed': ForeignViewSchema,
    'queue.summary': QueueSummarySchema,
    'server.changed': ServerViewSchema,
    'server.removed': z.object({ id: ServerIdSchema }),
    'settings.changed': SettingsSchema,
  },
});

export type Contract = typeof contract;
export type CallName = keyof Contract['calls'];
export type Topic = keyof Contract['events'];
/** `api.cancel.run({scope: {jobs: [id]}}, {signal})` */
export type Api = ApiOf<Contract>;
export type Handlers = HandlersOf<Contract>;
export type Events = EventsOf<Contract>;

export const CALL_NAMES = Object.keys(contract.calls) as CallName[];
export const TOPICS = Object.keys(contract.events) as Topic[];

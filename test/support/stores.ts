/** A real database in a real file (or in memory) with the stores on it, and a few jobs to begin with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttemptStore } from '../../electron/core/db/attempt-store.ts';
import { BatchStore } from '../../electron/core/db/batch-store.ts';
import { CancelStore } from '../../electron/core/db/cancel-store.ts';
import { openDatabase } from '../../electron/core/db/database.ts';
import type { Database } from '../../electron/core/db/database.ts';
import { ForeignStore } from '../../electron/core/db/foreign-store.ts';
import { HistoryStore } from '../../electron/core/db/history-store.ts';
import { JobStore } from '../../electron/core/db/job-store.ts';
import type { NewJob } from '../../electron/core/db/job-store.ts';
import { JobViews } from '../../electron/core/db/job-views.ts';
import { OrderStore } from '../../electron/core/db/order-store.ts';
import { OutputStore } from '../../electron/core/db/output-store.ts';
import { ServerStore } from '../../electron/core/db/server-store.ts';
import { LogSink } from '../../electron/core/log.ts';
import { newAttemptId, newJobId, newServerId, uuidv4 } from '../../shared/ids.ts';
import type { AttemptId, JobId, PayloadId, ServerId } from '../../shared/ids.ts';

export const quietLog = new LogSink(null).log();
const INFO = JSON.stringify({
  source: null,
  width: null,
  height: null,
  seed: null,
  images: null,
  model: null,
  nodes: 1,
});
const PAYLOAD = 'p'.repeat(64) as PayloadId;

export interface Stores {
  db: Database;
  cancels: CancelStore;
  attempts: AttemptStore;
  batches: BatchStore;
  jobs: JobStore;
  views: JobViews;
  order: OrderStore;
  history: HistoryStore;
  servers: ServerStore;
  foreign: ForeignStore;
  serverId: ServerId;
  /** A queued job at the end. */
  add(more?: Partial<Omit<NewJob, 'id'>>): JobId;
  claim(id: JobId, key?: string): AttemptId;
  close(): void;
}

export function tempDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'switchyard-db-'));
  return {
    path,
    remove: () => {
      rmSync(path, { recursive: true, force: true });
    },
  };
}

export function openStores(file = ':memory:'): Stores {
  const db = openDatabase({ file, log: quietLog });
  const cancels = new CancelStore(db);
  const attempts = new AttemptStore(db);
  const jobs = new JobStore(db, cancels, attempts, new OutputStore(db));
  const order = new OrderStore(db);
  const servers = new ServerStore(db);
  let serverId = servers.all()[0]?.id;
  if (serverId === undefined) {
    serverId = newServerId();
    servers.insert({
      id: serverId,
      kind: 'comfy',
      name: 'Studio',
      url: 'http://127.0.0.1:1',
      credentialRef: null,
      clientId: uuidv4(),
      maxInFlight: 2,
    });
  }
  const on = serverId;
  return {
    db,
    cancels,
    attempts,
    batches: new BatchStore(db),
    jobs,
    order,
    servers,
    serverId: on,
    views: new JobViews(db, () => null),
    history: new HistoryStore(db),
    foreign: new ForeignStore(db),
    add: (more = {}) => {
      const id = newJobId();
      db.tx(() => {
        jobs.insert(
          [
            {
              id,
              batchId: null,
              batchIndex: null,
              kind: 'comfy',
              serverId: null,
              title: 'a job',
              info: INFO,
              prompt: more.title ?? '',
              payloadId: PAYLOAD,
              patch: null,
              note: null,
              position: order.atEnd(1).from,
              held: false,
              putBackOf: null,
              runAgainOf: null,
              ...more,
            },
          ],
          Date.now(),
          { id: PAYLOAD, body: JSON.stringify({ kind: 'comfy', graph: { 1: { class_type: 'A', inputs: {} } } }) },
        );
      });
      return id;
    },
    claim: (id, key = uuidv4()) => {
      const attemptId = newAttemptId();
      const answer = jobs.advance(
        id,
        { type: 'claim' },
        { claim: { attemptId, serverId: on, remoteKey: key, serverBoot: null } },
      );
      if (!answer.changed) throw new Error(`not claimed: ${answer.why}`);
      return attemptId;
    },
    close: () => {
      db.close();
    },
  };
}

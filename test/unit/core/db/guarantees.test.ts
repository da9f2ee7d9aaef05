/** What must never be is refused by the database itself, whatever our code does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newAttemptId, newRequestId, uuidv4 } from '../../../../shared/ids.ts';
import { openStores } from '../../../support/stores.ts';
import type { Stores } from '../../../support/stores.ts';

let s: Stores;
beforeEach(() => {
  s = openStores();
});
afterEach(() => {
  s.close();
});
const run = (sql: string, ...args: unknown[]): unknown => s.db.raw.prepare(sql).run(...args);
const ask = { mode: 'stop' as const, by: 'window' as const, note: null };

describe('the schema refuses', () => {
  it('a change of a final job', () => {
    const id = s.add();
    s.db.tx(() => s.jobs.cancelQueued([id], ask, Date.now()));
    expect(() => run("UPDATE jobs SET state = 'queued', ended_at = NULL, end_seq = NULL WHERE id = ?", id)).toThrow(
      /job is final/,
    );
    expect(() => run('UPDATE jobs SET error = ? WHERE id = ?', '{}', id)).toThrow(/job is final/);
    expect(() => run("UPDATE jobs SET state = 'done' WHERE id = ?", id)).toThrow(/job is final/);
  });

  it('a claim while a cancel is open', () => {
    const id = s.add();
    s.db.tx(() => s.cancels.ask(id, ask, Date.now()));
    expect(() => run("UPDATE jobs SET state = 'submitting' WHERE id = ?", id)).toThrow(/a cancel is open/);
  });

  it('an end that leaves a cancel or an attempt open', () => {
    const id = s.add();
    s.claim(id);
    expect(() => run("UPDATE jobs SET state = 'failed', ended_at = 1, end_seq = 1 WHERE id = ?", id)).toThrow(
      /settle the cancel/,
    );
  });

  it('an end that leaves a cancel open, though its attempt is closed', () => {
    const id = s.add();
    s.claim(id);
    s.db.tx(() => s.cancels.ask(id, ask, Date.now()));
    run("UPDATE attempts SET closed_at = 1, close_reason = 'stopped' WHERE job_id = ?", id);
    const end = "UPDATE jobs SET state = 'failed', ended_at = 1, end_seq = 1 WHERE id = ?";
    expect(() => run(end, id)).toThrow(/settle the cancel/);
    run("UPDATE cancel_requests SET outcome = 'unknown', settled_at = 1 WHERE job_id = ?", id);
    expect(() => run(end, id)).not.toThrow();
  });

  it('an end without its time or its place among the ends, and a time without an end', () => {
    const id = s.add();
    for (const end of ["state = 'done'", "state = 'done', ended_at = 1", 'ended_at = 1, end_seq = 1', 'end_seq = 1'])
      expect(() => run(`UPDATE jobs SET ${end} WHERE id = ?`, id)).toThrow(/CHECK/);
  });

  it('an attempt closed without a reason, a stored output without its file, foreign work that ended at no time', () => {
    const id = s.add();
    const attempt = s.claim(id);
    expect(() => run('UPDATE attempts SET closed_at = 1 WHERE id = ?', attempt)).toThrow(/CHECK/);
    const output =
      "INSERT INTO outputs (id, job_id, attempt_id, ordinal, remote_ref, name, media, state) VALUES ('o', ?, ?, 0, '', '', 'image', ?)";
    expect(() => run(output, id, attempt, 'stored')).toThrow(/CHECK/);
    expect(() => run(output, id, attempt, 'lost')).toThrow(/CHECK/);
    expect(() =>
      run(
        "INSERT INTO foreign_jobs (server_id, remote_key, state, first_seen, last_seen) VALUES (?, 'k', 'ended', 1, 1)",
        s.serverId,
      ),
    ).toThrow(/CHECK/);
  });

  it('a job, an attempt or an output of nothing: what is named must be there', () => {
    const id = s.add();
    const attempt = s.claim(id);
    expect(() => run("UPDATE jobs SET server_id = 'nobody' WHERE id = ?", id)).toThrow(/FOREIGN KEY/);
    expect(() => run("UPDATE attempts SET job_id = 'nobody' WHERE id = ?", attempt)).toThrow(/FOREIGN KEY/);
    expect(() => run('DELETE FROM payloads')).toThrow(/FOREIGN KEY/);
  });

  it('two open attempts of one job, or of one remote key', () => {
    const key = uuidv4();
    const a = s.add();
    const b = s.add();
    s.claim(a, key);
    expect(() => s.claim(b, key)).toThrow(/UNIQUE/);
    expect(() =>
      run(
        'INSERT INTO attempts (id, job_id, number, server_id, remote_key, intent_at) VALUES (?, ?, 2, ?, ?, 1)',
        newAttemptId(),
        a,
        s.serverId,
        uuidv4(),
      ),
    ).toThrow(/UNIQUE/);
  });

  it('two open cancels of one job', () => {
    const id = s.add();
    s.db.tx(() => s.cancels.ask(id, ask, Date.now()));
    expect(() => s.db.tx(() => s.cancels.ask(id, ask, Date.now()))).toThrow(/UNIQUE/);
  });

  it('an attempt or an open cancel on a final job', () => {
    const id = s.add();
    s.db.tx(() => s.jobs.cancelQueued([id], ask, Date.now()));
    expect(() =>
      run(
        'INSERT INTO attempts (id, job_id, number, server_id, remote_key, intent_at) VALUES (?, ?, 1, ?, ?, 1)',
        newAttemptId(),
        id,
        s.serverId,
        uuidv4(),
      ),
    ).toThrow(/job is final/);
    expect(() => s.db.tx(() => s.cancels.ask(id, ask, Date.now()))).toThrow(/job is final/);
  });

  it('a second outcome', () => {
    const id = s.add();
    const request = s.db.tx(() => s.jobs.cancelQueued([id], ask, Date.now()))[0]?.requestId;
    expect(() => run("UPDATE cancel_requests SET outcome = 'unknown' WHERE id = ?", request)).toThrow(/settled/);
  });

  it('an outcome without its time, and a time without an outcome', () => {
    const id = s.add();
    expect(() =>
      run(
        "INSERT INTO cancel_requests (id, job_id, mode, requested_at, requested_by, outcome) VALUES (?, ?, 'stop', 1, 'cli', 'cancelled')",
        newRequestId(),
        id,
      ),
    ).toThrow(/CHECK/);
  });

  it('the deletion of an open job', () => {
    const id = s.add();
    expect(() => run('DELETE FROM jobs WHERE id = ?', id)).toThrow(/job is open/);
  });

  it('a job in place of another', () => {
    const id = s.add();
    expect(() => run('INSERT OR REPLACE INTO jobs SELECT * FROM jobs WHERE id = ?', id)).toThrow(/job exists/);
  });

  it('a second put-back of the same job', () => {
    const a = s.add();
    const b = s.add();
    const c = s.add();
    run('UPDATE jobs SET put_back_of = ? WHERE id = ?', a, b);
    expect(() => run('UPDATE jobs SET put_back_of = ? WHERE id = ?', a, c)).toThrow(/UNIQUE/);
  });

  it('a state that is none', () => {
    const id = s.add();
    expect(() => run("UPDATE jobs SET state = 'canceled' WHERE id = ?", id)).toThrow(/CHECK/);
  });
});

describe('durability', () => {
  it('synchronous is FULL, and stays so after writes', () => {
    s.add();
    expect(s.db.raw.pragma('synchronous', { simple: true })).toBe(2);
    expect(s.db.raw.pragma('foreign_keys', { simple: true })).toBe(1);
  });
});

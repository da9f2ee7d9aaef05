/**
 * The open attempts on one SwarmUI server: sends each on a socket of its own, hears its stream, and gives its session
 * back when all is quiet. How they end is found out in endings.ts. Stops nothing.
 */
import { AppError, toAppError } from '../../../../shared/errors.ts';
import type { Log } from '../../log.ts';
import type { AdapterContext, AttemptRef, SendAttempt, SubmitResult } from '../adapter.ts';
import { Endings } from './endings.ts';
import type { EndingPorts } from './endings.ts';
import { readFrame } from './frames.ts';
import { isGone } from './http.ts';
import { refusal } from './outcome.ts';
import type { SessionPool } from './sessions.ts';
import { SwarmSocket } from './socket.ts';
import { StreamState } from './stream.ts';
import type { News } from './stream.ts';
import { askedImages, batchSizeOf, carriesMark, requestFor } from './submit.ts';
import { Track } from './track.ts';

/** A claimed request may still be refused in the same breath (a bad parameter): so long it is not called accepted. */
const SAME_BREATH_MS = 250;
/** No first message after this: whether the server took it is not known. */
const FIRST_WORD_MS = 30_000;
/** SwarmUI sends a pong every 30 s (swarmui §1.4). */
const DEAF_MS = 90_000;

const ACCEPTED: SubmitResult = { result: 'accepted', number: null, nodeErrors: null };

interface AttemptPorts extends Omit<EndingPorts, 'isCurrent' | 'settledDown'> {
  readonly context: AdapterContext;
  readonly pool: SessionPool;
}

export class Attempts {
  readonly #ports: AttemptPorts;
  readonly #log: Log;
  readonly #tracks = new Map<string, Track>();
  readonly endings: Endings;

  constructor(ports: AttemptPorts) {
    this.#ports = ports;
    this.#log = ports.context.log;
    this.endings = new Endings({
      ...ports,
      isCurrent: (track) => this.#tracks.get(track.key) === track,
      settledDown: (track) => {
        this.settledDown(track);
      },
    });
  }

  all(): Track[] {
    return [...this.#tracks.values()];
  }
  get(key: string): Track | undefined {
    return this.#tracks.get(key);
  }

  /** Sends once. Never throws for what a server or network does. */
  async submit(attempt: SendAttempt): Promise<SubmitResult> {
    const client = this.#ports.client();
    if (client === null)
      return {
        result: 'not-sent',
        error: new AppError('server_unreachable', 'the server is not connected', { details: { delivery: 'not-sent' } }),
      };
    const images = attempt.payload.kind === 'swarm' ? attempt.payload.images : 1;
    const track = new Track(
      attempt,
      new StreamState({ images, batchSize: batchSizeOf(attempt) }, performance.now()),
      carriesMark(attempt.payload),
    );
    track.asked = askedImages(attempt);
    track.boot = client.boot;
    this.#tracks.set(track.key, track);
    const answer = Promise.withResolvers<SubmitResult>();
    const socket = new SwarmSocket({
      baseUrl: this.#ports.context.server.url,
      headers: await client.auth.headers(),
      onMessage: (bytes) => {
        this.#hear(track, bytes, answer);
      },
      onClose: (error) => {
        this.#onClose(track, error, answer);
      },
    });
    track.socket = socket;
    try {
      await socket.open();
    } catch (error) {
      return this.#notOpened(track, toAppError(error));
    }
    try {
      await socket.send(requestFor(attempt, this.#ports.context.server.clientId));
    } catch (error) {
      answer.resolve({ result: 'unsure', error: toAppError(error) });
    }
    const timer = setTimeout(() => {
      answer.resolve({
        result: 'unsure',
        error: new AppError('server_timeout', 'the generation request got no first word', {
          details: { delivery: 'unsure' },
        }),
      });
    }, FIRST_WORD_MS);
    try {
      return await answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #notOpened(track: Track, error: AppError): SubmitResult {
    this.#tracks.delete(track.key);
    if (isGone(error) || error.code === 'server_auth') this.#ports.lost(error);
    if (error.code === 'server_protocol') return { result: 'rejected', error, elsewhere: true };
    return { result: 'not-sent', error };
  }

  #hear(track: Track, bytes: Buffer, answer: PromiseWithResolvers<SubmitResult>): void {
    const { stream } = track;
    if (stream === null || stream.ended) return;
    const accept = (): void => {
      answer.resolve(ACCEPTED);
    };
    const frame = readFrame(bytes);
    if (frame.type === 'unknown') this.#log.debug('a message of the stream is not known', { name: frame.name });
    for (const news of stream.apply(frame, performance.now())) {
      if (news.news === 'claimed') setTimeout(accept, SAME_BREATH_MS);
      else this.#tell(track, news, answer);
    }
    if (stream.dispatched) accept();
    track.wake.wake();
  }

  #tell(track: Track, news: News, answer: PromiseWithResolvers<SubmitResult>): void {
    const { sink } = this.#ports.context;
    switch (news.news) {
      case 'claimed':
        return;
      case 'refused':
        track.refused = true;
        if (news.id === 'invalid_session_id') {
          // Nothing was taken: the job is sent again, with another session.
          this.#ports.pool.forget(track.key);
          answer.resolve({
            result: 'not-sent',
            error: new AppError('server_auth', news.message, { details: { errorId: news.id, delivery: 'not-sent' } }),
          });
        } else answer.resolve({ result: 'rejected', ...refusal(news.message, news.id) });
        return;
      case 'started':
        answer.resolve(ACCEPTED);
        if (!track.holdStart) sink.fact(track.key, { type: 'started' });
        return;
      case 'live':
        sink.live(track.key, news.update);
        return;
      case 'ended':
        track.socket?.finish();
        this.endings.over(track);
    }
  }

  #onClose(track: Track, error: AppError, answer: PromiseWithResolvers<SubmitResult>): void {
    track.socket = null;
    const { stream } = track;
    if (stream === null || this.#tracks.get(track.key) !== track) return;
    if (!stream.ended && error.details?.['closeCode'] === 1000) {
      // A proper close without a last word is an end too (swarmui §3.2); before a first one it is a refusal.
      if (stream.phase === 'sent' && !track.refused) answer.resolve({ result: 'unsure', error });
      for (const news of stream.close()) this.#tell(track, news, answer);
      track.wake.wake();
    } else if (!stream.ended) {
      answer.resolve({ result: 'unsure', error });
      this.#log.info('a stream was lost; its session is asked from now on', {
        job: track.attempt.jobId,
        why: error.message,
      });
      track.doubt = 'its stream was lost';
      this.setAdrift(track);
    }
    this.settledDown(track);
  }

  setAdrift(track: Track): void {
    if (track.isOver()) return;
    track.adrift = true;
    track.wake.wake();
    this.endings.follow(track);
  }

  /** The track of an attempt that an earlier process or connection sent. */
  resume(attempt: AttemptRef): Track {
    const known = this.#tracks.get(attempt.remoteKey);
    if (known !== undefined) {
      if (attempt.startedAt !== null) known.attempt = attempt;
      if (attempt.stopSent === true) known.interrupted = true;
      if (known.adrift) this.endings.follow(known);
      return known;
    }
    const track = new Track(attempt, null, false);
    track.boot = attempt.serverBoot;
    track.interrupted = attempt.stopSent === true;
    this.#tracks.set(track.key, track);
    this.endings.follow(track);
    return track;
  }

  /** The core is done with this key. */
  release(key: string): void {
    const track = this.#tracks.get(key);
    if (track === undefined) {
      if (this.#ports.pool.holds(key)) this.#ports.pool.giveBack(key);
      return;
    }
    track.released = true;
    this.settledDown(track);
  }

  /** Its session goes back after stream end and the answer to every interrupt; in doubt it is kept apart. */
  settledDown(track: Track): void {
    if (!track.released || track.interruptsOpen > 0 || track.stopping > 0 || this.#tracks.get(track.key) !== track)
      return;
    const quiet = track.stream?.ended === true || track.isOver();
    if (!quiet && !track.adrift) return;
    this.#tracks.delete(track.key);
    if (!quiet) this.#ports.pool.quarantine(track.key, 'given back while it may still have work');
    else if (track.doubt !== null) this.#ports.pool.quarantine(track.key, track.doubt);
    else this.#ports.pool.giveBack(track.key);
  }

  /** Keys the core no longer knows: their sessions are kept apart, then used again. */
  sweep(): void {
    const { context, pool } = this.#ports;
    for (const key of pool.leases()) {
      if (context.isOurs(key)) continue;
      const track = this.#tracks.get(key);
      if (track?.stopping !== undefined && track.stopping > 0) continue;
      if (track !== undefined && !track.isOver() && !track.adrift) continue;
      if (track === undefined && this.#fresh.has(key)) continue;
      this.#tracks.delete(key);
      pool.quarantine(key, 'nobody gave it back');
    }
  }

  /** Leased, and its claim may not be committed yet. */
  readonly #fresh = new Set<string>();
  leased(key: string): void {
    this.#fresh.add(key);
    setTimeout(() => this.#fresh.delete(key), 60_000).unref();
  }

  /** The connection is gone: streams with it, or not; what is adrift is followed again on the next one. */
  detach(): void {
    for (const track of this.#tracks.values()) track.wake.wake();
  }

  /** Streams can't be joined again (S4): one that is deaf is given up, and its session asked instead. */
  dropDeaf(why: string): void {
    for (const { socket, attempt } of this.#tracks.values()) {
      if (socket === null || socket.silentMs < DEAF_MS) continue;
      this.#log.warn('a stream is deaf; its session is asked from now on', { job: attempt.jobId, why });
      socket.terminate();
    }
  }

  terminateAll(): void {
    for (const track of this.#tracks.values()) track.socket?.terminate();
  }
}

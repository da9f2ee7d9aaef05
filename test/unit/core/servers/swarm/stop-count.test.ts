/** Prompts counted against slots: what is told of one that carries no mark. */
import { describe, expect, test } from 'vitest';
import type { BackendPrompt } from '../../../../../electron/core/servers/swarm/passthrough.ts';
import { NO_COUNTERS } from '../../../../../electron/core/servers/swarm/schemas.ts';
import { CountProof, unexplained } from '../../../../../electron/core/servers/swarm/stop-count.ts';
import { StreamState } from '../../../../../electron/core/servers/swarm/stream.ts';
import { Track } from '../../../../../electron/core/servers/swarm/track.ts';
import { prompt, sent } from './samples.ts';

describe('prompts counted against slots (swarmui §4.4)', () => {
  const open = (marked: boolean, live: number): Track => {
    const made = new Track(sent({}), new StreamState({ images: 2, batchSize: 1 }, 0), marked);
    made.stream?.apply({ type: 'status', counters: { ...NO_COUNTERS, waiting_gens: live, live_gens: live } }, 0);
    return made;
  };
  const on = (promptId: string, attemptId: string | null = null): BackendPrompt =>
    prompt(promptId, 'running', attemptId);

  test('what is known of others is taken out on both sides', () => {
    const ended = open(false, 1);
    const marked = open(true, 1);
    expect(unexplained([on('x')], [ended, marked], ended, 1)).toEqual({ prompts: 1, live: 0 });
    expect(unexplained([on('x'), on('y', marked.attempt.attemptId)], [ended, marked], ended, 1)).toEqual({
      prompts: 1,
      live: 0,
    });
    expect(unexplained([on('y', 'of another installation')], [ended], ended, 1)).toEqual({ prompts: 0, live: 0 });
    // One of ours whose id was never heard either: the prompt may be its.
    expect(unexplained([on('x')], [ended, open(false, 1)], ended, 1)).toEqual({ prompts: 1, live: 1 });
  });

  test('proves only what stays: a hand-over hides an orphan for a moment', () => {
    const proof = new CountProof();
    expect(proof.proves({ prompts: 1, live: 1 }, 0)).toBe(false);
    expect(proof.proves({ prompts: 2, live: 1 }, 900)).toBe(false);
    expect(proof.proves({ prompts: 1, live: 1 }, 1_000)).toBe(false);
    expect(proof.proves({ prompts: 1, live: 1 }, 1_900)).toBe(false);
    expect(proof.proves({ prompts: 1, live: 1 }, 2_000)).toBe(true);
    const nothing = new CountProof();
    expect(nothing.proves({ prompts: 0, live: 0 }, 0)).toBe(false);
    expect(nothing.proves({ prompts: 0, live: 0 }, 300)).toBe(true);
  });

  test('a request of several images without a mark is known only when each of its prompts has begun', () => {
    const track = open(false, 2);
    const begin = (promptId: string, batch: string): void => {
      track.stream?.apply({ type: 'comfy-start', promptId }, 0);
      track.stream?.apply({ type: 'progress', batch, overall: 0, current: 0, preview: null, metadata: true }, 0);
    };
    expect(track.recognisable).toBe(false);
    begin('first', '0');
    expect(track.recognisable).toBe(false);
    begin('second', '1');
    expect(track.recognisable).toBe(true);
  });
});

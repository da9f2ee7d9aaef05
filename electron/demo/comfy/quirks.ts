/**
 * The server facts that can be switched, and how a real server has them. Every switch may be changed while the engine runs.
 */

/**
 * Real behaviours a test may switch off, and rare ones it may switch on. The facts are those of
 * docs/protocol-comfyui.md.
 */
export interface ComfyQuirks {
  /** C5. A targeted interrupt that lands between pick-up and start is answered 200 and lost. Real: always so. */
  lostInterruptAtPickup: boolean;
  /** C6. Milliseconds for which one targeted interrupt stalls the server, per waiting prompt (real: 0.4 to 0.7). 0 = no stall. */
  interruptStallMsPerWaiting: number;
  /** C13. `POST /prompt` answers only after the worker sent its `execution_start`, when the worker is free. */
  framesBeforeReply: boolean;
  /** C15. Every HTTP answer and every frame waits this long, as if the interpreter lock were held. 0 = no wait. */
  slowLoopMs: number;
  /** C3. `POST /queue {delete}` answers 200 but removes nothing (never seen for a waiting id; a test of "verify"). */
  deleteDoesNothing: boolean;
}

/** As observed on real servers. */
export const realQuirks: ComfyQuirks = {
  lostInterruptAtPickup: true,
  interruptStallMsPerWaiting: 0,
  framesBeforeReply: false,
  slowLoopMs: 0,
  deleteDoesNothing: false,
};

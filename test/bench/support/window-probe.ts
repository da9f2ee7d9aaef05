/**
 * What is measured inside the page: when answers arrive on its socket, what stands in History's list frame by frame, how
 * long frames and tasks take. `installProbe` is handed to the browser as it is, so it uses nothing outside itself.
 */

export interface Seen {
  /** Rows in sight, with content or as placeholders. */
  filled: number;
  empty: number;
  /** Part of the list's height that is covered by rows and headings. */
  covered: number;
}
export interface Jump {
  /** Ms from the press until the list stood at the new place, covered, and in the how many-th frame. */
  placeholdersMs: number;
  placeholdersFrame: number;
  /** Until every row in sight had its content and was painted. */
  rowsMs: number;
}
export interface Frames {
  /** Ms between frames. */
  gaps: number[];
  /** Tasks of the page longer than 50 ms. */
  longTasks: number[];
}
export interface Probe {
  /** First page of rows: from its arrival on the socket until it was painted; null while it was not. */
  firstPageMs: () => number | null;
  forgetFirstPage: () => void;
  /** Arms: the next submit of a form is the press. */
  jump: () => Promise<Jump>;
  startFrames: () => void;
  endFrames: () => Frames;
}

declare global {
  interface Window {
    probe: Probe;
  }
}

export function installProbe(): void {
  let arrivedAt: number | null = null;
  let paintedAfter: number | null = null;
  const list = (): Element | null => document.querySelector('[role="grid"]');
  /** After the frame that is being made has been shown. */
  const painted = (): Promise<number> =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          resolve(performance.now());
        };
        port2.postMessage(null);
      });
    });
  const look = (): Seen => {
    const grid = list();
    if (grid === null) return { filled: 0, empty: 0, covered: 0 };
    const { top, bottom } = grid.getBoundingClientRect();
    let filled = 0;
    let empty = 0;
    let height = 0;
    for (const row of grid.querySelectorAll('[role="row"]')) {
      const box = row.getBoundingClientRect();
      const inSight = Math.min(box.bottom, bottom) - Math.max(box.top, top);
      if (inSight <= 0) continue;
      height += inSight;
      if (row.getAttribute('aria-rowindex') === null) continue;
      if (row.querySelector('time') === null) empty += 1;
      else filled += 1;
    }
    return { filled, empty, covered: height / Math.max(1, Math.min(bottom - top, grid.scrollHeight)) };
  };
  const isFull = ({ filled, empty, covered }: Seen): boolean => filled > 0 && empty === 0 && covered > 0.95;

  // The list's own pages: others ask for rows too (how many failed today).
  const asked = new Set<string>();
  const Real = window.WebSocket;
  window.WebSocket = class extends Real {
    override send(data: string | BufferSource | Blob): void {
      if (typeof data === 'string' && data.includes('"history.page"') && data.includes('"foreign":"with"')) {
        const id = /"id":(\d+)/.exec(data)?.[1];
        if (id !== undefined) asked.add(id);
      }
      super.send(data);
    }

    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      this.addEventListener('message', (event) => {
        if (arrivedAt !== null || typeof event.data !== 'string') return;
        const id = /^\{"type":"ok","id":(\d+)/.exec(event.data)?.[1];
        if (id === undefined || !asked.has(id)) return;
        const at = performance.now();
        arrivedAt = at;
        const next = (): void => {
          if (arrivedAt !== at) return;
          if (isFull(look())) void painted().then((now) => (paintedAfter = now - at));
          else requestAnimationFrame(next);
        };
        // The frame after this task already has it, if the page is quick.
        queueMicrotask(() => setTimeout(next, 0));
      });
    }
  };

  let gaps: number[] = [];
  let longTasks: number[] = [];
  let watching = false;
  new PerformanceObserver((entries) => {
    if (watching) longTasks.push(...entries.getEntries().map((entry) => entry.duration));
  }).observe({ type: 'longtask' });

  window.probe = {
    firstPageMs: () => paintedAfter,
    forgetFirstPage: () => {
      arrivedAt = null;
      paintedAfter = null;
      asked.clear();
    },
    jump: () =>
      new Promise((resolve) => {
        document.addEventListener(
          'submit',
          () => {
            const pressedAt = performance.now();
            const before = list()?.scrollTop ?? 0;
            let frame = 0;
            let placeholders: { ms: number; frame: number } | null = null;
            const next = (): void => {
              frame += 1;
              const seen = look();
              if (placeholders === null && (list()?.scrollTop ?? 0) !== before && seen.covered > 0.95)
                placeholders = { ms: performance.now() - pressedAt, frame };
              if (placeholders !== null && isFull(seen)) {
                const { ms, frame: inFrame } = placeholders;
                void painted().then((now) => {
                  resolve({ placeholdersMs: ms, placeholdersFrame: inFrame, rowsMs: now - pressedAt });
                });
              } else requestAnimationFrame(next);
            };
            // What is there when the frame has been made, not before the scroll event of this very frame.
            const afterFrame = (): void => {
              requestAnimationFrame(() => {
                setTimeout(() => {
                  next();
                }, 0);
              });
            };
            afterFrame();
          },
          { once: true, capture: true },
        );
      }),
    startFrames: () => {
      gaps = [];
      longTasks = [];
      watching = true;
      let last = performance.now();
      const next = (now: number): void => {
        if (!watching) return;
        gaps.push(now - last);
        last = now;
        requestAnimationFrame(next);
      };
      requestAnimationFrame((now) => {
        last = now;
        requestAnimationFrame(next);
      });
    },
    endFrames: () => {
      watching = false;
      return { gaps, longTasks };
    },
  };
}
